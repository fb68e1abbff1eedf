/**
 * The memory of one container: linear memories and tables of all its processes, and the buffers
 * that the kernel holds for them. Who takes memory charges it first and releases it at the end.
 */
export class MemoryAccount {
  /** Of it, files in memory (tmpfs). */
  readonly files = new FileMemory(this);
  /** Infinity: no limit. A lower one refuses further growth, and takes nothing back. */
  limitBytes: number;
  #usedBytes = 0;
  #peakBytes = 0;
  #failureCount = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** How often something was refused. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** False: it would pass the limit, and nothing is charged. */
  tryCharge(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes) {
      this.#failureCount += 1;
      return false;
    }
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
    return true;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/** The part of a container's memory that its files in memory take. */
export class FileMemory {
  readonly #account: MemoryAccount;
  #usedBytes = 0;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  tryCharge(bytes: number): boolean {
    if (!this.#account.tryCharge(bytes)) return false;
    this.#usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#account.release(bytes);
    this.#usedBytes -= bytes;
  }
}
