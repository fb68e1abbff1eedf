import { ERRNO } from '../base/errno.ts';
import { type MemoryQuota, PAGE_BYTES } from './memory-quota.ts';

/** Positions beyond are exact in no number. */
const MAX_SIZE_BYTES = Number.MAX_SAFE_INTEGER;

/** Throws EINVAL, EFBIG. */
export function checkSize(sizeBytes: number): void {
  if (sizeBytes < 0) throw ERRNO.EINVAL;
  if (sizeBytes > MAX_SIZE_BYTES) throw ERRNO.EFBIG;
}

/** The bytes of one file, in pages; those that were never written are holes and cost nothing. */
export class PagedContent {
  readonly #quota: MemoryQuota;
  readonly #pages = new Map<number, Uint8Array>();
  #sizeBytes = 0;

  constructor(quota: MemoryQuota) {
    this.#quota = quota;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get pageCount(): number {
    return this.#pages.size;
  }

  /** Answers the bytes read. Throws EINVAL for a negative position. */
  read(target: Uint8Array, position: number): number {
    if (position < 0) throw ERRNO.EINVAL;
    if (position >= this.#sizeBytes) return 0;
    const end = Math.min(this.#sizeBytes, position + target.length);
    for (let at = position; at < end; ) {
      const start = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - start, end - at);
      const page = this.#pages.get((at - start) / PAGE_BYTES);
      const offset = at - position;
      if (page) target.set(page.subarray(start, start + count), offset);
      else target.fill(0, offset, offset + count);
      at += count;
    }
    return end - position;
  }

  /**
   * Answers the bytes written: fewer than given when there is no room for more. Throws EINVAL,
   * EFBIG, and ENOSPC or ENOMEM when there is no room for a single one.
   */
  write(source: Uint8Array, position: number): number {
    checkSize(position);
    checkSize(position + source.length);
    const end = position + source.length;
    let at = position;
    while (at < end) {
      const start = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - start, end - at);
      const page = this.#pageToWrite((at - start) / PAGE_BYTES, at > position);
      if (!page) break;
      const offset = at - position;
      page.set(source.subarray(offset, offset + count), start);
      at += count;
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, at);
    return at - position;
  }

  /** Cuts off, or appends a hole. Throws EINVAL, EFBIG. */
  resize(sizeBytes: number): void {
    checkSize(sizeBytes);
    if (sizeBytes < this.#sizeBytes) {
      const kept = Math.ceil(sizeBytes / PAGE_BYTES);
      const before = this.#pages.size;
      for (const index of this.#pages.keys()) if (index >= kept) this.#pages.delete(index);
      this.#quota.givePages(before - this.#pages.size);
      // What is cut off must not come back when the file grows again.
      this.#pages.get(kept - 1)?.fill(0, sizeBytes - (kept - 1) * PAGE_BYTES);
    }
    this.#sizeBytes = sizeBytes;
  }

  /** Undefined when there is no room, and the caller `hasWritten` something that it can answer. */
  #pageToWrite(index: number, hasWritten: boolean): Uint8Array | undefined {
    const present = this.#pages.get(index);
    if (present) return present;
    try {
      this.#quota.takePage();
    } catch (thrown) {
      if (hasWritten) return undefined;
      throw thrown;
    }
    const page = new Uint8Array(PAGE_BYTES);
    this.#pages.set(index, page);
    return page;
  }
}
