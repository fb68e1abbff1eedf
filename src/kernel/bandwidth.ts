/**
 * A share of something in each period, as Linux's CFS bandwidth control: what is left at the end
 * of a period is lost, what was used too much is owed by the next.
 */
export class Bandwidth {
  readonly quota: number;
  readonly periodMs: number;
  #left: number;
  #periodStartMs: number;
  #periodCount = 0;

  /** `quota`: in any unit, for each period. */
  constructor(quota: number, periodMs: number, nowMs: number) {
    this.quota = quota;
    this.periodMs = periodMs;
    this.#left = quota;
    this.#periodStartMs = nowMs;
  }

  /** Periods that have passed. */
  get periodCount(): number {
    return this.#periodCount;
  }

  /** When the present period ends. */
  get refillAtMs(): number {
    return this.#periodStartMs + this.periodMs;
  }

  /** What may still be used in this period; zero or less: nothing. */
  leftAt(nowMs: number): number {
    const passed = Math.floor((nowMs - this.#periodStartMs) / this.periodMs);
    if (passed > 0) {
      this.#periodStartMs += passed * this.periodMs;
      this.#periodCount += passed;
      this.#left = Math.min(this.quota, this.#left + passed * this.quota);
    }
    return this.#left;
  }

  spend(amount: number): void {
    this.#left -= amount;
  }
}
