import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import { ConnectionFailure } from './connection-failure.ts';

/** Randomness, so that clients that failed together do not come back together. */
export interface RandomBytes {
  bytes(count: number): Uint8Array;
}

/** An answer that says: not now. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  /** What the server asked for. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: Error, retryAfterMs?: number) {
    super(reason.message, { cause: reason });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Tries in a row that bring nothing. */
const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** A server that wants to be left alone for longer is told of instead of waited for. */
const MAX_RETRY_AFTER_MS = 60_000;
/** Less than this counts as nothing, so that no server makes us come back for each byte. */
const MIN_PROGRESS_BYTES = 64 * 1024;

/** Decides whether something is tried again, and waits before it is. */
export class Retrier {
  readonly #clock: Clock;
  readonly #random: RandomBytes;

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock;
    this.#random = random;
  }

  begin(signal: AbortSignal | undefined): Attempts {
    return new Attempts((delayMs) => sleep(this.#clock, delayMs, signal), this.#random);
  }
}

/** The tries of one thing. Exponential back-off, half of each delay by chance. */
export class Attempts {
  readonly #sleep: (delayMs: number) => Promise<void>;
  readonly #random: RandomBytes;
  #failedCount = 0;
  #progressBytes = 0;

  constructor(wait: (delayMs: number) => Promise<void>, random: RandomBytes) {
    this.#sleep = wait;
    this.#random = random;
  }

  /** So much has been gained: the count begins anew when it is enough. */
  progressed(sizeBytes: number): void {
    this.#progressBytes += sizeBytes;
    if (this.#progressBytes < MIN_PROGRESS_BYTES) return;
    this.#progressBytes = 0;
    this.#failedCount = 0;
  }

  /** Resolves when it is time to try again; throws what was thrown when it is not worth it. */
  async failed(thrown: unknown): Promise<void> {
    this.#failedCount++;
    if (!isTransient(thrown) || this.#failedCount >= MAX_ATTEMPTS) throw thrown;
    const retryAfterMs = thrown instanceof TransientFailure ? (thrown.retryAfterMs ?? 0) : 0;
    if (retryAfterMs > MAX_RETRY_AFTER_MS) throw thrown;
    const most = Math.min(FIRST_DELAY_MS * 2 ** (this.#failedCount - 1), MAX_DELAY_MS);
    const [dice = 0] = this.#random.bytes(1);
    await this.#sleep(Math.max(retryAfterMs, (most / 2) * (1 + dice / 256)));
  }
}

/** As seconds or as a date (RFC 9110, section 10.2.3); undefined when it is neither. */
export function parseRetryAfter(header: string, realtimeNs: bigint): number | undefined {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - Number(realtimeNs / 1_000_000n), 0);
}

function isTransient(thrown: unknown): boolean {
  if (thrown instanceof ConnectionFailure) return thrown.isTransient;
  return thrown instanceof TransientFailure;
}

export function cancelled(): EngineError {
  return new EngineError('cancelled', 'cancelled');
}

function sleep(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(cancelled());
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(cancelled());
    };
    const timer = clock.startTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
