import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, rfc3339Nano } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, hexOf, parseDigest } from '../spec/digest.ts';
import { type ImageConfig, parseImageConfig } from '../spec/image-config.ts';
import type { LayerSource } from '../spec/mount.ts';
import { DEFAULT_TAG, familiarName, parseReference, parseTagged } from '../spec/reference.ts';
import { BlobStore } from './blob-store.ts';
import { applyChanges } from './changes.ts';
import type { Image, ImageStore, ImportOptions, RemovedImage } from './contract.ts';
import { ImageTable } from './image-table.ts';
import { LayerStore } from './layer-store.ts';

export interface ImageServiceOptions {
  readonly dataRoot: string;
  /** With the tables of the engine's schema. */
  readonly database: DatabaseSync;
  readonly clock: Clock;
}

/** What an image is for that says nothing else (wasm-to-oci, and runwasi's images). */
const DEFAULT_PLATFORM = 'wasi/wasm';

/** The images of one data root, of which this is the only writer. */
export class ImageService implements ImageStore {
  readonly #blobs: BlobStore;
  readonly #layers: LayerStore;
  readonly #table: ImageTable;
  readonly #clock: Clock;
  /** Configurations do not change under their id. */
  readonly #configs = new Map<Digest, ImageConfig>();

  private constructor({ dataRoot, database, clock }: ImageServiceOptions) {
    this.#blobs = new BlobStore(join(dataRoot, 'content', 'sha256'));
    this.#layers = new LayerStore(join(dataRoot, 'layers', 'sha256'));
    this.#table = new ImageTable(database);
    this.#clock = clock;
  }

  /** Removes what a crash has left. Errors: data-loss when an image's configuration is damaged. */
  static async open(options: ImageServiceOptions): Promise<ImageService> {
    const service = new ImageService(options);
    const ids = new Set(service.#table.ids().keys());
    service.#blobs.sweep(ids);
    await service.#layers.reconcile(service.#layersInUse());
    return service;
  }

  list(): readonly Image[] {
    const images = [...this.#table.ids()].map(([id, lastTaggedNs]) =>
      this.#image(id, lastTaggedNs),
    );
    return images.sort((one, other) => (one.createdNs < other.createdNs ? 1 : -1));
  }

  get(reference: string): Image {
    const id = this.#resolve(reference);
    return this.#image(id, this.#table.ids().get(id) ?? 0n);
  }

  async import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Image> {
    const { repository, tag } = options.reference
      ? parseImportName(options.reference)
      : { repository: undefined, tag: DEFAULT_TAG };
    const [os = '', architecture = ''] = parsePlatform(options.platform ?? DEFAULT_PLATFORM);
    const config = applyChanges({}, options.changes);
    const diffId = await this.#layers.import(archive);
    try {
      const nowNs = this.#clock.realtimeNs();
      const created = rfc3339Nano(nowNs);
      const comment = options.comment ?? '';
      const id = this.#blobs.put(
        Buffer.from(
          JSON.stringify({
            created,
            comment,
            architecture,
            os,
            config,
            rootfs: { type: 'layers', diff_ids: [diffId] },
            history: [{ created, comment }],
          } satisfies ImageConfig),
        ),
      );
      this.#table.add(id, repository === undefined ? undefined : { repository, tag }, nowNs);
      return this.get(id);
    } finally {
      this.#layers.unpin(diffId);
    }
  }

  remove(reference: string, options: { readonly force: boolean }): RemovedImage {
    const id = this.#resolve(reference);
    const tags = this.#table.tagsOf(id);
    const isById = id.includes(reference.replace('sha256:', '')) && !this.#tagged(reference);
    if (isById && tags.length > 1 && !options.force) {
      throw new EngineError(
        'conflict',
        `conflict: unable to delete ${hexOf(id).slice(0, 12)} (must be forced) - image is referenced in multiple repositories`,
      );
    }
    const { repository, tag } = isById ? {} : parseTagged(reference);
    const gone = isById
      ? tags
      : tags.filter((one) => one.repository === repository && one.tag === tag);
    for (const one of gone) this.#table.untag(one.repository, one.tag);
    const untagged = gone.map(familiarName);
    if (gone.length < tags.length) return { untagged, deleted: [] };
    return { untagged, deleted: this.#delete(id) };
  }

  tag(reference: string, target: string): void {
    const id = this.#resolve(reference);
    const { repository, tag } = parseImportName(target);
    this.#table.add(id, { repository, tag }, this.#clock.realtimeNs());
  }

  rootfsLayers(image: Image): readonly LayerSource[] {
    return image.diffIds.map((diffId) => this.#layers.sourceOf(diffId)).reverse();
  }

  #delete(id: Digest): readonly Digest[] {
    const diffIds = this.#diffIdsOf(id);
    this.#table.delete(id);
    this.#configs.delete(id);
    this.#blobs.delete(id);
    const inUse = this.#layersInUse();
    const unused = diffIds.filter((diffId) => !inUse.has(diffId));
    for (const diffId of unused) this.#layers.delete(diffId);
    return [id, ...unused];
  }

  #layersInUse(): ReadonlySet<Digest> {
    return new Set([...this.#table.ids().keys()].flatMap((id) => this.#diffIdsOf(id)));
  }

  /** A tag comes before an id that begins the same (as Docker). */
  #resolve(reference: string): Digest {
    const tagged = this.#tagged(reference);
    if (tagged) return tagged;
    const ids = this.#table.ids();
    const digits = /^(?:sha256:)?([0-9a-f]{2,64})$/.exec(reference)?.[1];
    if (digits !== undefined) {
      const found = [...ids.keys()].filter((id) => hexOf(id).startsWith(digits));
      const [only] = found;
      if (only && found.length === 1) return only;
      if (found.length > 1) {
        throw new EngineError('invalid-argument', `ambiguous reference: ${reference}`);
      }
    }
    throw new EngineError('not-found', `No such image: ${nameForError(reference)}`);
  }

  #tagged(reference: string): Digest | undefined {
    if (/^(?:sha256:)?[0-9a-f]{64}$/.test(reference)) return undefined;
    const { repository, tag } = parseTagged(reference);
    return tag === undefined ? undefined : this.#table.targetOf(repository, tag);
  }

  #image(id: Digest, lastTaggedNs: bigint): Image {
    const { created, architecture, os, author, comment, config } = this.#configOf(id);
    const diffIds = this.#diffIdsOf(id);
    let sizeBytes = 0;
    for (const diffId of diffIds) sizeBytes += this.#layers.sizeOf(diffId);
    return {
      id,
      repoTags: this.#table.tagsOf(id).map(familiarName),
      repoDigests: [],
      createdNs: nanosecondsOf(created ?? ''),
      sizeBytes,
      architecture,
      os,
      author: author ?? '',
      comment: comment ?? '',
      diffIds,
      config: config ?? {},
      lastTaggedNs,
    };
  }

  #diffIdsOf(id: Digest): readonly Digest[] {
    return this.#configOf(id).rootfs.diff_ids.map((text) => {
      const digest = parseDigest(text);
      if (digest) return digest;
      throw new EngineError('data-loss', `image ${id} has a layer that is no digest`);
    });
  }

  #configOf(id: Digest): ImageConfig {
    const known = this.#configs.get(id);
    if (known) return known;
    let config: ImageConfig;
    try {
      config = parseImageConfig(this.#blobs.get(id).toString());
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown;
      throw new EngineError('data-loss', `image ${id} has no valid configuration`, {
        cause: thrown,
      });
    }
    this.#configs.set(id, config);
    return config;
  }
}

/** A name to be given. Errors: invalid-argument when it has a digest. */
function parseImportName(text: string): { repository: string; tag: string } {
  const { repository, tag, digest } = parseReference(text);
  if (digest !== undefined) {
    throw new EngineError('invalid-argument', 'refusing to create a tag with a digest reference');
  }
  return { repository, tag: tag ?? DEFAULT_TAG };
}

function parsePlatform(platform: string): readonly string[] {
  const parts = platform.split('/');
  if (parts.length >= 2 && parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) return parts;
  throw new EngineError(
    'invalid-argument',
    `invalid platform ${JSON.stringify(platform)}: expected os/architecture, such as wasi/wasm`,
  );
}

function nameForError(reference: string): string {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(reference)) return reference;
  return familiarName(parseTagged(reference));
}

/** Of an RFC 3339 time; 0 for what is none. */
function nanosecondsOf(time: string): bigint {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds)) return 0n;
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
  const seconds = BigInt(Math.floor(milliseconds / 1000));
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
