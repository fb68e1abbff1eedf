/** The stream under a link, as Node's sockets are one. */
export interface FrameStream {
  write(frame: Uint8Array): unknown;
  /** Holds back what is written until `uncork`, which passes it on in one call of the system. */
  cork(): void;
  uncork(): void;
}

export interface BatchTimes {
  /** Calls back when the callback of the event loop that runs now is done. */
  readonly atEnd: (callback: () => void) => void;
  readonly monotonicMs: () => number;
}

/** A turn that takes long, as one that starts many containers does, is heard of meanwhile. */
const MAX_DELAY_MS = 4;

/**
 * Sends the frames of one turn of the event loop together: a call of the system, and a wake-up of
 * whoever reads, cost more than most frames do.
 */
export class FrameBatch {
  readonly #stream: FrameStream;
  readonly #times: BatchTimes;
  #startedMs: number | undefined;

  constructor(stream: FrameStream, times: BatchTimes) {
    this.#stream = stream;
    this.#times = times;
  }

  send(frame: Uint8Array): void {
    const nowMs = this.#times.monotonicMs();
    if (this.#startedMs === undefined) {
      this.#startedMs = nowMs;
      this.#stream.cork();
      this.#times.atEnd(() => this.#flush());
    }
    this.#stream.write(frame);
    if (nowMs - this.#startedMs >= MAX_DELAY_MS) this.#flush();
  }

  #flush(): void {
    if (this.#startedMs === undefined) return;
    this.#startedMs = undefined;
    this.#stream.uncork();
  }
}
