import type { Clock, Timer } from '../base/clock.ts';

/** Timers of the host take at most 2^31 - 1 ms. */
const MAX_DELAY_MS = 2_147_483_647;
/** A shorter one would only keep the cell busy with signals. */
const MIN_INTERVAL_NS = 1_000_000n;

/** setitimer(2)'s ITIMER_REAL: fires once, or again and again, until it is set anew. */
export class IntervalTimer {
  readonly #clock: Clock;
  readonly #fire: () => void;
  #timer: Timer | undefined;
  #dueNs: bigint | undefined;
  #intervalNs = 0n;

  constructor(clock: Clock, fire: () => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** What is left, and the interval; both 0 when it is not set. */
  get state(): { readonly valueNs: bigint; readonly intervalNs: bigint } {
    if (this.#dueNs === undefined) return { valueNs: 0n, intervalNs: 0n };
    const leftNs = this.#dueNs - this.#clock.monotonicNs();
    // Zero would say that it is not set.
    return { valueNs: leftNs > 0n ? leftNs : 1n, intervalNs: this.#intervalNs };
  }

  /** A value of 0 takes it off. */
  set(valueNs: bigint, intervalNs: bigint): void {
    this.cancel();
    if (valueNs === 0n) return;
    this.#intervalNs =
      intervalNs > 0n && intervalNs < MIN_INTERVAL_NS ? MIN_INTERVAL_NS : intervalNs;
    this.#arm(this.#clock.monotonicNs() + valueNs);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueNs = undefined;
  }

  #arm(dueNs: bigint): void {
    this.#dueNs = dueNs;
    const leftNs = dueNs - this.#clock.monotonicNs();
    const delayMs = leftNs <= 0n ? 0 : Number((leftNs + 999_999n) / 1_000_000n);
    this.#timer = this.#clock.startTimer(Math.min(delayMs, MAX_DELAY_MS), () => this.#expire());
  }

  #expire(): void {
    const dueNs = this.#dueNs;
    if (dueNs === undefined) return;
    const nowNs = this.#clock.monotonicNs();
    if (nowNs < dueNs) {
      this.#arm(dueNs);
      return;
    }
    if (this.#intervalNs === 0n) this.cancel();
    // Expirations that were missed are one.
    else this.#arm(dueNs + this.#intervalNs * ((nowNs - dueNs) / this.#intervalNs + 1n));
    this.#fire();
  }
}
