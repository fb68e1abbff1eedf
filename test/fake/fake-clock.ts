import type { Clock, Timer } from '../../src/base/clock.ts';

/** A clock that stands still until told; timers fire in order as it passes them. */
export class FakeClock implements Clock {
  #nowNs = 1_000_000_000n;
  readonly #timers = new Set<{ atNs: bigint; callback: () => void }>();

  realtimeNs(): bigint {
    return 1_700_000_000_000_000_000n + this.#nowNs;
  }

  monotonicNs(): bigint {
    return this.#nowNs;
  }

  monotonicMs(): number {
    return Number(this.#nowNs) / 1e6;
  }

  startTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atNs: this.#nowNs + BigInt(Math.round(delayMs * 1e6)), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves time on, firing what is due. */
  advance(milliseconds: number): void {
    const targetNs = this.#nowNs + BigInt(Math.round(milliseconds * 1e6));
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.atNs <= targetNs)
        .sort((a, b) => (a.atNs < b.atNs ? -1 : 1))[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#nowNs = due.atNs > this.#nowNs ? due.atNs : this.#nowNs;
      due.callback();
    }
    this.#nowNs = targetNs;
  }
}
