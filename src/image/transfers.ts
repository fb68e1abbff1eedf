import { EngineError } from '../base/engine-error.ts';
import type { FoundRepository, Registry, RegistryAccess } from '../registry/contract.ts';
import type { Digest } from '../spec/digest.ts';
import {
  type ImageManifest,
  isAttestation,
  type Manifest,
  parseManifest,
} from '../spec/manifest.ts';
import { isWasmPlatform, type Platform, parsePlatform } from '../spec/platform.ts';
import {
  DEFAULT_REGISTRY,
  DEFAULT_TAG,
  familiarRepository,
  parseReference,
  parseTagged,
  type Reference,
} from '../spec/reference.ts';
import { compressImage, isCompressible } from './compress.ts';
import type { Image, TellProgress } from './contract.ts';
import { convertImage } from './convert.ts';
import { imageFactsOf, imageFormOf, MAX_CONFIG_BYTES } from './image-form.ts';
import type { ImageService } from './image-service.ts';
import type { TagName } from './image-table.ts';
import { LayerFetcher } from './layer-fetcher.ts';
import { loadImages } from './load.ts';
import { pullFromRegistry } from './pull.ts';
import { pushToRegistry } from './push.ts';
import { saveImages } from './save.ts';
import type {
  ImageForm,
  ImageTransfers,
  LoadedImage,
  PulledImage,
  PullOptions,
  PushOptions,
  RemoteManifest,
  SaveOptions,
} from './transfer-contract.ts';

/** The images that come with Wolffia. */
export interface Catalog {
  /** Without registry or tag. */
  readonly names: readonly string[];

  /** Brings one of them into the store, under its name. */
  pull(name: string, progress: (status: string) => void): Promise<Image>;
}

export interface TransfersOptions {
  readonly images: ImageService;
  readonly registry: Registry;
  readonly catalog: Catalog;
}

/** The transfers of one store: with registries, with archives, and out of the catalog. */
export class Transfers implements ImageTransfers {
  readonly #images: ImageService;
  readonly #registry: Registry;
  readonly #catalog: Catalog;
  readonly #fetcher: LayerFetcher;

  constructor({ images, registry, catalog }: TransfersOptions) {
    this.#images = images;
    this.#registry = registry;
    this.#catalog = catalog;
    this.#fetcher = new LayerFetcher(registry, images.content, images.layers);
  }

  async pull(text: string, options: PullOptions): Promise<PulledImage> {
    const reference = parseTagged(text);
    const platform = platformOf(options.platform);
    const before = this.#digestOf(reference);
    const name = this.#catalogName(text, reference, platform);
    if (name !== undefined) {
      options.tell({ id: DEFAULT_TAG, status: `Pulling from the images of wolffia: ${name}` });
      const image = await this.#catalog.pull(name, (status) => options.tell({ status }));
      const { digest } = image.manifest;
      return { image, origin: 'catalog', isNew: digest !== before, digest };
    }
    const { id, digest } = await this.#pull(reference, platform, options);
    const image = this.#images.get(id);
    return { image, origin: 'registry', isNew: this.#digestOf(reference) !== before, digest };
  }

  async listTags(text: string, limit: number, access: RegistryAccess): Promise<readonly string[]> {
    const { repository } = parseReference(text);
    return this.#registry.listTags(repository, limit, access);
  }

  async push(
    text: string,
    { access, tell }: PushOptions,
  ): Promise<{ readonly digest: Digest; readonly sizeBytes: number }> {
    const { repository, tag, digest } = parseTagged(text);
    if (digest !== undefined || tag === undefined) {
      throw new EngineError('invalid-argument', 'cannot push a digest reference');
    }
    const name = { repository, tag };
    using lease = this.#images.leases.take();
    await this.#compress(name, lease, tell);
    const manifestDigest = this.#digestOf(name);
    if (!manifestDigest) throw notHere(name);
    const parts = { ...this.#parts, registry: this.#registry };
    const { size } = await pushToRegistry(parts, manifestDigest, { name, lease, access, tell });
    const id = this.#images.table.targetOf(repository, tag)?.imageId;
    if (id) this.#images.registrar.addRepoDigest(id, repository, manifestDigest);
    return { digest: manifestDigest, sizeBytes: size };
  }

  async search(
    term: string,
    limit: number,
    access: RegistryAccess,
  ): Promise<readonly FoundRepository[]> {
    const slash = term.indexOf('/');
    const host = term.slice(0, Math.max(slash, 0));
    const namesRegistry = /[.:]/.test(host) || host === 'localhost';
    const registry = namesRegistry ? host : DEFAULT_REGISTRY;
    return this.#registry.search(
      registry,
      namesRegistry ? term.slice(slash + 1) : term,
      limit,
      access,
    );
  }

  logIn(registry: string, access: RegistryAccess): Promise<{ readonly identityToken?: string }> {
    return this.#registry.logIn(registry, access);
  }

  async inspectRemote(text: string, access: RegistryAccess): Promise<RemoteManifest> {
    const reference = parseTagged(text);
    const { repository, tag, digest } = reference;
    const { bytes, mediaType, ...fetched } = await this.#registry.fetchManifest(
      repository,
      digest ?? tag ?? DEFAULT_TAG,
      access,
    );
    const manifest = parseManifest(bytes, mediaType);
    const descriptor = {
      mediaType: manifest.mediaType,
      digest: fetched.digest,
      size: bytes.length,
    };
    return { descriptor, bytes, platforms: await this.#platformsOf(manifest, reference, access) };
  }

  save(references: readonly string[], options: SaveOptions): AsyncIterable<Uint8Array> {
    const platform = platformOf(options.platform);
    return saveImages(this.#images, references, { ...options, platform });
  }

  load(archive: AsyncIterable<Uint8Array>, tell: TellProgress): Promise<readonly LoadedImage[]> {
    return loadImages(this.#images, archive, tell);
  }

  convert(reference: string, target: string, form: ImageForm): Promise<Image> {
    return convertImage(this.#images, reference, target, form);
  }

  get #parts() {
    const { content, layers, table, leases, registrar } = this.#images;
    return { content, layers, table, leases, registrar };
  }

  /** A short name is the catalog's first; with `docker.io/` written out it is the registry's. */
  #catalogName(
    text: string,
    { repository, tag, digest }: Reference,
    platform: Platform | undefined,
  ): string | undefined {
    const name = familiarRepository(repository);
    if (text.includes('/') || digest !== undefined || tag !== DEFAULT_TAG) return undefined;
    if (platform && !isWasmPlatform(platform)) return undefined;
    return this.#catalog.names.includes(name) ? name : undefined;
  }

  async #pull(
    reference: Reference,
    platform: Platform | undefined,
    { access, tell }: PullOptions,
  ): Promise<{ readonly id: Digest; readonly digest: Digest }> {
    const parts = { ...this.#parts, registry: this.#registry, fetcher: this.#fetcher };
    try {
      return await pullFromRegistry(parts, { reference, platform, access, tell });
    } catch (thrown) {
      throw this.#withCatalog(thrown, reference);
    }
  }

  /** Who has mistyped `pyton`, or has no network, is told what needs neither. */
  #withCatalog(thrown: unknown, { repository }: Reference): unknown {
    const isShort = !familiarRepository(repository).includes('/');
    if (!(thrown instanceof EngineError) || !isShort || !MAY_BE_MISTYPED.has(thrown.kind)) {
      return thrown;
    }
    const names = this.#catalog.names.join(', ');
    return new EngineError(
      thrown.kind,
      `${thrown.message}; without a registry there are wolffia's own images: ${names}`,
    );
  }

  /** Which manifest a name points to. */
  #digestOf({ repository, tag, digest }: Reference): Digest | undefined {
    const { table } = this.#images;
    if (digest !== undefined) return table.imageOfDigest(repository, digest) && digest;
    return table.targetOf(repository, tag ?? DEFAULT_TAG)?.manifestDigest;
  }

  async #compress(
    { repository, tag }: TagName,
    lease: ReturnType<ImageService['leases']['take']>,
    tell: TellProgress,
  ): Promise<void> {
    const id = this.#images.table.targetOf(repository, tag)?.imageId;
    if (!id) return;
    const image = this.#images.get(id);
    if (!isCompressible(image)) return;
    await compressImage(this.#parts, image, lease, tell);
    this.#images.collect([image.manifest.digest]);
  }

  async #platformsOf(
    manifest: Manifest,
    { repository }: Reference,
    access: RegistryAccess,
  ): Promise<readonly Platform[]> {
    if (manifest.kind === 'index') {
      return manifest.manifests
        .filter((descriptor) => !isAttestation(descriptor))
        .flatMap(({ platform }) => platform ?? []);
    }
    const { config } = manifest;
    if (config.size > MAX_CONFIG_BYTES) return [];
    const chunks: Uint8Array[] = [];
    const options = { ...access, offset: 0 };
    for await (const chunk of this.#registry.fetchBlob(repository, config, options)) {
      chunks.push(chunk);
    }
    return platformsIn(manifest, Buffer.concat(chunks));
  }
}

/** Failures that a name which nobody has brings about, too. */
const MAY_BE_MISTYPED: ReadonlySet<string> = new Set([
  'not-found',
  'unauthenticated',
  'permission-denied',
  'unavailable',
]);

function platformOf(text: string | undefined): Platform | undefined {
  if (text === undefined || text === '') return undefined;
  const platform = parsePlatform(text);
  if (platform) return platform;
  throw new EngineError(
    'invalid-argument',
    `"${text}" is an invalid platform: it is os/architecture[/variant], as wasi/wasm`,
  );
}

function notHere(name: TagName): EngineError {
  return new EngineError(
    'not-found',
    `An image does not exist locally with the tag: ${familiarRepository(name.repository)}`,
  );
}

/** Nothing for what is no image: a chart, a signature. */
function platformsIn(manifest: ImageManifest, configBytes: Uint8Array): readonly Platform[] {
  try {
    return [imageFactsOf(imageFormOf(manifest, configBytes), []).platform];
  } catch (thrown) {
    if (thrown instanceof EngineError) return [];
    throw thrown;
  }
}
