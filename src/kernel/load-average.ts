/** Over one, five and fifteen minutes (proc_loadavg(5)). */
const SPANS_MS = [60_000, 300_000, 900_000] as const;

/**
 * How many threads wanted to run, as moving averages. Looked at when it is asked for, so that
 * nothing has to be counted meanwhile: what has been seen last counts for the time since.
 */
export class LoadAverage {
  #averages: [number, number, number] = [0, 0, 0];
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** `runnableCount`: those that run or wait for their turn now. */
  sample(runnableCount: number, nowMs: number): readonly [number, number, number] {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    const [one, five, fifteen] = this.#averages;
    const next = (average: number, spanMs: number): number =>
      runnableCount + (average - runnableCount) * Math.exp(-passedMs / spanMs);
    this.#averages = [next(one, SPANS_MS[0]), next(five, SPANS_MS[1]), next(fifteen, SPANS_MS[2])];
    return this.#averages;
  }
}
