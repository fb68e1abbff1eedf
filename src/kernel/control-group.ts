import { DEFAULT_CPU_SHARES, type Resources, type Usage } from '../spec/resources.ts';
import { Bandwidth } from './bandwidth.ts';
import { MemoryAccount } from './memory-account.ts';
import type { Process } from './process.ts';
import type { Thread } from './thread.ts';

/** Fuel is handed out in these periods, so that a rate is kept within a tenth of a second. */
const FUEL_PERIOD_MS = 100;

/**
 * The limits and the account of one container, as a cgroup has them for the processes of one on
 * Linux: the scheduler asks it what may run and how much, and tells it what was used.
 */
export class ControlGroup {
  readonly memory: MemoryAccount;
  /** Service received so far, weighted: the scheduler serves the group that has least. */
  virtualTimeMs = 0;
  /** Those that could run, in the order in which they became so. */
  readonly runnable: Thread[] = [];
  isPaused = false;

  readonly #members = new Set<Process>();
  #weight = 1;
  #cpu: Bandwidth | undefined;
  #fuelRate: Bandwidth | undefined;
  /** What all its processes may use in its whole life, and what of it they have been given. */
  #fuelBudget = Number.POSITIVE_INFINITY;
  #fuelGiven = 0;
  #cpuMs = 0;
  /** Fuel of the members that are gone. */
  #goneFuel = 0;
  #throttledMs = 0;
  #throttledSinceMs: number | undefined;
  #throttledPeriodCount = 0;
  #refillAtMs = 0;
  #pastPeriodCount = 0;

  constructor(resources: Resources, nowMs: number) {
    this.memory = new MemoryAccount(Number.POSITIVE_INFINITY);
    this.update(resources, nowMs);
  }

  /** Puts other limits in force; what was used stays used. */
  update(resources: Resources, nowMs: number): void {
    this.#weight = resources.cpuShares / DEFAULT_CPU_SHARES;
    this.memory.limitBytes = resources.memoryBytes ?? Number.POSITIVE_INFINITY;
    this.#pastPeriodCount += this.#cpu?.periodCount ?? 0;
    const { cpuBandwidth, fuelPerSecond } = resources;
    this.#cpu =
      cpuBandwidth &&
      new Bandwidth(
        cpuBandwidth.quotaMicroseconds / 1000,
        cpuBandwidth.periodMicroseconds / 1000,
        nowMs,
      );
    this.#fuelRate =
      fuelPerSecond === undefined
        ? undefined
        : new Bandwidth((fuelPerSecond * FUEL_PERIOD_MS) / 1000, FUEL_PERIOD_MS, nowMs);
    this.#fuelBudget = resources.fuel ?? Number.POSITIVE_INFINITY;
  }

  add(process: Process): void {
    this.#members.add(process);
  }

  /** Takes what an ended process used into the sums. */
  remove(process: Process): void {
    if (this.#members.delete(process)) this.#goneFuel += process.fuelUsed;
  }

  /** Takes back what a thread that is gone did not use. */
  returnFuel(amount: number): void {
    this.#fuelGiven -= amount;
  }

  /** Hands out at most `wanted` units of the container's fuel; less means that no more is left. */
  takeFuel(wanted: number): number {
    const taken = Math.max(0, Math.min(wanted, this.#fuelBudget - this.#fuelGiven));
    this.#fuelGiven += taken;
    return taken;
  }

  /** What is spent counts at once, and is owed when there was not as much left. */
  spend(cpuMs: number, fuel: number): void {
    this.#cpuMs += cpuMs;
    this.virtualTimeMs += cpuMs / this.#weight;
    this.#cpu?.spend(cpuMs);
    this.#fuelRate?.spend(fuel);
  }

  /**
   * How long one of its processes may run now, in milliseconds: 0 when it is throttled or paused.
   */
  allowanceAt(nowMs: number): number {
    if (this.isPaused) return 0;
    const cpuLeft = this.#cpu?.leftAt(nowMs) ?? Number.POSITIVE_INFINITY;
    const fuelLeft = this.fuelRateLeftAt(nowMs);
    const isThrottled = cpuLeft <= 0 || fuelLeft <= 0;
    this.#noteThrottle(isThrottled, nowMs);
    if (!isThrottled) return cpuLeft;
    this.#refillAtMs = Math.max(
      (cpuLeft <= 0 ? this.#cpu?.refillAtMs : undefined) ?? nowMs,
      (fuelLeft <= 0 ? this.#fuelRate?.refillAtMs : undefined) ?? nowMs,
    );
    return 0;
  }

  /** What the processes may still use in this period of the container's rate of fuel. */
  fuelRateLeftAt(nowMs: number): number {
    return this.#fuelRate?.leftAt(nowMs) ?? Number.POSITIVE_INFINITY;
  }

  /** It has a quota, so that it can be throttled. */
  get isLimited(): boolean {
    return this.#cpu !== undefined || this.#fuelRate !== undefined;
  }

  /** When a group that `allowanceAt` found throttled is to be asked again. */
  get refillAtMs(): number {
    return this.#refillAtMs;
  }

  usage(): Usage {
    const processes = [...this.#members].map((process) => ({
      pid: process.pid,
      command: process.args.join(' '),
      fuel: process.fuelUsed,
      cpuNanoseconds: Math.round(process.cpuTimeMs * 1e6),
      memoryBytes: process.memoryBytes,
    }));
    return {
      fuel: processes.reduce((sum, { fuel }) => sum + fuel, this.#goneFuel),
      cpuNanoseconds: Math.round(this.#cpuMs * 1e6),
      throttledNanoseconds: Math.round(this.#throttledMs * 1e6),
      periodCount: this.#pastPeriodCount + (this.#cpu?.periodCount ?? 0),
      throttledPeriodCount: this.#throttledPeriodCount,
      memoryBytes: this.memory.usedBytes,
      peakMemoryBytes: this.memory.peakBytes,
      memoryFailureCount: this.memory.failureCount,
      processes,
    };
  }

  #noteThrottle(isThrottled: boolean, nowMs: number): void {
    if (isThrottled && this.#throttledSinceMs === undefined) {
      this.#throttledSinceMs = nowMs;
      this.#throttledPeriodCount += 1;
    }
    if (!isThrottled && this.#throttledSinceMs !== undefined) {
      // It may be asked long after its quota was refilled.
      this.#throttledMs += Math.min(nowMs, this.#refillAtMs) - this.#throttledSinceMs;
      this.#throttledSinceMs = undefined;
    }
  }
}
