import type { LayerEntry } from '../archive/layer-index.ts';

/** Larger files are read from the archive each time: a call to the host weighs little there. */
export const MAX_CACHED_FILE_BYTES = 16 * 1024;
/** Of one layer. A cell has at most some dozens of layers open. */
const CAPACITY_BYTES = 1 << 20;

/**
 * The contents of the small files of a layer that were read last, as they never change: the same
 * scripts, headers and settings are opened over and over.
 */
export class ContentCache {
  /** The least recently used first. */
  readonly #contents = new Map<LayerEntry, Uint8Array>();
  #sizeBytes = 0;

  get(entry: LayerEntry): Uint8Array | undefined {
    const content = this.#contents.get(entry);
    if (!content) return undefined;
    this.#contents.delete(entry);
    this.#contents.set(entry, content);
    return content;
  }

  add(entry: LayerEntry, content: Uint8Array): void {
    this.#contents.set(entry, content);
    this.#sizeBytes += content.length;
    for (const [oldest, { length }] of this.#contents) {
      if (this.#sizeBytes <= CAPACITY_BYTES) return;
      this.#contents.delete(oldest);
      this.#sizeBytes -= length;
    }
  }
}
