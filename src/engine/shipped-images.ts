import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { EngineError } from '../base/engine-error.ts';
import type { Image, ImageStore } from '../image/contract.ts';

export interface ShippedImagesOptions {
  readonly images: ImageStore;
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
   * Builds and imports the image of that name (without registry or tag).
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
    const built = await this.#runBuilder(name, progress);
    progress('Importing');
    return this.#options.images.import(createReadStream(built.tar), {
      reference: name,
      changes: built.changes,
      comment: 'built by wolffia',
    });
  }

  #runBuilder(
    name: string,
    progress: (status: string) => void,
  ): Promise<{ tar: string; changes: readonly string[] }> {
    const { nodePath, builderProgram, environment } = this.#options;
    return new Promise((resolve, reject) => {
      const child = spawn(nodePath, [builderProgram, name], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment },
      });
      let result: { tar: string; changes: readonly string[] } | undefined;
      let errorOutput = '';
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = parseBuilderLine(line);
        if (message && 'tar' in message) result = message;
        else if (message) progress(message.status);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        errorOutput = (errorOutput + chunk.toString()).slice(-MAX_ERROR_OUTPUT);
      });
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0 && result) resolve(result);
        else {
          const reason = errorOutput.trim();
          reject(new EngineError('unavailable', `cannot build image ${name}: ${reason}`));
        }
      });
    });
  }
}

function parseBuilderLine(
  line: string,
): { status: string } | { tar: string; changes: readonly string[] } | undefined {
  // What libraries of the builder print between its messages is nothing to us.
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (
    'tar' in value &&
    typeof value.tar === 'string' &&
    'changes' in value &&
    Array.isArray(value.changes)
  ) {
    return { tar: value.tar, changes: value.changes.map(String) };
  }
  if ('status' in value && typeof value.status === 'string') return { status: value.status };
  return undefined;
}
