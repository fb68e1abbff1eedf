import type { Clock, Timer } from '../base/clock.ts';
import type { Turns } from '../kernel/turns.ts';
import { withCalls } from '../vfs/host-files.ts';
import type { CellHost } from './cell-host.ts';

/** One unit of fuel takes so long by the clock of a deterministic cell. */
const NANOSECONDS_PER_FUEL = 1n;
/** When its time begins: 2000-01-01T00:00:00Z. */
const EPOCH_NS = 946_684_800_000_000_000n;
const SHA256_SIZE = 32;
/** What machines of a few GiB can have as well. */
const THREAD_LIMIT = 256;

/**
 * A host whose clock and randomness are functions of a seed and of what the guests do, so that the
 * same containers run the same way again.
 *
 * # Theory of operation
 * Time is fuel: it passes as guests compute, and so do slices and quotas. While nobody can run it
 * leaps to the next timer, but not past an operation of the host that is under way. Randomness is
 * sha256 in counter mode. What is left of the world outside: standard input, as it arrives, and the
 * times and inode numbers of host files.
 */
export class DeterministicHost implements CellHost {
  readonly clock: Clock;
  readonly turns: Turns;
  readonly files: CellHost['files'];
  /** The same for every run, wherever it is. */
  readonly memoryBytes = 1 << 30;
  /** The same, unless the machine is a small one. */
  readonly threadLimit: number;
  readonly rewriteCacheDirectory: string | undefined;
  readonly sha256: CellHost['sha256'];
  readonly reportBug: CellHost['reportBug'];
  readonly #seed: string;
  #blockCount = 0;

  /** `fuelUsed` tells the fuel that all guests of the cell have used until now. */
  constructor(host: CellHost, seed: string, fuelUsed: () => number) {
    const time = new FuelTime(host.turns, fuelUsed);
    this.#seed = seed;
    this.clock = time;
    this.turns = time;
    const { fs } = host.files;
    const held = (call: typeof fs.fsync): typeof fs.fsync => {
      return (fd, callback) => {
        const release = time.hold();
        call(fd, (error) => {
          release();
          callback(error);
        });
      };
    };
    const calls = { fsync: held(fs.fsync), fdatasync: held(fs.fdatasync) };
    this.files = { ...host.files, fs: withCalls(fs, calls) };
    this.rewriteCacheDirectory = host.rewriteCacheDirectory;
    this.threadLimit = Math.min(THREAD_LIMIT, host.threadLimit);
    this.sha256 = host.sha256;
    this.reportBug = host.reportBug;
  }

  readonly fillRandom = (target: Uint8Array): void => {
    for (let start = 0; start < target.length; start += SHA256_SIZE) {
      const block = this.sha256(new TextEncoder().encode(`${this.#seed}:${this.#blockCount++}`));
      const part = target.subarray(start, start + SHA256_SIZE);
      for (let index = 0; index < part.length; index++) {
        part[index] = Number.parseInt(block.slice(index * 2, index * 2 + 2), 16);
      }
    }
  };
}

interface PendingTimer {
  readonly atNs: bigint;
  readonly callback: () => void;
}

class FuelTime implements Clock, Turns {
  readonly #turns: Turns;
  readonly #fuelUsed: () => number;
  /** Time that passed while nobody computed. */
  #leaptNs = 0n;
  readonly #timers: PendingTimer[] = [];
  readonly #due: (() => void)[] = [];
  #holdCount = 0;
  #isTurnDue = false;

  constructor(turns: Turns, fuelUsed: () => number) {
    this.#turns = turns;
    this.#fuelUsed = fuelUsed;
  }

  realtimeNs(): bigint {
    return EPOCH_NS + this.monotonicNs();
  }

  monotonicNs(): bigint {
    return this.#leaptNs + BigInt(this.#fuelUsed()) * NANOSECONDS_PER_FUEL;
  }

  monotonicMs(): number {
    return Number(this.monotonicNs()) / 1e6;
  }

  startTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atNs: this.monotonicNs() + BigInt(Math.ceil(delayMs * 1e6)), callback };
    // Among those of the same time the first to be started is the first to fire.
    const later = this.#timers.findIndex(({ atNs }) => atNs > timer.atNs);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    this.#requestTurn();
    return {
      cancel: () => {
        const place = this.#timers.indexOf(timer);
        if (place >= 0) this.#timers.splice(place, 1);
      },
    };
  }

  atNextTurn(callback: () => void): void {
    this.#due.push(callback);
    this.#requestTurn();
  }

  /** An operation of the host is under way: time does not leap until it is released. */
  hold(): () => void {
    this.#holdCount += 1;
    return () => {
      this.#holdCount -= 1;
      this.#requestTurn();
    };
  }

  #requestTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#turns.atNextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#isTurnDue = false;
    for (let timer = this.#timers[0]; timer; timer = this.#timers[0]) {
      const nowNs = this.monotonicNs();
      if (timer.atNs > nowNs) {
        if (this.#due.length > 0 || this.#holdCount > 0) break;
        this.#leaptNs += timer.atNs - nowNs;
      }
      this.#timers.shift();
      timer.callback();
    }
    const due = this.#due.splice(0);
    for (const callback of due) callback();
    // Timers that were not due now are looked at again once the guests that run now have run.
    if (this.#timers.length > 0 && this.#holdCount === 0) this.#requestTurn();
  }
}
