import type { Timer } from '../base/clock.ts';
import { SIGNALS } from '../base/signals.ts';
import type { ControlGroup } from './control-group.ts';
import { signaled } from './exit-status.ts';
import type { FdTable } from './fd-table.ts';
import { StreamHandle } from './file-description.ts';
import type { FuelGauge } from './fuel-gauge.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Process } from './process.ts';
import type { ProgramInstance } from './program.ts';
import {
  ACTION_FLAGS,
  blockable,
  DEFAULT_ACTION,
  hasFlag,
  kernelSignal,
  NO_SIGNALS,
  type SignalAction,
  type SignalInfo,
  type SignalSet,
  signalSetOf,
} from './signals.ts';
import type { System } from './system.ts';
import type { WaitQueue } from './wait-queue.ts';

/** A condition on which a blocked thread waits; any one wakes it. */
export interface WaitConditions {
  readonly queues?: readonly WaitQueue[];
  /** Monotonic time at which to wake in any case. */
  readonly deadlineNs?: bigint;
  /** Wakes when it settles. Must not reject. */
  readonly promise?: Promise<void>;
}

/** What a handler's return brings back. */
interface HandlerFrame {
  readonly mask: SignalSet;
  readonly retry: unknown;
  readonly info: SignalInfo;
  /** The hostcall that was blocked must not block again. */
  readonly interrupts: boolean;
}

/** Reading the clock costs more than most hostcalls: it is looked at once in so many. */
const CALLS_PER_CLOCK_READ = 16;
/** Timers of the host take at most 2^31 - 1 ms; whoever waits longer is woken and waits again. */
const MAX_TIMER_MS = 2_147_483_647;
/**
 * Fuel is handed out in portions that take about so long: the hook that asks for more costs nothing
 * that could be measured then, and a slice overruns by no more. How much work that is differs a
 * hundredfold between programs, so that each thread's portion follows what it took.
 */
const PORTION_MS = 0.2;
const FIRST_PORTION = 50_000;
const MIN_PORTION = 10_000;
const MAX_PORTION = 4_000_000;

/** What `wait` answers the glue. */
const CONTINUE = 0;
const STOP = 1;

export const OUT_OF_FUEL = 'out of fuel';

/**
 * A thread: an instance of a program that runs as a coroutine of this cell.
 *
 * # Theory of operation
 * A hostcall that cannot be answered yet says what it waits for (`blockOn`) and answers
 * WOULD_BLOCK; the ABI's glue then calls `wait`, on whose promise the guest's stack is suspended.
 * Any of the conditions makes the thread ready; the scheduler resumes it when its turn comes, and
 * the hostcall is tried from the start. What it must remember across tries (a deadline, a host
 * operation under way) it keeps in `retry`.
 *
 * Rewritten code calls `refuel` whenever it has used up what it was given: the place where a
 * program that makes no hostcalls is interrupted, throttled or ended.
 *
 * At both places the thread first attends to what has happened to its process (`attend`): it ends,
 * it is stopped, or a signal has a handler, which the glue then calls as a guest's function among
 * guest's frames. A hostcall that was blocked is tried once more after the handler, and answers
 * EINTR if it still had to wait, unless the handler was installed with SA_RESTART.
 *
 * A thread ends with its process (`Process.end`): from then on every hostcall answers EXIT and every
 * wait answers "do not go on", and the glue executes `unreachable`. So nothing of ours is thrown
 * through guest frames.
 */
export class Thread {
  /**
   * On whose behalf it runs: its own process, or, after vfork, the child until that has a program
   * of its own.
   */
  process: Process;
  readonly home: Process;
  readonly tid: number;
  readonly instance: ProgramInstance;
  readonly memory: GuestMemory;
  readonly #fuel: FuelGauge;
  /** What the hostcall under way keeps between its tries; cleared when it is answered. */
  retry: unknown;
  /** Something may have happened that `attend` must look at. */
  hasAttention = true;
  signalMask: SignalSet;
  /** Of the signal whose handler runs. */
  signalInfo: SignalInfo = kernelSignal(0);

  #conditions: WaitConditions | 'next-turn' = 'next-turn';
  #resume: ((answer: number) => void) | undefined;
  #leaveQueues: (() => void) | undefined;
  #isReplaced = false;
  /** The hostcall that blocked, until it is tried again. */
  #blockedCall: { readonly isRestartable: boolean } | undefined;
  #isInterrupted = false;
  readonly #handlerFrames: HandlerFrame[] = [];
  /** Those whose children it has run on behalf of, the outermost first. */
  readonly #lenders: { readonly process: Process; readonly signalMask: SignalSet }[] = [];
  #portion = FIRST_PORTION;
  #portionStartMs = 0;
  #ranMs = 0;
  #accountedFuel = 0;
  #callsUntilClockRead = CALLS_PER_CLOCK_READ;

  constructor(process: Process, tid: number, instance: ProgramInstance, signalMask: SignalSet) {
    this.process = process;
    this.home = process;
    this.tid = tid;
    this.instance = instance;
    this.memory = instance.memory;
    this.#fuel = instance.fuel;
    this.signalMask = signalMask;
  }

  get system(): System {
    return this.home.system;
  }

  get fds(): FdTable {
    return this.process.fds;
  }

  get group(): ControlGroup {
    return this.system.group;
  }

  /** True when it must not run any further. */
  get isEnding(): boolean {
    return this.#isReplaced || this.home.ending !== undefined;
  }

  get fuelUsed(): number {
    return this.#fuel.used;
  }

  /** What it was given and has not used. */
  get fuelLeft(): number {
    return Math.max(0, this.#fuel.left);
  }

  /** Time in which it ran. */
  get cpuTimeMs(): number {
    const { clock, scheduler } = this.system;
    const isRunning = scheduler.running === this;
    return this.#ranMs + (isRunning ? clock.monotonicMs() - scheduler.sliceStartMs : 0);
  }

  /** Waits for the first turn; false: it was ended before. */
  async begin(): Promise<boolean> {
    this.#conditions = 'next-turn';
    return (await this.wait()) === CONTINUE;
  }

  /** Its guest code is done: tells the scheduler and the process. */
  finish(): void {
    this.system.scheduler.leave(this);
    // An end of a FIFO whose other end did not come.
    if (this.retry instanceof StreamHandle) this.retry.discard();
    // Children that it was running for had nothing else to run them.
    while (this.isBorrowed) {
      this.process.end({ status: signaled(SIGNALS.SIGKILL) });
      this.giveBack();
    }
    this.home.forget(this);
  }

  /** Ends this thread, as its program makes way for another. */
  replace(): void {
    this.#isReplaced = true;
    this.stop();
  }

  /** The process ends: out of its wait, or at its next hostcall or hook. */
  stop(): void {
    this.hasAttention = true;
    if (!this.#resume) return;
    this.#leaveQueues?.();
    this.#leaveQueues = undefined;
    this.system.scheduler.expedite(this);
  }

  /** Something has happened that a thread must attend to, also one that waits. */
  notice(): void {
    this.hasAttention = true;
    if (this.#blockedCall) this.#wake();
  }

  /** Goes on on behalf of a child that shares its memory (see vfork.ts). */
  borrow(child: Process): void {
    this.#lenders.push({ process: this.process, signalMask: this.signalMask });
    this.process = child;
  }

  get isBorrowed(): boolean {
    return this.#lenders.length > 0;
  }

  /** Is the parent's again. */
  giveBack(): void {
    const lender = this.#lenders.pop();
    this.process = lender?.process ?? this.home;
    this.signalMask = lender?.signalMask ?? this.signalMask;
    this.hasAttention = true;
  }

  /** Says what the hostcall that is about to answer WOULD_BLOCK waits for. */
  blockOn(conditions: WaitConditions): void {
    this.#conditions = conditions;
  }

  /** Says that the hostcall about to answer WOULD_BLOCK only gives way to others. */
  giveWay(): void {
    this.#conditions = 'next-turn';
  }

  /** For the trampoline: the hostcall answers WOULD_BLOCK, and its caller is about to `wait`. */
  noteBlocked(isRestartable: boolean): void {
    this.#blockedCall = this.#conditions === 'next-turn' ? undefined : { isRestartable };
  }

  /** True when the thread has run so long that others must have their turn; for hostcalls. */
  isSliceOver(): boolean {
    if (--this.#callsUntilClockRead > 0) return false;
    this.#callsUntilClockRead = CALLS_PER_CLOCK_READ;
    return this.system.scheduler.isSliceOver();
  }

  /** What must come before anything else is done for the guest. */
  attend(): 'nothing' | 'exit' | 'wait' | 'handler' {
    if (this.isEnding) return 'exit';
    const { process } = this;
    if (process.isStopped) {
      this.#conditions = { queues: [process.continued] };
      return 'wait';
    }
    if (this.instance.forking?.isBusy) return 'nothing';
    if (process.hasSignalFor(this)) return 'handler';
    this.hasAttention = this.#isInterrupted;
    return 'nothing';
  }

  /** A handler ran while the hostcall under way was blocked: it must not block again. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** For the trampoline: the hostcall has been answered. */
  settle(): void {
    this.retry = undefined;
    this.#isInterrupted = false;
  }

  /**
   * Takes the signal whose handler is to be called now; the glue calls it, and then `handled`, or
   * `leftHandler` when it left by longjmp.
   */
  takeSignal():
    | { readonly signal: number; readonly handler: WebAssembly.ExportedFunction }
    | undefined {
    const { signals } = this.process;
    const info = this.process.takeSignalFor(this);
    const handler = this.instance.handlerNamed(signals.handlerExport ?? '');
    if (!info || !handler) return undefined;
    const action = signals.action(info.signal);
    this.#handlerFrames.push({
      mask: this.signalMask,
      retry: this.retry,
      info: this.signalInfo,
      interrupts: this.#interruptedBy(action),
    });
    this.retry = undefined;
    this.#blockedCall = undefined;
    this.signalInfo = info;
    this.signalMask = blockable(
      this.signalMask |
        action.mask |
        (hasFlag(action, ACTION_FLAGS.noDefer) ? NO_SIGNALS : signalSetOf(info.signal)),
    );
    if (hasFlag(action, ACTION_FLAGS.resetHandler)) signals.setAction(info.signal, DEFAULT_ACTION);
    return { signal: info.signal, handler };
  }

  /** The handler has returned. */
  handled(): void {
    const frame = this.#handlerFrames.pop();
    if (!frame) return;
    this.signalMask = frame.mask;
    this.retry = frame.retry;
    this.signalInfo = frame.info;
    this.#isInterrupted = frame.interrupts;
    this.hasAttention = true;
  }

  /**
   * The handler has left for a place below the hostcall in which it ran, which is over with it. As
   * longjmp has it, what the handler blocked stays blocked.
   */
  leftHandler(): void {
    const frame = this.#handlerFrames.pop();
    if (frame) this.signalInfo = frame.info;
    this.settle();
  }

  /** Guest frames of handlers stand on its stack. */
  get isHandling(): boolean {
    return this.#handlerFrames.length > 0;
  }

  #interruptedBy(action: SignalAction): boolean {
    if (!this.#blockedCall) return false;
    return !(this.#blockedCall.isRestartable && hasFlag(action, ACTION_FLAGS.restart));
  }

  /**
   * The glue's `wait`: resolves to 0 when the hostcall is to be tried again, to 1 when the thread
   * must not go on.
   */
  wait(): Promise<number> {
    return new Promise((resolve) => {
      const { scheduler } = this.system;
      this.#resume = resolve;
      scheduler.leave(this);
      if (this.isEnding) {
        scheduler.expedite(this);
      } else if (this.#conditions === 'next-turn' || this.#mustNotBlock()) {
        scheduler.ready(this);
      } else {
        this.#leaveQueues = this.#waitOn(this.#conditions, () => this.#wake());
      }
    });
  }

  /** A signal with a handler came while the hostcall made up its mind. */
  #mustNotBlock(): boolean {
    const isBlocked = this.#blockedCall !== undefined && !this.process.isStopped;
    return isBlocked && this.hasAttention && this.process.hasSignalFor(this);
  }

  /** For the scheduler: lets the guest go on. */
  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    this.#callsUntilClockRead = CALLS_PER_CLOCK_READ;
    resume?.(this.isEnding ? STOP : CONTINUE);
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
   * The hook for fuel: `continue` when the program goes on, `stop` when it must not, `handler` when
   * a signal's is to be called first, and `would-block` when its slice is over.
   */
  refuel(): 'continue' | 'stop' | 'would-block' | 'handler' {
    if (this.hasAttention) {
      const answer = this.#attendAtYield();
      if (answer) return answer;
    }
    const { group } = this;
    const { clock, scheduler } = this.system;
    const nowMs = clock.monotonicMs();
    this.#fitPortion(nowMs);
    const debt = Math.max(0, -this.#fuel.left);
    // What the rate allows is known after each portion, so that a slice does not outrun it.
    const rateLeft = group.fuelRateLeftAt(nowMs) - this.unaccountedFuel;
    const portion = Math.min(this.#portion, Math.max(MIN_PORTION, rateLeft));
    const given = group.takeFuel(debt + portion);
    this.#fuel.give(given);
    if (given < debt) {
      this.home.end({ status: signaled(SIGNALS.SIGKILL), reason: OUT_OF_FUEL });
      return 'stop';
    }
    if (rateLeft > 0 && !scheduler.isSliceOverAt(nowMs)) return 'continue';
    this.giveWay();
    this.#blockedCall = undefined;
    return 'would-block';
  }

  #attendAtYield(): 'stop' | 'would-block' | 'handler' | undefined {
    // A hostcall that was interrupted has been answered by now.
    this.#blockedCall = undefined;
    switch (this.attend()) {
      case 'exit':
        return 'stop';
      case 'wait':
        return 'would-block';
      case 'handler':
        return 'handler';
      case 'nothing':
        return undefined;
    }
  }

  /** Doubles or halves the portion at most, as single measurements are noisy. */
  #fitPortion(nowMs: number): void {
    const { sliceStartMs } = this.system.scheduler;
    const tookMs = nowMs - Math.max(this.#portionStartMs, sliceStartMs);
    const factor = tookMs < PORTION_MS / 2 ? 2 : tookMs > PORTION_MS * 2 ? 0.5 : 1;
    this.#portion = Math.min(MAX_PORTION, Math.max(MIN_PORTION, this.#portion * factor));
    this.#portionStartMs = nowMs;
  }

  #wake(): void {
    // Several conditions may come true in one turn.
    if (!this.#leaveQueues) return;
    this.#leaveQueues();
    this.#leaveQueues = undefined;
    this.system.scheduler.ready(this);
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
    const { clock } = this.system;
    const leftNs = deadlineNs - clock.monotonicNs();
    // Rounded up: a timer that fires early would only make the hostcall wait a second time.
    const delayMs = leftNs <= 0n ? 0 : Number((leftNs + 999_999n) / 1_000_000n);
    return clock.startTimer(Math.min(delayMs, MAX_TIMER_MS), wake);
  }
}
