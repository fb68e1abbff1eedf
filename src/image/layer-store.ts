import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeLayerIndex, type LayerEntry } from '../archive/layer-index.ts';
import { readLayer } from '../archive/layer-reader.ts';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, hexOf, parseDigest } from '../spec/digest.ts';
import type { LayerSource } from '../spec/mount.ts';
import { renameDurably, writeDurably } from './durable-file.ts';

/** Raise with the format of the index: older ones are then made anew. */
const INDEX_SUFFIX = '.index2';
const ARCHIVE_SUFFIX = '.tar';
const INCOMING = 'incoming';

/**
 * Layers on disk: the uncompressed archive as it came, and the index beside it. Both are named by
 * the layer's diffId, so that images share them; what has its name is whole.
 */
export class LayerStore {
  readonly #directory: string;
  readonly #incoming: string;
  #incomingCount = 0;
  /**
   * Layers that came in for an image which is not in the database yet, and how many such images
   * there are.
   */
  readonly #pins = new Map<Digest, number>();

  constructor(directory: string) {
    this.#directory = directory;
    this.#incoming = join(directory, INCOMING);
    rmSync(this.#incoming, { recursive: true, force: true });
    mkdirSync(this.#incoming, { recursive: true, mode: 0o700 });
  }

  /**
   * Takes a layer in. It is pinned until `unpin`, so that it is not removed before an image holds
   * it.
   *
   * # Errors
   * those of `readLayer`; what the host answers when the disk is full
   */
  async import(archive: AsyncIterable<Uint8Array>): Promise<Digest> {
    this.#incomingCount += 1;
    const temporaryPath = join(this.#incoming, `${this.#incomingCount}${ARCHIVE_SUFFIX}`);
    const file = await open(temporaryPath, 'wx', 0o600);
    try {
      const { diffId, root } = await readLayer(archive, async (chunk) => {
        await file.writeFile(chunk);
      });
      await file.sync();
      const digest = parseDigest(diffId);
      if (!digest) throw new Error(`no digest: ${diffId}`);
      this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1);
      this.#writeIndex(digest, root);
      renameDurably(temporaryPath, this.#pathOf(digest, ARCHIVE_SUFFIX));
      return digest;
    } finally {
      await file.close();
      rmSync(temporaryPath, { force: true });
    }
  }

  unpin(diffId: Digest): void {
    const count = this.#pins.get(diffId) ?? 0;
    if (count <= 1) this.#pins.delete(diffId);
    else this.#pins.set(diffId, count - 1);
  }

  /** Where a layer is. Errors: data-loss when it is gone. */
  sourceOf(diffId: Digest): LayerSource {
    const archivePath = this.#pathOf(diffId, ARCHIVE_SUFFIX);
    const indexPath = this.#pathOf(diffId, INDEX_SUFFIX);
    if (existsSync(archivePath) && existsSync(indexPath)) return { diffId, archivePath, indexPath };
    throw new EngineError('data-loss', `layer ${diffId} is gone from ${this.#directory}`);
  }

  /** Of the uncompressed archive; 0 when it is gone. */
  sizeOf(diffId: Digest): number {
    const path = this.#pathOf(diffId, ARCHIVE_SUFFIX);
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Removes a layer that no image holds; one that is pinned stays. Idempotent. */
  delete(diffId: Digest): void {
    if (this.#pins.has(diffId)) return;
    rmSync(this.#pathOf(diffId, ARCHIVE_SUFFIX), { force: true });
    rmSync(this.#pathOf(diffId, INDEX_SUFFIX), { force: true });
  }

  /** For the start: removes all layers but `kept`, and makes the indexes that those lack. */
  async reconcile(kept: ReadonlySet<Digest>): Promise<void> {
    const names = new Set([INCOMING]);
    for (const digest of kept) {
      names.add(hexOf(digest) + ARCHIVE_SUFFIX).add(hexOf(digest) + INDEX_SUFFIX);
      await this.#restoreIndex(digest);
    }
    for (const name of readdirSync(this.#directory)) {
      if (!names.has(name)) rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  async #restoreIndex(diffId: Digest): Promise<void> {
    const archivePath = this.#pathOf(diffId, ARCHIVE_SUFFIX);
    if (existsSync(this.#pathOf(diffId, INDEX_SUFFIX)) || !existsSync(archivePath)) return;
    const { root } = await readLayer(createReadStream(archivePath), async () => {});
    this.#writeIndex(diffId, root);
  }

  #writeIndex(diffId: Digest, root: LayerEntry): void {
    const path = this.#pathOf(diffId, INDEX_SUFFIX);
    this.#incomingCount += 1;
    const temporaryPath = join(this.#incoming, `${this.#incomingCount}${INDEX_SUFFIX}`);
    writeDurably(path, temporaryPath, encodeLayerIndex(root));
  }

  #pathOf(diffId: Digest, suffix: string): string {
    return join(this.#directory, hexOf(diffId) + suffix);
  }
}
