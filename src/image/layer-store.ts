import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONTENT_HEAD_BYTES, contentKindOf, peek } from '../archive/content-kind.ts';
import { encodeLayerIndex, type LayerEntry } from '../archive/layer-index.ts';
import { readLayer } from '../archive/layer-reader.ts';
import { singleFileTree } from '../archive/single-file-tree.ts';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, hexOf } from '../spec/digest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import type { LayerSource } from '../spec/mount.ts';
import type { BlobWriter } from './blob-writer.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer } from './contract.ts';
import { writeDurably } from './durable-file.ts';
import type { Lease } from './leases.ts';

/** Raise with the format of the index: older ones are then made anew. */
const INDEX_SUFFIX = '.index3';
const INCOMING_PREFIX = 'incoming-';

/** What a layer turned out to be, once it is in. */
export interface AddedLayer {
  /** Of the bytes as they came. */
  readonly digest: Digest;
  /** Of the bytes as they came. */
  readonly sentBytes: number;
  /** Of the uncompressed archive, or of the module. */
  readonly diffId: Digest;
  readonly sizeBytes: number;
  readonly kind: 'archive' | 'module';
  /** Of the bytes as they came. */
  readonly mediaType: string;
}

/**
 * Layers ready for use: the uncompressed archive is content like any other; here is the index that
 * tells where in it each file's bytes are. A layer that is one bare module needs no archive: its
 * index has one file, which begins at the module's first byte.
 */
export class LayerStore {
  readonly #directory: string;
  readonly #content: ContentStore;
  #incomingCount = 0;

  constructor(directory: string, content: ContentStore) {
    this.#directory = directory;
    this.#content = content;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Whether the layer can be used as it is. */
  isReady(layer: Pick<ImageLayer, 'diffId' | 'modulePath'>): boolean {
    return this.#content.has(layer.diffId) && existsSync(this.#indexPathOf(layer));
  }

  /**
   * Takes a layer in, in one pass. `incoming` gives what is to be the content of `sent`, and has
   * written it there by the time that it is given; `expected` is its digest where it is known.
   *
   * # Errors
   * those of `readLayer`, of `incoming`, and data-loss for another digest than expected
   */
  add(
    incoming: AsyncIterable<Uint8Array>,
    sent: BlobWriter,
    options: { readonly expected?: Digest | undefined; readonly lease: Lease },
  ): Promise<AddedLayer> {
    return this.#add(incoming, options.lease, async () => ({
      digest: await this.#commit(sent, options),
      sizeBytes: sent.sizeBytes,
    }));
  }

  /** As `add`, for a layer whose bytes are content already. */
  addStored(digest: Digest, lease: Lease): Promise<AddedLayer> {
    lease.hold(digest);
    return this.#add(this.#content.open(digest), lease, async () => ({
      digest,
      sizeBytes: this.#content.sizeOf(digest) ?? 0,
    }));
  }

  async #add(
    incoming: AsyncIterable<Uint8Array>,
    lease: Lease,
    commitSent: () => Promise<{ readonly digest: Digest; readonly sizeBytes: number }>,
  ): Promise<AddedLayer> {
    const { head, whole } = await peek(incoming, CONTENT_HEAD_BYTES);
    const kind = contentKindOf(head);
    if (kind === 'wasm') {
      for await (const _ of whole);
      const { digest, sizeBytes } = await commitSent();
      const sizes = { sentBytes: sizeBytes, sizeBytes };
      return { digest, diffId: digest, ...sizes, kind: 'module', mediaType: MEDIA_TYPES.wasmLayer };
    }
    if (kind !== 'gzip' && kind !== 'zstd') {
      const { root } = await readLayer(whole, async () => {});
      const { digest, sizeBytes } = await commitSent();
      this.#writeIndex(hexOf(digest), root);
      const sizes = { sentBytes: sizeBytes, sizeBytes };
      return { digest, diffId: digest, ...sizes, kind: 'archive', mediaType: MEDIA_TYPES.ociLayer };
    }
    await using unpacked = await this.#content.writer();
    const { sizeBytes, root } = await readLayer(whole, (chunk) => unpacked.write(chunk));
    const { digest, sizeBytes: sentBytes } = await commitSent();
    const diffId = await this.#commit(unpacked, { lease });
    this.#writeIndex(hexOf(diffId), root);
    const mediaType = kind === 'gzip' ? MEDIA_TYPES.ociLayerGzip : MEDIA_TYPES.ociLayerZstd;
    return { digest, sentBytes, diffId, sizeBytes, kind: 'archive', mediaType };
  }

  /** Makes the index of a layer that is one module, for the path at which it is to be found. */
  addModuleIndex(digest: Digest, path: string): void {
    const sizeBytes = this.#content.sizeOf(digest);
    if (sizeBytes === undefined) throw new EngineError('data-loss', `content ${digest} is missing`);
    this.#writeIndex(
      indexNameOf({ diffId: digest, modulePath: path }),
      singleFileTree(path, sizeBytes),
    );
  }

  /** Where a layer is. Errors: data-loss when it is gone. */
  sourceOf(layer: ImageLayer): LayerSource {
    if (!this.isReady(layer)) {
      throw new EngineError('data-loss', `layer ${layer.diffId} is gone from the store`);
    }
    return {
      diffId: `sha256:${indexNameOf(layer)}`,
      archivePath: this.#content.pathOf(layer.diffId),
      indexPath: this.#indexPathOf(layer),
    };
  }

  deleteIndex(layer: Pick<ImageLayer, 'diffId' | 'modulePath'>): void {
    rmSync(this.#indexPathOf(layer), { force: true });
  }

  /** Removes all indexes but those of `kept`, and makes those that are missing. */
  async reconcile(kept: Iterable<ImageLayer>): Promise<void> {
    const names = new Set<string>();
    for (const layer of kept) {
      names.add(indexNameOf(layer) + INDEX_SUFFIX);
      await this.#restoreIndex(layer);
    }
    for (const name of readdirSync(this.#directory)) {
      if (!names.has(name)) rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  async #restoreIndex(layer: ImageLayer): Promise<void> {
    // A layer whose content is gone is found when somebody wants it, and by a check.
    if (existsSync(this.#indexPathOf(layer)) || !this.#content.has(layer.diffId)) return;
    if (layer.modulePath !== undefined) {
      this.addModuleIndex(layer.diffId, layer.modulePath);
      return;
    }
    const { root } = await readLayer(this.#content.open(layer.diffId), async () => {});
    this.#writeIndex(indexNameOf(layer), root);
  }

  async #commit(
    writer: BlobWriter,
    { expected, lease }: { readonly expected?: Digest | undefined; readonly lease: Lease },
  ): Promise<Digest> {
    const digest = expected ?? writer.digest();
    lease.hold(digest);
    await writer.commit(this.#content.pathOf(digest), digest);
    return digest;
  }

  #writeIndex(name: string, root: LayerEntry): void {
    const path = join(this.#directory, name + INDEX_SUFFIX);
    this.#incomingCount += 1;
    const temporaryPath = join(this.#directory, `${INCOMING_PREFIX}${this.#incomingCount}`);
    writeDurably(path, temporaryPath, encodeLayerIndex(root));
  }

  #indexPathOf(layer: Pick<ImageLayer, 'diffId' | 'modulePath'>): string {
    return join(this.#directory, indexNameOf(layer) + INDEX_SUFFIX);
  }
}

/** One module may stand at several paths: each has an index. */
function indexNameOf({ diffId, modulePath }: Pick<ImageLayer, 'diffId' | 'modulePath'>): string {
  if (modulePath === undefined) return hexOf(diffId);
  return createHash('sha256').update(`${diffId} ${modulePath}`).digest('hex');
}
