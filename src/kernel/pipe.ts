import { ERRNO } from '../base/errno.ts';
import type { MemoryCharge } from '../vfs/memory-quota.ts';
import type { ByteSink, ByteSource } from './byte-channel.ts';
import { WaitQueue } from './wait-queue.ts';

/** As Linux (pipe(7)): how much a pipe holds. */
export const PIPE_CAPACITY = 65_536;
/** As Linux: a write of up to so many bytes goes in whole, or waits (PIPE_BUF). */
const ATOMIC_WRITE_SIZE = 4096;
/** Most pipes never hold more. */
const FIRST_BUFFER_SIZE = 4096;

/**
 * A pipe: a ring of bytes between those who write and those who read. Who holds an end says so by
 * `addReader` and `addWriter`, and again when it lets go: readers see the end when nobody writes
 * any more, writers EPIPE when nobody reads.
 */
export class Pipe implements ByteSource, ByteSink {
  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();
  readonly atomicWriteSize = ATOMIC_WRITE_SIZE;
  /** Woken when an end is opened: whoever opens a FIFO waits for the other one. */
  readonly opened = new WaitQueue();
  readonly #charge: MemoryCharge;
  #buffer = new Uint8Array(0);
  /** What may be in it: less than Linux's when the container has no memory for more. */
  #capacity = PIPE_CAPACITY;
  #chargedBytes = FIRST_BUFFER_SIZE;
  #start = 0;
  #size = 0;
  #readerCount = 0;
  #writerCount = 0;

  /** Throws ENOMEM when the account has nothing left for the smallest buffer. */
  constructor(charge: MemoryCharge) {
    if (!charge.tryCharge(FIRST_BUFFER_SIZE)) throw ERRNO.ENOMEM;
    this.#charge = charge;
  }

  addReader(): void {
    this.#readerCount++;
    this.opened.wakeAll();
  }

  addWriter(): void {
    this.#writerCount++;
    this.opened.wakeAll();
  }

  removeReader(): void {
    this.#readerCount--;
    if (this.#readerCount > 0) return;
    this.writable.wakeAll();
    // What nobody will read is not kept.
    if (this.#writerCount === 0) this.clear();
  }

  removeWriter(): void {
    this.#writerCount--;
    if (this.#writerCount > 0) return;
    this.readable.wakeAll();
    if (this.#readerCount === 0) this.clear();
  }

  get hasReaders(): boolean {
    return this.#readerCount > 0;
  }

  get hasWriters(): boolean {
    return this.#writerCount > 0;
  }

  get hasHungUp(): boolean {
    return this.#readerCount === 0;
  }

  get isUnused(): boolean {
    return this.#readerCount === 0 && this.#writerCount === 0;
  }

  get availableBytes(): number {
    return this.#size;
  }

  get hasEnded(): boolean {
    return this.#size === 0 && this.#writerCount === 0;
  }

  /** What a small write needs to be taken; 0 says that one would wait: not for EPIPE. */
  get freeBytes(): number {
    if (this.#readerCount === 0) return PIPE_CAPACITY;
    const free = this.#capacity - this.#size;
    return free >= ATOMIC_WRITE_SIZE ? free : 0;
  }

  read(target: Uint8Array): number {
    if (this.#size === 0) {
      if (this.#writerCount === 0) return 0;
      throw ERRNO.EAGAIN;
    }
    const count = Math.min(target.length, this.#size);
    const first = Math.min(count, this.#buffer.length - this.#start);
    target.set(this.#buffer.subarray(this.#start, this.#start + first));
    if (first < count) target.set(this.#buffer.subarray(0, count - first), first);
    this.#size -= count;
    // An empty ring starts at its beginning, so that large pieces go through in one copy.
    this.#start = this.#size === 0 ? 0 : (this.#start + count) % this.#buffer.length;
    this.writable.wakeAll();
    return count;
  }

  write(source: Uint8Array): number {
    if (this.#readerCount === 0) throw ERRNO.EPIPE;
    this.#makeRoom(Math.min(this.#size + source.length, PIPE_CAPACITY));
    const free = this.#capacity - this.#size;
    if (free === 0 || (source.length <= ATOMIC_WRITE_SIZE && free < source.length)) {
      throw ERRNO.EAGAIN;
    }
    const count = Math.min(source.length, free);
    const end = (this.#start + this.#size) % this.#buffer.length;
    const first = Math.min(count, this.#buffer.length - end);
    this.#buffer.set(source.subarray(0, first), end);
    if (first < count) this.#buffer.set(source.subarray(first, count), 0);
    this.#size += count;
    this.readable.wakeAll();
    return count;
  }

  /** Lets the buffer hold so much, if the container's memory has room for it. */
  #makeRoom(size: number): void {
    if (size <= this.#buffer.length) return;
    let wanted = Math.max(FIRST_BUFFER_SIZE, this.#buffer.length);
    while (wanted < size) wanted *= 2;
    const isPaid = this.#charge.tryCharge(wanted - this.#chargedBytes);
    this.#capacity = isPaid ? PIPE_CAPACITY : this.#chargedBytes;
    if (isPaid) this.#chargedBytes = wanted;
    if (this.#buffer.length === this.#chargedBytes) return;
    const larger = new Uint8Array(this.#chargedBytes);
    const first = this.#buffer.subarray(this.#start, this.#start + this.#size);
    larger.set(first);
    larger.set(this.#buffer.subarray(0, this.#size - first.length), first.length);
    this.#buffer = larger;
    this.#start = 0;
  }

  /** Gives its buffer back: nobody has an end of it. */
  clear(): void {
    this.#charge.release(this.#chargedBytes);
    this.#chargedBytes = 0;
    this.#buffer = new Uint8Array(0);
    this.#start = 0;
    this.#size = 0;
  }
}
