import type { Clock, Timer } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import type { ControlGroup } from './control-group.ts';
import type { FdTable } from './fd-table.ts';
import type { FuelGauge } from './fuel-gauge.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Scheduler } from './scheduler.ts';
import type { WaitQueue } from './wait-queue.ts';

/**
 * A green process: a program that runs as a coroutine of this cell.
 *
 * # Theory of operation
 * A hostcall that cannot be answered yet says what it waits for (`blockOn`) and answers
 * WOULD_BLOCK; the ABI's glue then calls `wait`, on whose promise the guest's stack is suspended.
 * Any of the conditions makes the process ready; the scheduler resumes it when its turn comes, and
 * the hostcall is tried from the start. What it must remember across tries (a deadline, a host
 * operation under way) it keeps in `retry`.
 *
 * Rewritten code calls `refuel` whenever it has used up what it was given: the place where a
 * program that makes no hostcalls is interrupted, throttled or ended.
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
  readonly pid: number;
  readonly args: readonly string[];
  /** `NAME=value` strings. */
  readonly env: readonly string[];
  readonly fds: FdTable;
  /** The container's files; borrowed. */
  readonly files: FileTree;
  readonly group: ControlGroup;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** What the guest's clocks show is rounded down to this. */
  readonly clockGrainNs: bigint;
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

/** Reading the clock costs more than most hostcalls: it is looked at once in so many. */
const CALLS_PER_CLOCK_READ = 16;
/** Timers of the host take at most 2^31 - 1 ms; whoever waits longer is woken and waits again. */
const MAX_TIMER_MS = 2_147_483_647;
/**
 * Fuel is handed out in portions that take about so long: the hook that asks for more costs nothing
 * that could be measured then, and a slice overruns by no more. How much work that is differs a
 * hundredfold between programs, so that each process's portion follows what it took.
 */
const PORTION_MS = 0.2;
const FIRST_PORTION = 50_000;
const MIN_PORTION = 10_000;
const MAX_PORTION = 4_000_000;
const PAGE_SIZE = 65_536;
/** What V8 takes for an entry of a table, measured at ten million. */
const TABLE_ENTRY_SIZE = 32;

/** What `wait` and the hooks answer rewritten code. */
const CONTINUE = 0;
const STOP = 1;
const ALLOWED = 1;
const REFUSED = 0;

export const OUT_OF_FUEL = 'out of fuel';

export class Process {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly fds: FdTable;
  readonly files: FileTree;
  readonly group: ControlGroup;
  readonly clock: Clock;
  readonly fillRandom: (target: Uint8Array) => void;
  /** What the hostcall under way keeps between its tries; cleared when it is answered. */
  retry: unknown;

  readonly #scheduler: Scheduler;
  readonly #clockGrainNs: bigint;
  #memory: GuestMemory | undefined;
  #fuel: FuelGauge | undefined;
  #end: ProcessEnd | undefined;
  #conditions: WaitConditions | 'next-turn' = 'next-turn';
  #resume: ((answer: number) => void) | undefined;
  #leaveQueues: (() => void) | undefined;
  #portion = FIRST_PORTION;
  #portionStartMs = 0;
  #ranMs = 0;
  #accountedFuel = 0;
  /** Of the group's memory, what is charged for this process. */
  #memoryBytes = 0;
  #tableBytes = 0;
  #wasRefusedMemory = false;
  #callsUntilClockRead = CALLS_PER_CLOCK_READ;

  constructor(options: ProcessOptions) {
    this.pid = options.pid;
    this.args = options.args;
    this.env = options.env;
    this.fds = options.fds;
    this.files = options.files;
    this.group = options.group;
    this.clock = options.clock;
    this.fillRandom = options.fillRandom;
    this.#scheduler = options.scheduler;
    this.#clockGrainNs = options.clockGrainNs;
    this.group.add(this);
  }

  /**
   * The guest's memory; only there once the program is instantiated, which is before its first
   * hostcall.
   */
  get memory(): GuestMemory {
    if (!this.#memory) throw new Error('hostcall before the memory was attached');
    return this.#memory;
  }

  /**
   * Charges what an instance of the program will have from its start. Errors: resource-exhausted.
   */
  reserveMemory(initialPages: number, tableEntries: number): void {
    const bytes = initialPages * PAGE_SIZE + tableEntries * TABLE_ENTRY_SIZE;
    if (!this.group.memory.tryCharge(bytes)) {
      throw new EngineError(
        'resource-exhausted',
        `the program needs ${bytes} bytes of memory to start, and may use ${this.group.memory.limitBytes}`,
      );
    }
    this.#memoryBytes = initialPages * PAGE_SIZE;
    this.#tableBytes = tableEntries * TABLE_ENTRY_SIZE;
  }

  /** Connects the process with the instance that runs it. */
  attach(memory: GuestMemory, fuel: FuelGauge): void {
    this.#memory = memory;
    this.#fuel = fuel;
  }

  /** How the process was told to end, when it was. */
  get ending(): ProcessEnd | undefined {
    return this.#end;
  }

  /** True when the last memory that it asked for was refused. */
  get wasRefusedMemory(): boolean {
    return this.#wasRefusedMemory;
  }

  get fuelUsed(): number {
    return this.#fuel?.used ?? 0;
  }

  /** What it was given and has not used. */
  get fuelLeft(): number {
    return Math.max(0, this.#fuel?.left ?? 0);
  }

  get memoryBytes(): number {
    return this.#memoryBytes + this.#tableBytes;
  }

  /** Time in which the guest ran. */
  get cpuTimeMs(): number {
    const isRunning = this.#scheduler.running === this;
    const present = isRunning ? this.clock.monotonicMs() - this.#scheduler.sliceStartMs : 0;
    return this.#ranMs + present;
  }

  /** A time as the guest may see it: by a fine clock guests of a shared cell spy on each other. */
  coarse(timeNs: bigint): bigint {
    return timeNs - (timeNs % this.#clockGrainNs);
  }

  get clockGrainNs(): bigint {
    return this.#clockGrainNs;
  }

  /** Waits for the first turn; false: the process was ended before it. */
  async begin(): Promise<boolean> {
    this.#conditions = 'next-turn';
    return (await this.wait()) === CONTINUE;
  }

  /** Ends the process at its next hostcall or hook, or out of its wait. The first end counts. */
  end(end: ProcessEnd): void {
    if (this.#end) return;
    this.#end = end;
    if (!this.#resume) return;
    this.#leaveQueues?.();
    this.#leaveQueues = undefined;
    this.#scheduler.expedite(this);
  }

  /** Tells the scheduler and the group that it is over, and gives back what it held. */
  finish(): void {
    this.#scheduler.leave(this);
    this.fds.closeAll();
    this.group.remove(this);
    this.group.memory.release(this.memoryBytes);
    this.#memoryBytes = 0;
    this.#tableBytes = 0;
  }

  /** Says what the hostcall that is about to answer WOULD_BLOCK waits for. */
  blockOn(conditions: WaitConditions): void {
    this.#conditions = conditions;
  }

  /** Says that the hostcall about to answer WOULD_BLOCK only gives way to others. */
  giveWay(): void {
    this.#conditions = 'next-turn';
  }

  /** True when the process has run so long that others must have their turn; for hostcalls. */
  isSliceOver(): boolean {
    if (--this.#callsUntilClockRead > 0) return false;
    this.#callsUntilClockRead = CALLS_PER_CLOCK_READ;
    return this.#scheduler.isSliceOver();
  }

  /**
   * The glue's `wait`: resolves to 0 when the hostcall is to be tried again, to 1 when the process
   * must not go on.
   */
  wait(): Promise<number> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#scheduler.leave(this);
      if (this.#end) {
        this.#scheduler.expedite(this);
      } else if (this.#conditions === 'next-turn') {
        this.#scheduler.ready(this);
      } else {
        this.#leaveQueues = this.#waitOn(this.#conditions, () => this.#wake());
      }
    });
  }

  /** For the scheduler: lets the guest go on. */
  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    this.#callsUntilClockRead = CALLS_PER_CLOCK_READ;
    resume?.(this.#end ? STOP : CONTINUE);
  }

  /** For the scheduler: books what was used since the guest was resumed; answers the fuel. */
  account(ranMs: number): number {
    const fuel = this.unaccountedFuel;
    this.#ranMs += ranMs;
    this.#accountedFuel += fuel;
    this.group.spend(ranMs, fuel);
    return fuel;
  }

  /** Used since the guest was resumed. */
  get unaccountedFuel(): number {
    return this.fuelUsed - this.#accountedFuel;
  }

  /**
   * The hook for fuel: answers 0 when the program goes on, 1 when it must not, and WOULD_BLOCK's
   * number when its slice is over.
   */
  refuel(): typeof CONTINUE | typeof STOP | 'would-block' {
    if (this.#end) return STOP;
    const fuel = this.#fuel;
    if (!fuel) return STOP;
    const nowMs = this.clock.monotonicMs();
    this.#fitPortion(nowMs);
    const debt = Math.max(0, -fuel.left);
    // What the rate allows is known after each portion, so that a slice does not outrun it.
    const rateLeft = this.group.fuelRateLeftAt(nowMs) - this.unaccountedFuel;
    const portion = Math.min(this.#portion, Math.max(MIN_PORTION, rateLeft));
    const given = this.group.takeFuel(debt + portion);
    fuel.give(given);
    if (given < debt) {
      this.end({ exitCode: EXIT_CODE_OF_KILL, reason: OUT_OF_FUEL });
      return STOP;
    }
    if (rateLeft > 0 && !this.#scheduler.isSliceOverAt(nowMs)) return CONTINUE;
    this.giveWay();
    return 'would-block';
  }

  /** Doubles or halves the portion at most, as single measurements are noisy. */
  #fitPortion(nowMs: number): void {
    const tookMs = nowMs - Math.max(this.#portionStartMs, this.#scheduler.sliceStartMs);
    const factor = tookMs < PORTION_MS / 2 ? 2 : tookMs > PORTION_MS * 2 ? 0.5 : 1;
    this.#portion = Math.min(MAX_PORTION, Math.max(MIN_PORTION, this.#portion * factor));
    this.#portionStartMs = nowMs;
  }

  /** The hook for memory.grow: 0 refuses. */
  growMemory(pages: number): number {
    const bytes = (pages >>> 0) * PAGE_SIZE;
    this.#settleMemory();
    if (!this.#charge(bytes)) return REFUSED;
    this.#memoryBytes += bytes;
    return ALLOWED;
  }

  /** The hook for table.grow: 0 refuses; a negative number gives back what was not taken. */
  growTable(entries: number): number {
    const bytes = entries * TABLE_ENTRY_SIZE;
    if (bytes < 0) this.group.memory.release(-bytes);
    else if (!this.#charge(bytes)) return REFUSED;
    this.#tableBytes += bytes;
    return ALLOWED;
  }

  #charge(bytes: number): boolean {
    const isAllowed = this.group.memory.tryCharge(bytes);
    this.#wasRefusedMemory = !isAllowed;
    return isAllowed;
  }

  /** A growth that was allowed may have failed for another reason: what is there counts. */
  #settleMemory(): void {
    const excess = this.#memoryBytes - (this.#memory?.sizeBytes ?? this.#memoryBytes);
    this.#memoryBytes -= excess;
    this.group.memory.release(excess);
  }

  #wake(): void {
    // Several conditions may come true in one turn.
    if (!this.#leaveQueues) return;
    this.#leaveQueues();
    this.#leaveQueues = undefined;
    this.#scheduler.ready(this);
  }

  #waitOn(conditions: WaitConditions, wake: () => void): () => void {
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

/** 128 + SIGKILL. */
const EXIT_CODE_OF_KILL = 137;
