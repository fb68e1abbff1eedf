import { ERRNO } from '../base/errno.ts';

/** The account that pays for what is held in memory: a container's. */
export interface MemoryCharge {
  /** False: it would pass the limit, and nothing is charged. */
  tryCharge(bytes: number): boolean;
  release(bytes: number): void;
}

export const PAGE_BYTES = 4096;

/**
 * What each name of a file is charged with: the name, the objects behind it, and a share of the
 * tables that hold them.
 */
const NAME_BYTES = 1024;

/**
 * How much a file system in memory may hold, and what it does. Contents count in whole pages, as
 * tmpfs has it; every name, hard links too, counts as a file.
 */
export class MemoryQuota {
  readonly maxPages: number;
  readonly maxFiles: number;
  readonly #charge: MemoryCharge;
  #pages = 0;
  #files = 0;
  #chargedBytes = 0;
  #isDisposed = false;

  constructor(limits: { sizeBytes: number; maxFiles: number }, charge: MemoryCharge) {
    this.maxPages = Math.floor(limits.sizeBytes / PAGE_BYTES);
    this.maxFiles = limits.maxFiles;
    this.#charge = charge;
  }

  get freePages(): number {
    return this.maxPages - this.#pages;
  }

  get freeFiles(): number {
    return this.maxFiles - this.#files;
  }

  /** Throws ENOSPC past the size of the file system, ENOMEM past the container's memory. */
  takePage(): void {
    if (this.#pages >= this.maxPages) throw ERRNO.ENOSPC;
    this.takeBytes(PAGE_BYTES);
    this.#pages++;
  }

  givePages(count: number): void {
    this.#pages -= count;
    this.giveBytes(count * PAGE_BYTES);
  }

  /** Throws ENOSPC, ENOMEM. */
  takeName(): void {
    if (this.#files >= this.maxFiles) throw ERRNO.ENOSPC;
    this.takeBytes(NAME_BYTES);
    this.#files++;
  }

  giveName(): void {
    this.#files--;
    this.giveBytes(NAME_BYTES);
  }

  /** For what is neither content nor a name: targets of links, attributes. Throws ENOMEM. */
  takeBytes(count: number): void {
    if (this.#isDisposed || !this.#charge.tryCharge(count)) throw ERRNO.ENOMEM;
    this.#chargedBytes += count;
  }

  giveBytes(count: number): void {
    if (this.#isDisposed) return;
    this.#chargedBytes -= count;
    this.#charge.release(count);
  }

  /** Gives back all that is still charged, and takes nothing more. Idempotent. */
  dispose(): void {
    this.giveBytes(this.#chargedBytes);
    this.#isDisposed = true;
  }
}
