import { EngineError } from '../../src/base/engine-error.ts';
import type {
  Image,
  ImageStore,
  ImportOptions,
  RemovedImage,
  StoreFinding,
  StoreUsage,
} from '../../src/image/contract.ts';
import type {
  ImageForm,
  ImageTransfers,
  LoadedImage,
  PulledImage,
  PullOptions,
  PushOptions,
  RemoteManifest,
  SaveOptions,
} from '../../src/image/transfer-contract.ts';
import type { FoundRepository, RegistryAccess } from '../../src/registry/contract.ts';
import type { Digest } from '../../src/spec/digest.ts';
import { familiarName, parseTagged } from '../../src/spec/reference.ts';

/** `sha256:` and one digit all over. */
export function digestOf(digit: string): Digest {
  return `sha256:${digit.repeat(64)}` as Digest;
}

const SECOND_NS = 1_000_000_000n;

/** An image of one layer, made of a digit: equal digits are equal images. */
export function fakeImage(digit: string, more: Partial<Image> = {}): Image {
  return {
    id: digestOf(digit),
    manifest: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(String.fromCharCode(digit.charCodeAt(0) + 1)),
      size: 500,
    },
    repoTags: [],
    repoDigests: [],
    createdNs: 1_700_000_000n * SECOND_NS,
    sizeBytes: 3_400_000,
    platform: { os: 'wasi', architecture: 'wasm' },
    author: '',
    comment: '',
    layers: [
      {
        descriptor: {
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          digest: digestOf('e'),
          size: 1_200_000,
        },
        diffId: digestOf('d'),
        sizeBytes: 3_400_000,
      },
    ],
    config: { Cmd: ['/program'] },
    history: [],
    lastTaggedNs: 0n,
    ...more,
  };
}

/** Images in memory, by whole names and ids. */
export class FakeImageStore implements ImageStore {
  images: Image[];
  sharedSizeBytes = 400_000;
  readonly findings: StoreFinding[] = [];
  /** What nothing needs. */
  leftoverBytes = 0;
  imported = '';
  importOptions: ImportOptions | undefined;

  constructor(images: readonly Image[]) {
    this.images = [...images];
  }

  list(): readonly Image[] {
    return this.images;
  }

  get(reference: string): Image {
    const digits = reference.replace('sha256:', '');
    const found = this.images.find(
      ({ id, repoTags }) =>
        repoTags.includes(reference) ||
        repoTags.includes(`${reference}:latest`) ||
        id.startsWith(`sha256:${digits}`),
    );
    if (found) return found;
    throw new EngineError('not-found', `No such image: ${familiarName(parseTagged(reference))}`);
  }

  async import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Image> {
    const { reference } = options;
    this.importOptions = options;
    for await (const chunk of archive) this.imported += Buffer.from(chunk).toString('latin1');
    const image = fakeImage('c', {
      repoTags: reference ? [familiarName(parseTagged(reference))] : [],
    });
    this.images.push(image);
    return image;
  }

  remove(reference: string, _options: { readonly force: boolean }): RemovedImage {
    const image = this.get(reference);
    this.images = this.images.filter((one) => one !== image);
    return { untagged: image.repoTags, deleted: [image.id], reclaimedBytes: image.sizeBytes };
  }

  tag(reference: string, target: string): void {
    const image = this.get(reference);
    const repoTags = [...image.repoTags, familiarName(parseTagged(target))];
    this.images = this.images.map((one) => (one === image ? { ...image, repoTags } : one));
  }

  rootfsLayers(): readonly never[] {
    return [];
  }

  usage(): StoreUsage {
    const layersSizeBytes = this.images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return {
      layersSizeBytes,
      totalSizeBytes: layersSizeBytes + this.leftoverBytes,
      unusedSizeBytes: this.leftoverBytes,
      images: new Map(
        this.images.map(({ id, sizeBytes }) => [
          id,
          {
            sharedSizeBytes: this.sharedSizeBytes,
            uniqueSizeBytes: sizeBytes - this.sharedSizeBytes,
          },
        ]),
      ),
    };
  }

  sweep(): number {
    const size = this.leftoverBytes;
    this.leftoverBytes = 0;
    return size;
  }

  async *check(looksAt: (digest: Digest, sizeBytes: number) => void): AsyncGenerator<StoreFinding> {
    for (const { id, sizeBytes } of this.images) looksAt(id, sizeBytes);
    yield* this.findings;
  }
}

/** Transfers that do what a test says, and keep what they were asked. */
export class FakeTransfers implements ImageTransfers {
  /** `pull x`, `push y` … in order. */
  readonly calls: string[] = [];
  lastAccess: RegistryAccess | undefined;
  pulled: PulledImage | undefined;
  /** Runs while a pull or push is under way. */
  during: (options: PullOptions | PushOptions) => Promise<void> | void = () => {};
  tags: readonly string[] = [];
  found: readonly FoundRepository[] = [];
  identityToken: string | undefined;
  remote: RemoteManifest | undefined;
  archive: readonly string[] = [];
  loaded: readonly LoadedImage[] = [];
  received = '';
  failure: EngineError | undefined;

  async pull(reference: string, options: PullOptions): Promise<PulledImage> {
    const { platform } = options;
    this.#note(
      `pull ${reference}${platform === undefined ? '' : ` for ${platform}`}`,
      options.access,
    );
    await this.during(options);
    if (this.failure) throw this.failure;
    if (!this.pulled) throw new Error('no image to be pulled');
    return this.pulled;
  }

  async push(
    reference: string,
    options: PushOptions,
  ): Promise<{ digest: Digest; sizeBytes: number }> {
    this.#note(`push ${reference}`, options.access);
    await this.during(options);
    if (this.failure) throw this.failure;
    return { digest: digestOf('b'), sizeBytes: 500 };
  }

  async listTags(
    repository: string,
    limit: number,
    access: RegistryAccess,
  ): Promise<readonly string[]> {
    this.#note(`tags ${repository}`, access);
    return this.tags.slice(0, limit);
  }

  async search(
    term: string,
    limit: number,
    access: RegistryAccess,
  ): Promise<readonly FoundRepository[]> {
    this.#note(`search ${term} ${limit}`, access);
    return this.found;
  }

  async logIn(registry: string, access: RegistryAccess): Promise<{ identityToken?: string }> {
    this.#note(`login ${registry}`, access);
    if (this.failure) throw this.failure;
    return this.identityToken === undefined ? {} : { identityToken: this.identityToken };
  }

  async inspectRemote(reference: string, access: RegistryAccess): Promise<RemoteManifest> {
    this.#note(`inspect ${reference}`, access);
    if (this.failure) throw this.failure;
    if (!this.remote) throw new Error('no manifest to be inspected');
    return this.remote;
  }

  async *save(
    references: readonly string[],
    { platform }: SaveOptions,
  ): AsyncGenerator<Uint8Array> {
    this.calls.push(
      `save ${references.join(' ')}${platform === undefined ? '' : ` for ${platform}`}`,
    );
    if (this.failure) throw this.failure;
    for (const part of this.archive) yield Buffer.from(part);
  }

  async load(
    archive: AsyncIterable<Uint8Array>,
    tell: PullOptions['tell'],
  ): Promise<readonly LoadedImage[]> {
    for await (const chunk of archive) this.received += Buffer.from(chunk).toString('latin1');
    this.calls.push('load');
    tell({ id: '111111111111', status: 'Loading layer', current: 10, total: 10 });
    if (this.failure) throw this.failure;
    return this.loaded;
  }

  async convert(reference: string, target: string, form: ImageForm): Promise<Image> {
    this.calls.push(`convert ${reference} to ${target} as ${form}`);
    return fakeImage('7');
  }

  #note(call: string, access: RegistryAccess): void {
    this.calls.push(call);
    this.lastAccess = access;
  }
}
