import type { WaitQueue } from './wait-queue.ts';

/**
 * Where bytes come from: a pipe's end, a terminal, standard input. Never blocks: EAGAIN means "wait
 * on `readable`".
 */
export interface ByteSource {
  readonly readable: WaitQueue;
  /** Bytes that a read would give now; 0 with `hasEnded` means end of file. */
  readonly availableBytes: number;
  readonly hasEnded: boolean;
  /**
   * Reads at least one byte into a target that has room; answers 0 at the end. Throws EAGAIN when
   * there is nothing yet.
   */
  read(target: Uint8Array): number;
}

/** Where bytes go. Never blocks: EAGAIN means "wait on `writable`". */
export interface ByteSink {
  readonly writable: WaitQueue;
  /** Bytes that a write would take now. */
  readonly freeBytes: number;
  /** Nobody reads any more: a write is EPIPE. */
  readonly hasHungUp?: boolean;
  /** Writes of up to so many bytes are taken whole or not at all. */
  readonly atomicWriteSize?: number;
  /**
   * Copies all or part of `source`; answers the bytes taken. Throws EAGAIN when there is no room,
   * EPIPE when nobody reads.
   */
  write(source: Uint8Array): number;
}

/** A file that is empty and ended: the standard input of a container without one. */
export class EmptySource implements ByteSource {
  readonly readable: WaitQueue;
  readonly availableBytes = 0;
  readonly hasEnded = true;

  constructor(readable: WaitQueue) {
    this.readable = readable;
  }

  read(): number {
    return 0;
  }
}
