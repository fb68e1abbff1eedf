import type { IncomingMessage } from 'node:http';
import { type Descriptor, MAX_MANIFEST_BYTES, parseManifest } from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import { familiarName, longName, parseTagged, registryOf } from '../spec/reference.ts';
import { CONTENT_DIGEST_HEADER, type DistributionInspect, MANIFESTS_PATH } from '../wire/image.ts';
import type { Command } from './command.ts';
import { authHeaderFor } from './credentials/registry-auth.ts';
import type { EngineClient } from './engine-client.ts';

/** Each is a request to the registry of its own. */
const MAX_SHOWN_MANIFESTS = 256;

export const MANIFEST_INSPECT: Command = {
  name: 'manifest inspect',
  usage: '[OPTIONS] MANIFEST',
  summary: "Display an image manifest, or manifest list, of a registry's image",
  flags: [
    {
      name: 'insecure',
      kind: 'boolean',
      summary: 'Refused: the daemon is told which registries may be insecure',
    },
    {
      name: 'verbose',
      short: 'v',
      kind: 'boolean',
      summary: 'Output additional info including layers and platform',
    },
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [name = '']) => {
    const { repository } = parseTagged(name);
    if (flags.isOn('insecure') && !isLoopback(registryOf(repository))) {
      throw new Error(
        `--insecure is for the daemon to say: add ${registryOf(repository)} to "insecure-registries" of its configuration`,
      );
    }
    const reader = new ManifestReader(engine, await authHeaderFor(name, terminal));
    const shown = flags.isOn('verbose') ? await reader.describe(name) : await reader.read(name);
    terminal.stdout.write(`${JSON.stringify(shown, undefined, '\t')}\n`);
    return 0;
  },
};

interface FetchedDocument {
  readonly document: unknown;
  readonly bytes: Uint8Array;
  readonly descriptor: { mediaType: string; digest: string; size: number };
}

class ManifestReader {
  readonly #engine: EngineClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(engine: EngineClient, headers: Readonly<Record<string, string>>) {
    this.#engine = engine;
    this.#headers = headers;
  }

  /** The document as the registry has it. */
  async read(name: string): Promise<unknown> {
    return (await this.#fetch(name)).document;
  }

  /** With what it is and for whom; of a list, each of its manifests. */
  async describe(name: string): Promise<unknown> {
    const fetched = await this.#fetch(name);
    const { bytes, descriptor } = fetched;
    const manifest = parseManifest(bytes, descriptor.mediaType);
    if (manifest.kind === 'manifest') {
      const platform = await this.#platformOf(name);
      return described(longName(parseTagged(name)), { ...descriptor, ...platform }, fetched);
    }
    if (manifest.manifests.length > MAX_SHOWN_MANIFESTS) {
      throw new Error(
        `${name} has more than ${MAX_SHOWN_MANIFESTS} manifests: look at one of them`,
      );
    }
    const { repository, tag } = parseTagged(name);
    const shown: unknown[] = [];
    for (const one of manifest.manifests) {
      const { digest } = one;
      const part = await this.#fetch(familiarName({ repository, digest }));
      const reference = { repository, ...(tag === undefined ? {} : { tag }), digest };
      shown.push(described(longName(reference), one, part));
    }
    return shown;
  }

  async #fetch(name: string): Promise<FetchedDocument> {
    const headers = this.#headers;
    const response = await this.#engine.stream('GET', manifestPath(name), { headers });
    const bytes = await bodyOf(response);
    const descriptor = {
      mediaType: response.headers['content-type'] ?? '',
      digest: String(response.headers[CONTENT_DIGEST_HEADER.toLowerCase()] ?? ''),
      size: bytes.length,
    };
    return { document: JSON.parse(bytes.toString()), bytes, descriptor };
  }

  /** That of its configuration. */
  async #platformOf(name: string): Promise<object> {
    const { Platforms } = await this.#engine.call<DistributionInspect>(
      'GET',
      `/distribution/${encoded(name)}/json`,
      { headers: this.#headers },
    );
    const [platform] = Platforms;
    return platform ? { platform } : {};
  }
}

function described(
  reference: string,
  descriptor: Pick<Descriptor, 'mediaType'>,
  { bytes, document }: FetchedDocument,
): object {
  const isDockers = descriptor.mediaType === MEDIA_TYPES.dockerManifest;
  return {
    Ref: reference,
    Descriptor: descriptor,
    Raw: Buffer.from(bytes).toString('base64'),
    [isDockers ? 'SchemaV2Manifest' : 'OCIManifest']: document,
  };
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES) throw new Error('the manifest is too large to be one');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function manifestPath(name: string): string {
  return `${MANIFESTS_PATH}/${encoded(name)}`;
}

function encoded(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

function isLoopback(registry: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(registry);
}
