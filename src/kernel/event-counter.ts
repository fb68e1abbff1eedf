import { ERRNO } from '../base/errno.ts';
import type { ByteSink, ByteSource } from './byte-channel.ts';
import { WaitQueue } from './wait-queue.ts';

/** The largest count that can be written or kept (eventfd(2)). */
const MAX_COUNT = (1n << 64n) - 2n;
const SIZE = 8;

/** eventfd(2): a number that writes add to and reads take. */
export class EventCounter implements ByteSource, ByteSink {
  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();
  readonly atomicWriteSize = SIZE;
  readonly hasEnded = false;
  readonly #isSemaphore: boolean;
  #count: bigint;

  constructor(initial: bigint, isSemaphore: boolean) {
    this.#count = initial > MAX_COUNT ? MAX_COUNT : initial;
    this.#isSemaphore = isSemaphore;
  }

  get availableBytes(): number {
    return this.#count > 0n ? SIZE : 0;
  }

  get freeBytes(): number {
    return this.#count < MAX_COUNT ? SIZE : 0;
  }

  /** Throws EINVAL for less room than a number takes. */
  read(target: Uint8Array): number {
    if (target.length < SIZE) throw ERRNO.EINVAL;
    if (this.#count === 0n) throw ERRNO.EAGAIN;
    const taken = this.#isSemaphore ? 1n : this.#count;
    this.#count -= taken;
    new DataView(target.buffer, target.byteOffset).setBigUint64(0, taken, true);
    this.writable.wakeAll();
    return SIZE;
  }

  write(source: Uint8Array): number {
    if (source.length < SIZE) throw ERRNO.EINVAL;
    const added = new DataView(source.buffer, source.byteOffset).getBigUint64(0, true);
    if (added > MAX_COUNT) throw ERRNO.EINVAL;
    if (this.#count + added > MAX_COUNT) throw ERRNO.EAGAIN;
    this.#count += added;
    this.readable.wakeAll();
    return SIZE;
  }
}
