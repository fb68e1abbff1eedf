import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import {
  contentsOf,
  type Descriptor,
  type ImageManifest,
  isAttestation,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseManifest,
} from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import { wasmPreference } from '../spec/platform.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer } from './contract.ts';
import { type ImageForm, imageFormOf, MAX_CONFIG_BYTES } from './image-form.ts';
import type { ImageTable, TagName } from './image-table.ts';

/** Under which names something becomes known. */
export interface Names {
  readonly tag?: TagName | undefined;
  /** What a registry calls it. */
  readonly repoDigest?: { readonly repository: string; readonly digest: Digest } | undefined;
}

/**
 * Makes images known whose content is in the store already: the one place where rows of images and
 * manifests come from. Each method is one step: all of it is on disk when it returns, or nothing.
 */
export class ImageRegistrar {
  readonly #content: ContentStore;
  readonly #table: ImageTable;
  readonly #clock: Clock;

  constructor(content: ContentStore, table: ImageTable, clock: Clock) {
    this.#content = content;
    this.#table = table;
    this.#clock = clock;
  }

  /** Errors: those of `parseManifest`; data-loss when it is not in the store. */
  readManifest(digest: Digest, mediaType?: string): Manifest {
    return parseManifest(this.#content.read(digest, MAX_MANIFEST_BYTES), mediaType);
  }

  /** Errors: those of `imageFormOf`; data-loss when the configuration is not in the store. */
  formOf(manifest: ImageManifest): ImageForm {
    const { digest, size } = manifest.config;
    if (size > MAX_CONFIG_BYTES) {
      throw new EngineError(
        'invalid-argument',
        `image configuration ${digest} is larger than ${MAX_CONFIG_BYTES} bytes`,
      );
    }
    return imageFormOf(manifest, this.#content.read(digest, MAX_CONFIG_BYTES));
  }

  /** Answers the image's id. */
  addImage(
    descriptor: Descriptor,
    manifest: ImageManifest,
    layers: readonly ImageLayer[],
    names: Names,
  ): Digest {
    const id = imageIdOf(descriptor, manifest);
    const nowNs = this.#clock.realtimeNs();
    this.#table.inTransaction(() => {
      this.#addManifest(descriptor, manifest, id, nowNs);
      this.#table.addImage(id, descriptor.digest, layers);
      this.#name(descriptor.digest, id, names, nowNs);
    });
    return id;
  }

  /** What is no image that could be run: an index, a signature, a chart. */
  addManifest(descriptor: Descriptor, manifest: Manifest, names: Names): void {
    const nowNs = this.#clock.realtimeNs();
    const id = manifest.kind === 'index' ? this.#imageOfIndex(manifest.manifests) : undefined;
    this.#table.inTransaction(() => {
      this.#addManifest(descriptor, manifest, id, nowNs);
      this.#name(descriptor.digest, id, names, nowNs);
    });
  }

  tag(id: Digest, manifestDigest: Digest, name: TagName): void {
    const nowNs = this.#clock.realtimeNs();
    this.#table.inTransaction(() => this.#name(manifestDigest, id, { tag: name }, nowNs));
  }

  /** Gives an image another manifest of the same configuration; its names go along. */
  replaceManifest(
    id: Digest,
    replaced: Digest,
    descriptor: Descriptor,
    manifest: ImageManifest,
    layers: readonly ImageLayer[],
  ): void {
    const nowNs = this.#clock.realtimeNs();
    this.#table.inTransaction(() => {
      this.#addManifest(descriptor, manifest, id, nowNs);
      this.#table.addImage(id, descriptor.digest, layers);
      for (const tag of this.#table.tagsOf(id)) {
        const target = this.#table.targetOf(tag.repository, tag.tag);
        if (target?.manifestDigest === replaced) this.#table.putTag(tag, descriptor.digest, id);
      }
    });
  }

  /** Notes under which digest a registry has an image. */
  addRepoDigest(id: Digest, repository: string, digest: Digest): void {
    this.#table.inTransaction(() => this.#table.putDigest(repository, digest, id));
  }

  #addManifest(
    { digest, mediaType, size }: Descriptor,
    manifest: Manifest,
    imageId: Digest | undefined,
    nowNs: bigint,
  ): void {
    const contents = contentsOf(manifest).map((content) => content.digest);
    const subject = manifest.subject?.digest;
    this.#table.addManifest(
      { descriptor: { digest, mediaType, size }, contents, imageId, subject },
      nowNs,
    );
  }

  #name(
    manifestDigest: Digest,
    id: Digest | undefined,
    { tag, repoDigest }: Names,
    nowNs: bigint,
  ): void {
    if (tag) {
      this.#table.putTag(tag, manifestDigest, id);
      if (id) this.#table.touchImage(id, nowNs);
    }
    if (repoDigest && id) this.#table.putDigest(repoDigest.repository, repoDigest.digest, id);
  }

  /** The image that an index stands for here: the first that WebAssembly would run. */
  #imageOfIndex(manifests: readonly Descriptor[]): Digest | undefined {
    let best: { readonly id: Digest; readonly rank: number } | undefined;
    for (const descriptor of manifests) {
      const id = this.#table.manifest(descriptor.digest)?.imageId;
      if (id === undefined || isAttestation(descriptor)) continue;
      const rank = wasmPreference(descriptor.platform ?? NO_PLATFORM) ?? Number.MAX_SAFE_INTEGER;
      if (best === undefined || rank < best.rank) best = { id, rank };
    }
    return best?.id;
  }
}

const NO_PLATFORM = { os: '', architecture: '' };

/**
 * An image's id is its configuration's digest. Artifacts have configurations that say nothing, and
 * that many share: theirs is the manifest's.
 */
function imageIdOf(descriptor: Descriptor, { config }: ImageManifest): Digest {
  const isImage =
    config.mediaType === MEDIA_TYPES.ociConfig || config.mediaType === MEDIA_TYPES.dockerConfig;
  return isImage ? config.digest : descriptor.digest;
}
