import { ERRNO } from '../base/errno.ts';
import type { ByteSink } from '../kernel/byte-channel.ts';
import { WaitQueue } from '../kernel/wait-queue.ts';
import { encodeFrame, FRAME_KINDS, MAX_DATA_SIZE, WINDOW_SIZE } from '../link/frame.ts';

/**
 * A process's standard output as the sending end of a stream of the link: it takes what the window
 * allows.
 */
export class LinkSink implements ByteSink {
  readonly writable = new WaitQueue();
  readonly #task: number;
  readonly #stream: number;
  readonly #send: (frame: Uint8Array) => void;
  #window = WINDOW_SIZE;
  #isClosed = false;

  constructor(task: number, stream: number, send: (frame: Uint8Array) => void) {
    this.#task = task;
    this.#stream = stream;
    this.#send = send;
  }

  get freeBytes(): number {
    return this.#isClosed ? WINDOW_SIZE : this.#window;
  }

  write(source: Uint8Array): number {
    if (this.#isClosed) return source.length;
    if (this.#window === 0) throw ERRNO.EAGAIN;
    let taken = 0;
    while (taken < source.length && this.#window > 0) {
      const size = Math.min(source.length - taken, this.#window, MAX_DATA_SIZE);
      const part = source.subarray(taken, taken + size);
      this.#send(encodeFrame(FRAME_KINDS.data, this.#task, this.#stream, part));
      this.#window -= size;
      taken += size;
    }
    return taken;
  }

  /**
   * The task has ended, and its number means nothing any more. Others may still have the sink: what
   * they say is heard by nobody, and they are not to die of that.
   */
  close(): void {
    this.#isClosed = true;
    this.writable.wakeAll();
  }

  takeCredit(count: number): void {
    this.#window += count;
    this.writable.wakeAll();
  }
}
