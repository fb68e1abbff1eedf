import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { EngineError } from '../base/engine-error.ts';
import type { Image } from '../image/contract.ts';

export interface ShippedImagesOptions {
  /** Takes in an archive of images. */
  readonly load: (
    archive: AsyncIterable<Uint8Array>,
  ) => Promise<readonly { readonly image: Image }[]>;
  /** Of all that can be built. */
  readonly names: readonly string[];
  readonly nodePath: string;
  /** The bundle of src/main/images.ts, which builds the images that come with wolffia. */
  readonly builderProgram: string;
  /** The builder's environment: it needs npm and the user's cache folder. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A builder that says more than this in one line is broken. */
const MAX_ERROR_OUTPUT = 16_384;

/**
 * The images that come with wolffia: built on the user's machine, out of npm packages and our own
 * sources, when first asked for.
 */
export class ShippedImages {
  readonly #options: ShippedImagesOptions;
  /** Builds under way by name: whoever asks for the same one waits for it. */
  readonly #builds = new Map<string, Promise<Image>>();

  constructor(options: ShippedImagesOptions) {
    this.#options = options;
  }

  get names(): readonly string[] {
    return this.#options.names;
  }

  /**
   * Builds and loads the image of that name (without registry or tag).
   *
   * # Errors
   * - not-found: no such image comes with wolffia
   * - unavailable: the build failed; the message tells why
   */
  async pull(name: string, progress: (status: string) => void): Promise<Image> {
    if (!this.names.includes(name)) throw new EngineError('not-found', `no image ${name}`);
    const running = this.#builds.get(name);
    if (running) {
      progress('Waiting for the same build, which is under way already');
      return running;
    }
    const build = this.#build(name, progress).finally(() => this.#builds.delete(name));
    this.#builds.set(name, build);
    return build;
  }

  async #build(name: string, progress: (status: string) => void): Promise<Image> {
    const path = await this.#runBuilder(name, progress);
    progress('Loading');
    const [loaded] = await this.#options.load(createReadStream(path));
    if (loaded) return loaded.image;
    throw new EngineError('data-loss', `${path} has no image`);
  }

  /** Answers the path of the image's archive. */
  #runBuilder(name: string, progress: (status: string) => void): Promise<string> {
    const { nodePath, builderProgram, environment } = this.#options;
    return new Promise((resolve, reject) => {
      const child = spawn(nodePath, [builderProgram, name], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment },
      });
      let path: string | undefined;
      let errorOutput = '';
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = parseBuilderLine(line);
        if (message && 'archive' in message) path = message.archive;
        else if (message) progress(message.status);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        errorOutput = (errorOutput + chunk.toString()).slice(-MAX_ERROR_OUTPUT);
      });
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0 && path !== undefined) resolve(path);
        else {
          const reason = errorOutput.trim();
          reject(new EngineError('unavailable', `cannot build image ${name}: ${reason}`));
        }
      });
    });
  }
}

function parseBuilderLine(line: string): { status: string } | { archive: string } | undefined {
  // What libraries of the builder print between its messages is nothing to us.
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if ('archive' in value && typeof value.archive === 'string') return { archive: value.archive };
  if ('status' in value && typeof value.status === 'string') return { status: value.status };
  return undefined;
}
