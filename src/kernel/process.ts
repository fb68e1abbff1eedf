import type { Clock, Timer } from '../base/clock.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import type { FdTable } from './fd-table.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Turns } from './turns.ts';
import type { WaitQueue } from './wait-queue.ts';

/**
 * A green process: a program that runs as a coroutine of this cell.
 *
 * # Theory of operation
 * A hostcall that cannot be answered yet says what it waits for (`blockOn`) and answers
 * WOULD_BLOCK; the ABI's glue then calls `wait`, on whose promise the guest's stack is suspended.
 * Any of the conditions wakes it, and the hostcall is tried from the start. What it must remember
 * across tries (a deadline, a host operation under way) it keeps in `retry`.
 *
 * A process ends by `end`: from then on every hostcall answers EXIT and every wait answers "do not
 * go on", and the glue executes `unreachable`. So nothing of ours is thrown through guest frames.
 */
export interface ProcessEnd {
  /** 0 to 255, as the parent sees it. */
  readonly exitCode: number;
  readonly reason?: string;
}

export interface ProcessOptions {
  readonly args: readonly string[];
  /** `NAME=value` strings. */
  readonly env: readonly string[];
  readonly fds: FdTable;
  /** The container's files; borrowed. */
  readonly files: FileTree;
  readonly clock: Clock;
  readonly turns: Turns;
  /** Fills with random bytes fit for keys. */
  readonly fillRandom: (target: Uint8Array) => void;
}

/** A condition on which a blocked process waits; any one wakes it. */
export interface WaitConditions {
  readonly queues?: readonly WaitQueue[];
  /** Monotonic time at which to wake in any case. */
  readonly deadlineNs?: bigint;
  /** Wakes when it settles. Must not reject. */
  readonly promise?: Promise<void>;
}

/**
 * How long a process may run without going back to the event loop while it makes hostcalls. Within
 * it others of the cell, the daemon's messages and timers wait.
 */
const SLICE_NS = 5_000_000n;
/** The clock is read once in so many hostcalls, as reading it costs more than most of them. */
const CALLS_PER_CLOCK_READ = 64;
/** Timers of the host take at most 2^31 - 1 ms; whoever waits longer is woken and waits again. */
const MAX_TIMER_MS = 2_147_483_647;

const CONTINUE = 0;
const STOP = 1;

export class Process {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly fds: FdTable;
  readonly files: FileTree;
  readonly clock: Clock;
  readonly fillRandom: (target: Uint8Array) => void;
  /** What the hostcall under way keeps between its tries; cleared when it is answered. */
  retry: unknown;

  readonly #turns: Turns;
  #memory: GuestMemory | undefined;
  #end: ProcessEnd | undefined;
  #conditions: WaitConditions | 'next-turn' = 'next-turn';
  #wake: (() => void) | undefined;
  #resumedAtNs: bigint;
  #ranNs = 0n;
  #callsUntilClockRead = CALLS_PER_CLOCK_READ;

  constructor(options: ProcessOptions) {
    this.args = options.args;
    this.env = options.env;
    this.fds = options.fds;
    this.files = options.files;
    this.clock = options.clock;
    this.fillRandom = options.fillRandom;
    this.#turns = options.turns;
    this.#resumedAtNs = options.clock.monotonicNs();
  }

  /**
   * The guest's memory; only there once the program is instantiated, which is before its first
   * hostcall.
   */
  get memory(): GuestMemory {
    if (!this.#memory) throw new Error('hostcall before the memory was attached');
    return this.#memory;
  }

  attachMemory(memory: GuestMemory): void {
    this.#memory = memory;
  }

  /** How the process was told to end, when it was. */
  get ending(): ProcessEnd | undefined {
    return this.#end;
  }

  /** Time in which the guest ran, in nanoseconds. */
  get cpuTimeNs(): bigint {
    return this.#ranNs + (this.clock.monotonicNs() - this.#resumedAtNs);
  }

  /** Ends the process at its next hostcall, or out of its wait. The first end counts. */
  end(end: ProcessEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#wake?.();
  }

  /** Says what the hostcall that is about to answer WOULD_BLOCK waits for. */
  blockOn(conditions: WaitConditions): void {
    this.#conditions = conditions;
  }

  /** Says that the hostcall about to answer WOULD_BLOCK only gives way to others. */
  giveWay(): void {
    this.#conditions = 'next-turn';
  }

  /** True when the process has run so long that others must have their turn. */
  isSliceOver(): boolean {
    if (--this.#callsUntilClockRead > 0) return false;
    this.#callsUntilClockRead = CALLS_PER_CLOCK_READ;
    return this.clock.monotonicNs() - this.#resumedAtNs > SLICE_NS;
  }

  /**
   * The glue's `wait`: resolves to 0 when the hostcall is to be tried again, to 1 when the process
   * must not go on.
   */
  wait(): Promise<number> {
    this.#ranNs += this.clock.monotonicNs() - this.#resumedAtNs;
    return new Promise((resolve) => {
      const leave = this.#waitOn(this.#conditions, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        leave();
        this.#resumedAtNs = this.clock.monotonicNs();
        this.#callsUntilClockRead = CALLS_PER_CLOCK_READ;
        resolve(this.#end ? STOP : CONTINUE);
      };
      if (this.#end) this.#wake();
    });
  }

  #waitOn(conditions: WaitConditions | 'next-turn', wake: () => void): () => void {
    if (conditions === 'next-turn') {
      this.#turns.atNextTurn(wake);
      return () => {};
    }
    const leaves = (conditions.queues ?? []).map((queue) => queue.add(wake));
    const timer = this.#startTimer(conditions.deadlineNs, wake);
    conditions.promise?.then(wake);
    return () => {
      timer?.cancel();
      for (const leave of leaves) leave();
    };
  }

  #startTimer(deadlineNs: bigint | undefined, wake: () => void): Timer | undefined {
    if (deadlineNs === undefined) return undefined;
    const leftNs = deadlineNs - this.clock.monotonicNs();
    // Rounded up: a timer that fires early would only make the hostcall wait a second time.
    const delayMs = leftNs <= 0n ? 0 : Number((leftNs + 999_999n) / 1_000_000n);
    return this.clock.startTimer(Math.min(delayMs, MAX_TIMER_MS), wake);
  }
}
