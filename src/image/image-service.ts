import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, hexOf } from '../spec/digest.ts';
import type { LayerSource } from '../spec/mount.ts';
import {
  DEFAULT_TAG,
  familiarName,
  familiarRepository,
  parseReference,
  parseTagged,
} from '../spec/reference.ts';
import { adoptOlderImages } from './adopt-older-images.ts';
import { ContentStore } from './content-store.ts';
import type {
  Image,
  ImageStore,
  ImageUsage,
  ImportOptions,
  RemovedImage,
  StoreFinding,
  StoreUsage,
} from './contract.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { type ImageFacts, imageFactsOf } from './image-form.ts';
import { ImageImporter } from './image-importer.ts';
import { ImageRegistrar } from './image-registrar.ts';
import { ImageTable, type StoredImage, type TagName } from './image-table.ts';
import { LayerStore } from './layer-store.ts';
import { Leases } from './leases.ts';
import { checkStore } from './store-check.ts';

export interface ImageServiceOptions {
  readonly dataRoot: string;
  /** With the tables of the engine's schema. */
  readonly database: DatabaseSync;
  readonly clock: Clock;
}

/**
 * How long content that no image needs outlives a restart: the pull that it was for is perhaps
 * tried again.
 */
const LEFTOVER_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** The images of one data root, of which this is the only writer. */
export class ImageService implements ImageStore {
  /** What the transfers work with, too: they bring content in and out. */
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly table: ImageTable;
  readonly leases = new Leases();
  readonly registrar: ImageRegistrar;
  readonly #garbage: GarbageCollector;
  readonly #importer: ImageImporter;
  /** Manifests and configurations do not change under their digest. */
  readonly #facts = new Map<Digest, { readonly manifest: Digest; readonly facts: ImageFacts }>();

  private constructor({ dataRoot, database, clock }: ImageServiceOptions) {
    this.content = new ContentStore(join(dataRoot, 'content'));
    this.layers = new LayerStore(join(dataRoot, 'layers'), this.content);
    this.table = new ImageTable(database);
    this.registrar = new ImageRegistrar(this.content, this.table, clock);
    this.#garbage = new GarbageCollector(this);
    this.#importer = new ImageImporter({ ...this.#parts, garbage: this.#garbage, clock });
  }

  /** Removes what a crash has left, and what was left over for too long. */
  static async open(options: ImageServiceOptions): Promise<ImageService> {
    const service = new ImageService(options);
    adoptOlderImages({ ...service.#parts, ...options });
    const nowMs = Number(options.clock.realtimeNs() / 1_000_000n);
    service.#garbage.sweep(nowMs - LEFTOVER_LIFETIME_MS);
    await service.layers.reconcile(service.table.images().flatMap(({ layers }) => layers));
    return service;
  }

  list(): readonly Image[] {
    const images = this.table.images().map((stored) => this.#image(stored));
    return images.sort((one, other) => (one.createdNs < other.createdNs ? 1 : -1));
  }

  get(reference: string): Image {
    const stored = this.table.image(this.#resolve(reference));
    if (stored) return this.#image(stored);
    throw noSuchImage(reference);
  }

  async import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Image> {
    const tag = options.reference ? parseTagName(options.reference) : undefined;
    return this.get(await this.#importer.import(archive, { ...options, tag }));
  }

  remove(reference: string, options: { readonly force: boolean }): RemovedImage {
    const named = this.#named(reference);
    if (named.kind === 'other') return this.#untagOther(named.name, named.manifestDigest);
    const { id } = named;
    const tags = this.table.tagsOf(id);
    const repositories = new Set(tags.map(({ repository }) => repository));
    if (named.kind === 'id' && repositories.size > 1 && !options.force) {
      throw new EngineError(
        'conflict',
        `conflict: unable to delete ${hexOf(id).slice(0, 12)} (must be forced) - image is referenced in multiple repositories`,
      );
    }
    const gone = tags.filter(
      (tag) => named.kind === 'id' || (named.kind === 'tag' && isSame(tag, named.name)),
    );
    const left = tags.filter((tag) => !gone.includes(tag));
    const digests = this.table
      .digestsOf(id)
      .filter(({ repository, digest }) =>
        named.kind === 'digest'
          ? repository === named.repository && digest === named.digest
          : !left.some((tag) => tag.repository === repository),
      );
    const untagged = [...gone, ...digests].map(familiarName);
    const isLast = left.length === 0 && (named.kind !== 'digest' || tags.length === 0);
    this.table.inTransaction(() => {
      for (const tag of gone) this.table.untag(tag);
      for (const { repository, digest } of digests) this.table.deleteDigest(repository, digest);
    });
    if (!isLast) return { untagged, deleted: [], reclaimedBytes: 0 };
    return { untagged, ...this.#delete(id) };
  }

  tag(reference: string, target: string): void {
    const { id, manifest } = this.get(reference);
    this.registrar.tag(id, manifest.digest, parseTagName(target));
  }

  rootfsLayers(image: Image): readonly LayerSource[] {
    return image.layers.map((layer) => this.layers.sourceOf(layer)).reverse();
  }

  usage(): StoreUsage {
    const { contents } = this.#garbage.needed();
    let layersSizeBytes = 0;
    let totalSizeBytes = 0;
    for (const { digest, sizeBytes } of this.content.list()) {
      totalSizeBytes += sizeBytes;
      if (contents.has(digest)) layersSizeBytes += sizeBytes;
    }
    for (const { sizeBytes } of this.content.listPartial()) totalSizeBytes += sizeBytes;
    return {
      layersSizeBytes,
      totalSizeBytes,
      unusedSizeBytes: totalSizeBytes - layersSizeBytes,
      images: imageUsages(this.table.images()),
    };
  }

  /** Removes of these what nothing needs any more. */
  collect(candidates: readonly Digest[]): void {
    this.#garbage.collect(candidates);
  }

  sweep(): number {
    return this.#garbage.sweep(Number.POSITIVE_INFINITY);
  }

  check(looksAt: (digest: Digest, sizeBytes: number) => void): AsyncIterable<StoreFinding> {
    return checkStore({ ...this.#parts, garbage: this.#garbage }, looksAt);
  }

  get #parts() {
    const { content, layers, table, leases, registrar } = this;
    return { content, layers, table, leases, registrar };
  }

  #delete(id: Digest): { readonly deleted: readonly Digest[]; readonly reclaimedBytes: number } {
    const stored = this.table.image(id);
    if (!stored) return { deleted: [], reclaimedBytes: 0 };
    const { manifestDigest, layers } = stored;
    const manifests = this.table.manifests().filter(({ imageId }) => imageId === id);
    this.table.inTransaction(() => this.table.deleteImage(id));
    this.#facts.delete(id);
    const diffIds = layers.map(({ diffId }) => diffId);
    const { gone, bytes } = this.#garbage.collectTrees([
      ...diffIds,
      manifestDigest,
      ...manifests.map(({ descriptor }) => descriptor.digest),
    ]);
    this.#garbage.dropIndexes(layers);
    const freed = new Set(gone);
    return {
      deleted: [id, ...diffIds.filter((diffId) => freed.has(diffId))],
      reclaimedBytes: bytes,
    };
  }

  /** A name of something that is no image: an index of other platforms, a signature. */
  #untagOther(name: TagName, manifestDigest: Digest): RemovedImage {
    this.table.inTransaction(() => this.table.untag(name));
    const { bytes } = this.#garbage.collectTrees([manifestDigest]);
    return { untagged: [familiarName(name)], deleted: [], reclaimedBytes: bytes };
  }

  #resolve(reference: string): Digest {
    const named = this.#named(reference);
    if (named.kind !== 'other') return named.id;
    throw new EngineError(
      'not-found',
      `No such image: ${familiarName(named.name)} (it names something that is no image for this engine)`,
    );
  }

  /** A tag comes before an id that begins the same (as Docker). */
  #named(reference: string): Named {
    if (!/^(?:sha256:)?[0-9a-f]{64}$/.test(reference)) {
      const { repository, tag, digest } = parseTagged(reference);
      if (digest !== undefined) {
        const id = this.table.imageOfDigest(repository, digest);
        if (id) return { kind: 'digest', id, repository, digest };
      } else if (tag !== undefined) {
        const target = this.table.targetOf(repository, tag);
        const name = { repository, tag };
        if (target?.imageId) return { kind: 'tag', id: target.imageId, name };
        if (target) return { kind: 'other', name, manifestDigest: target.manifestDigest };
      }
    }
    const id = this.#idBeginning(reference);
    if (id) return { kind: 'id', id };
    throw noSuchImage(reference);
  }

  #idBeginning(reference: string): Digest | undefined {
    const digits = /^(?:sha256:)?([0-9a-f]{2,64})$/.exec(reference)?.[1];
    if (digits === undefined) return undefined;
    const found = this.table.images().filter(({ id }) => hexOf(id).startsWith(digits));
    if (found.length <= 1) return found[0]?.id;
    throw new EngineError('invalid-argument', `ambiguous reference: ${reference}`);
  }

  #image({ id, manifestDigest, layers, lastTaggedNs }: StoredImage): Image {
    const manifest = this.table.manifest(manifestDigest)?.descriptor;
    if (!manifest) throw new EngineError('data-loss', `image ${id} has no manifest`);
    return {
      id,
      manifest,
      repoTags: this.table.tagsOf(id).map(familiarName),
      repoDigests: this.table
        .digestsOf(id)
        .map(({ repository, digest }) => `${familiarRepository(repository)}@${digest}`),
      layers,
      lastTaggedNs,
      ...this.#factsOf(id, manifestDigest, layers),
    };
  }

  #factsOf(id: Digest, manifestDigest: Digest, layers: StoredImage['layers']): ImageFacts {
    const known = this.#facts.get(id);
    if (known?.manifest === manifestDigest) return known.facts;
    const manifest = this.registrar.readManifest(manifestDigest);
    if (manifest.kind !== 'manifest') {
      throw new EngineError('data-loss', `image ${id} has an index in its manifest's place`);
    }
    const facts = imageFactsOf(this.registrar.formOf(manifest), layers);
    this.#facts.set(id, { manifest: manifestDigest, facts });
    return facts;
  }
}

/** What a reference turned out to name. */
type Named =
  | { readonly kind: 'id'; readonly id: Digest }
  | { readonly kind: 'tag'; readonly id: Digest; readonly name: TagName }
  | {
      readonly kind: 'digest';
      readonly id: Digest;
      readonly repository: string;
      readonly digest: Digest;
    }
  | { readonly kind: 'other'; readonly name: TagName; readonly manifestDigest: Digest };

function isSame(one: TagName, other: TagName): boolean {
  return one.repository === other.repository && one.tag === other.tag;
}

function imageUsages(images: readonly StoredImage[]): ReadonlyMap<Digest, ImageUsage> {
  const counts = new Map<Digest, number>();
  for (const { layers } of images) {
    for (const diffId of new Set(layers.map((layer) => layer.diffId))) {
      counts.set(diffId, (counts.get(diffId) ?? 0) + 1);
    }
  }
  return new Map(
    images.map(({ id, layers }) => {
      let sharedSizeBytes = 0;
      let uniqueSizeBytes = 0;
      for (const { diffId, sizeBytes } of layers) {
        if ((counts.get(diffId) ?? 0) > 1) sharedSizeBytes += sizeBytes;
        else uniqueSizeBytes += sizeBytes;
      }
      return [id, { sharedSizeBytes, uniqueSizeBytes }];
    }),
  );
}

/** A name to be given. Errors: invalid-argument when it has a digest. */
export function parseTagName(text: string): TagName {
  const { repository, tag, digest } = parseReference(text);
  if (digest !== undefined) {
    throw new EngineError('invalid-argument', 'refusing to create a tag with a digest reference');
  }
  return { repository, tag: tag ?? DEFAULT_TAG };
}

function noSuchImage(reference: string): EngineError {
  const isDigits = /^(?:sha256:)?[0-9a-f]{64}$/.test(reference);
  const name = isDigits ? reference : familiarName(parseTagged(reference));
  return new EngineError('not-found', `No such image: ${name}`);
}
