import type { GuestMemory } from './guest-memory.ts';
import type { MemoryAccount } from './memory-account.ts';

const PAGE_SIZE = 65_536;
/** What V8 takes for an entry of a table, measured at ten million. */
const TABLE_ENTRY_SIZE = 32;

/** What the hooks for growth answer rewritten code. */
const ALLOWED = 1;
const REFUSED = 0;

/** What one process has charged to its container's memory. */
export class MemoryCharge {
  readonly #account: MemoryAccount;
  #memory: GuestMemory | undefined;
  #memoryBytes = 0;
  #tableBytes = 0;
  #peakBytes = 0;
  #wasRefused = false;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  get bytes(): number {
    return this.#memoryBytes + this.#tableBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** True when the last memory that was asked for was refused. */
  get wasRefused(): boolean {
    return this.#wasRefused;
  }

  /** Charges what a program will have from its start; false when that is too much. */
  reserve(initialPages: number, tableEntries: number): boolean {
    const memoryBytes = initialPages * PAGE_SIZE;
    const tableBytes = tableEntries * TABLE_ENTRY_SIZE;
    if (!this.#charge(memoryBytes + tableBytes)) return false;
    this.#memoryBytes += memoryBytes;
    this.#tableBytes += tableBytes;
    this.#notePeak();
    return true;
  }

  /** The memory that was reserved is there, and can be looked at. */
  attach(memory: GuestMemory): void {
    this.#memory = memory;
  }

  /** The hook for memory.grow: 0 refuses. */
  growMemory(pages: number): number {
    const bytes = (pages >>> 0) * PAGE_SIZE;
    this.#settle();
    if (!this.#charge(bytes)) return REFUSED;
    this.#memoryBytes += bytes;
    this.#notePeak();
    return ALLOWED;
  }

  /** The hook for table.grow: 0 refuses; a negative number gives back what was not taken. */
  growTable(entries: number): number {
    const bytes = entries * TABLE_ENTRY_SIZE;
    if (bytes < 0) this.#account.release(-bytes);
    else if (!this.#charge(bytes)) return REFUSED;
    this.#tableBytes += bytes;
    return ALLOWED;
  }

  release(): void {
    this.#account.release(this.bytes);
    this.#memoryBytes = 0;
    this.#tableBytes = 0;
    this.#memory = undefined;
  }

  #notePeak(): void {
    this.#peakBytes = Math.max(this.#peakBytes, this.bytes);
  }

  #charge(bytes: number): boolean {
    const isAllowed = this.#account.tryCharge(bytes);
    this.#wasRefused = !isAllowed;
    return isAllowed;
  }

  /** A growth that was allowed may have failed for another reason: what is there counts. */
  #settle(): void {
    const excess = this.#memoryBytes - (this.#memory?.sizeBytes ?? this.#memoryBytes);
    this.#memoryBytes -= excess;
    this.#account.release(excess);
  }
}
