import { ERRNO } from '../base/errno.ts';
import type { ByteSource } from '../kernel/byte-channel.ts';
import { WaitQueue } from '../kernel/wait-queue.ts';
import { encodeCredit, STREAM, WINDOW_SIZE } from '../link/frame.ts';

const CREDIT_LUMP = WINDOW_SIZE / 4;

/**
 * A process's standard input as the receiving end of a stream of the link. What has arrived waits
 * here, at most a window of it, until the program reads; credit goes back as it does.
 */
export class LinkSource implements ByteSource {
  readonly readable = new WaitQueue();
  readonly #task: number;
  readonly #send: (frame: Uint8Array) => void;
  readonly #chunks: Uint8Array[] = [];
  #availableBytes = 0;
  #uncredited = 0;
  #hasEnded = false;

  constructor(task: number, send: (frame: Uint8Array) => void) {
    this.#task = task;
    this.#send = send;
  }

  get availableBytes(): number {
    return this.#availableBytes;
  }

  get hasEnded(): boolean {
    return this.#hasEnded && this.#availableBytes === 0;
  }

  read(target: Uint8Array): number {
    if (this.#availableBytes === 0) {
      if (this.#hasEnded) return 0;
      throw ERRNO.EAGAIN;
    }
    let filled = 0;
    while (filled < target.length) {
      const [chunk] = this.#chunks;
      if (!chunk) break;
      const part = chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#availableBytes -= filled;
    this.#giveCredit(filled);
    return filled;
  }

  /** Takes bytes that arrived; they belong to this source from now on. */
  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#availableBytes += bytes.length;
    this.readable.wakeAll();
  }

  end(): void {
    this.#hasEnded = true;
    this.readable.wakeAll();
  }

  #giveCredit(count: number): void {
    this.#uncredited += count;
    if (this.#uncredited < CREDIT_LUMP && this.#availableBytes > 0) return;
    this.#send(encodeCredit(this.#task, STREAM.stdin, this.#uncredited));
    this.#uncredited = 0;
  }
}
