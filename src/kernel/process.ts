import { SIGNALS } from '../base/signals.ts';
import type { Location } from '../vfs/path-walk.ts';
import { Children } from './children.ts';
import { type Credentials, ROOT } from './credentials.ts';
import { type ProcessEnd, signaled } from './exit-status.ts';
import type { FdTable } from './fd-table.ts';
import { FutexTable } from './futex.ts';
import { IntervalTimer } from './interval-timer.ts';
import { MemoryCharge } from './memory-charge.ts';
import { hangUpOrphans, isGroupOrphaned } from './process-groups.ts';
import { INIT_PID } from './process-table.ts';
import type { ProgramImage } from './program.ts';
import { ResourceLimits } from './resource-limits.ts';
import { Session } from './session.ts';
import { SignalState } from './signal-state.ts';
import {
  hasSignal,
  isUnblockable,
  kernelSignal,
  NO_SIGNALS,
  type SignalInfo,
  type SignalSet,
  STOP_SIGNALS,
  signalSetOf,
} from './signals.ts';
import type { System } from './system.ts';
import type { Thread } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

export interface ProcessOptions {
  readonly system: System;
  /** Undefined: started from outside (the container's command, or an exec). */
  readonly parent: Process | undefined;
  readonly fds: FdTable;
  readonly workingDirectory: Location;
  readonly credentials?: Credentials;
  readonly umask?: number;
  readonly signals?: SignalState;
  readonly signalMask?: SignalSet;
  readonly limits?: ResourceLimits;
}

/**
 * A process: what its program has of the system, and its place among other processes.
 *
 * # Life
 * It is made by `fork` (or `new`, from outside), runs one program after another (`run`, `become`),
 * and is told to end once (`end`). Its threads then leave their guest code; when the last is gone it
 * is buried: fds closed, memory given back, children handed to pid 1. What is left is a zombie
 * until its parent has waited for it; whoever has no parent leaves nothing.
 */
export class Process {
  readonly system: System;
  readonly pid: number;
  readonly fds: FdTable;
  readonly memory: MemoryCharge;
  readonly children = new Children();
  readonly limits: ResourceLimits;
  readonly timer: IntervalTimer;
  /** Woken when a stopped process goes on, or ends. */
  readonly continued = new WaitQueue();
  /** Woken when a signal has become pending. */
  readonly signalArrived = new WaitQueue();
  readonly startedMs: number;
  /** What it has read and written by its fds. */
  readonly io = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
  /** Resolves when it is buried. */
  readonly ended: Promise<ProcessEnd>;
  parent: Process | undefined;
  /** It runs another program than its parent did when it was made. */
  hasExecuted = false;
  /** Who gets the signals that come from outside in its place (init's child). */
  forwardsTo: Process | undefined;
  processGroup: number;
  session: Session;
  workingDirectory: Location;
  credentials: Credentials;
  umask: number;
  signals: SignalState;
  /** For the first thread of the next program. */
  signalMask: SignalSet;

  readonly #threads = new Set<Thread>();
  #futexes: FutexTable | undefined;
  #image: ProgramImage | undefined;
  #nextImage: ProgramImage | undefined;
  #end: ProcessEnd | undefined;
  #stopSignal: number | undefined;
  #isBuried = false;
  #hasRun = false;
  #timerSignal: number = SIGNALS.SIGALRM;
  #goneFuel = 0;
  #goneCpuMs = 0;
  readonly #resolveEnded: (end: ProcessEnd) => void;

  /** Throws EAGAIN when there are too many processes; the caller keeps `fds` then. */
  constructor(options: ProcessOptions) {
    const { system, parent } = options;
    this.system = system;
    this.pid = system.processes.allocatePid();
    this.parent = parent;
    this.fds = options.fds;
    this.workingDirectory = options.workingDirectory;
    this.credentials = options.credentials ?? ROOT;
    this.umask = options.umask ?? DEFAULT_UMASK;
    this.signals = options.signals ?? new SignalState();
    this.signalMask = options.signalMask ?? NO_SIGNALS;
    this.limits = options.limits ?? new ResourceLimits();
    this.processGroup = parent?.processGroup ?? this.pid;
    this.session = parent?.session ?? new Session(this.pid);
    this.memory = new MemoryCharge(system.group.memory);
    this.startedMs = system.clock.monotonicMs();
    this.timer = new IntervalTimer(system.clock, () => this.post(kernelSignal(this.#timerSignal)));
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    system.processes.add(this);
    system.group.add(this);
    parent?.children.add(this);
  }

  /** Where its threads wait for each other; most processes have one thread only. */
  get futexes(): FutexTable {
    this.#futexes ??= new FutexTable();
    return this.#futexes;
  }

  /** A child that has all that this process has, but a program. Throws EAGAIN. */
  fork(signalMask: SignalSet): Process {
    const fds = this.fds.fork();
    try {
      const child = new Process({
        system: this.system,
        parent: this,
        fds,
        workingDirectory: this.workingDirectory,
        credentials: this.credentials,
        umask: this.umask,
        signals: this.signals.fork(),
        signalMask,
        limits: this.limits.copy(),
      });
      child.#image = this.#image;
      return child;
    } catch (thrown) {
      fds.closeAll();
      throw thrown;
    }
  }

  /** What it runs, or ran last. */
  get image(): ProgramImage | undefined {
    return this.#image;
  }

  get args(): readonly string[] {
    return this.#image?.args ?? [];
  }

  get env(): readonly string[] {
    return this.#image?.env ?? [];
  }

  get isInit(): boolean {
    return this.pid === INIT_PID;
  }

  get threads(): ReadonlySet<Thread> {
    return this.#threads;
  }

  /** How it was told to end, when it was. */
  get ending(): ProcessEnd | undefined {
    return this.#end;
  }

  /** It is over, and nobody has waited for it. */
  get isZombie(): boolean {
    return this.#isBuried;
  }

  get isStopped(): boolean {
    return this.#stopSignal !== undefined;
  }

  get fuelUsed(): number {
    return [...this.#threads].reduce((sum, thread) => sum + thread.fuelUsed, this.#goneFuel);
  }

  /** What it was given and has not used. */
  get fuelLeft(): number {
    return [...this.#threads].reduce((sum, thread) => sum + thread.fuelLeft, 0);
  }

  get cpuTimeMs(): number {
    return [...this.#threads].reduce((sum, thread) => sum + thread.cpuTimeMs, this.#goneCpuMs);
  }

  get memoryBytes(): number {
    return this.memory.bytes;
  }

  /** Runs a program, and those that take its place, until the process ends. */
  run(image: ProgramImage): void {
    this.#hasRun = true;
    void this.#runAll(image);
  }

  async #runAll(first: ProgramImage): Promise<void> {
    for (let next: ProgramImage | undefined = first; next && !this.#end; ) {
      this.#image = next;
      await next.run(this);
      next = this.#nextImage;
      this.#nextImage = undefined;
    }
    // A program that returns without a word has done its work.
    this.end({ status: { type: 'exited', code: 0 } });
    this.#buryIfDone();
  }

  /**
   * Takes another program (execve(2)): what runs is told to make way, and is gone when the caller's
   * hostcall has answered EXIT.
   */
  become(image: ProgramImage): void {
    this.#shedForExec();
    this.#nextImage = image;
    for (const thread of this.#threads) {
      this.signalMask = thread.signalMask;
      thread.replace();
    }
  }

  /** The first program of a process that was made by vfork or spawn. */
  execute(image: ProgramImage): void {
    this.#shedForExec();
    this.run(image);
  }

  #shedForExec(): void {
    this.hasExecuted = true;
    this.fds.closeForExec();
    this.signals.reset();
  }

  /**
   * close(2). With any of its fds a process loses all its record locks on the file, as POSIX has
   * it. Throws EBADF.
   */
  closeFd(fd: number): void {
    const { recordLocks } = this.system;
    const { description } = this.fds.get(fd);
    if (!recordLocks.isEmpty && description.kind === 'file') {
      recordLocks.release(description.attributes(), this, {
        start: 0,
        end: Number.POSITIVE_INFINITY,
      });
    }
    this.fds.close(fd);
  }

  /** Sends itself a signal in so many nanoseconds, and again and again; 0 takes it off. */
  setTimer(signal: number, valueNs: bigint, intervalNs: bigint): void {
    this.#timerSignal = signal;
    this.timer.set(valueNs, intervalNs);
  }

  enroll(thread: Thread): void {
    this.#threads.add(thread);
    this.dispatchSignals();
  }

  /** A thread has left its guest code. */
  forget(thread: Thread): void {
    if (!this.#threads.delete(thread)) return;
    this.#goneFuel += thread.fuelUsed;
    this.#goneCpuMs += thread.cpuTimeMs;
    this.system.group.returnFuel(thread.fuelLeft);
    if (thread.tid !== this.pid) this.system.processes.removeThread(thread.tid);
  }

  /** Ends the process; the first end counts. */
  end(end: ProcessEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#stopSignal = undefined;
    for (const thread of this.#threads) thread.stop();
    this.continued.wakeAll();
    if (!this.#hasRun) this.#buryIfDone();
  }

  /** Sends a signal. `outside`: from beyond the container, where pid 1 is no init to be spared. */
  post(info: SignalInfo, origin: 'inside' | 'outside' = 'inside'): void {
    const { signal } = info;
    if (this.#end || this.#isBuried) return;
    if (this.forwardsTo && origin === 'outside' && !isUnblockable(signal)) {
      this.forwardsTo.post(info, origin);
      return;
    }
    if (signal === SIGNALS.SIGCONT) this.#continue();
    if (hasSignal(STOP_SIGNALS, signal)) this.signals.discard(signalSetOf(SIGNALS.SIGCONT));
    const effect = this.signals.effectOf(signal);
    const isFatal = effect === 'end' || effect === 'stop';
    if (this.isInit && origin === 'inside' && isFatal) return;
    const isBlocked = this.#threads.size > 0 && this.#takerOf(signal) === undefined;
    if (!isBlocked && effect === 'nothing') return;
    this.signals.add(info);
    this.signalArrived.wakeAll();
    this.dispatchSignals();
  }

  /** Acts on pending signals that are not blocked; those with a handler wait for their thread. */
  dispatchSignals(): void {
    if (!this.signals.hasPending) return;
    for (const signal of this.signals.pending()) {
      const taker = this.#takerOf(signal);
      if (this.#threads.size > 0 && !taker) continue;
      const effect = this.signals.effectOf(signal);
      if (effect === 'handler') {
        taker?.notice();
        continue;
      }
      this.signals.discard(signalSetOf(signal));
      if (effect === 'stop') this.#stop(signal);
      if (effect === 'end') this.end({ status: signaled(signal) });
    }
  }

  /** Whether a signal with a handler waits for that thread. */
  hasSignalFor(thread: Thread): boolean {
    return this.#nextSignalFor(thread) !== undefined;
  }

  takeSignalFor(thread: Thread): SignalInfo | undefined {
    const signal = this.#nextSignalFor(thread);
    return signal === undefined ? undefined : this.signals.take(signalSetOf(signal));
  }

  #nextSignalFor(thread: Thread): number | undefined {
    if (!this.signals.hasPending) return undefined;
    return this.signals.pending().find((signal) => {
      const isBlocked = hasSignal(thread.signalMask, signal);
      return !isBlocked && this.signals.effectOf(signal) === 'handler';
    });
  }

  #takerOf(signal: number): Thread | undefined {
    for (const thread of this.#threads) {
      if (!hasSignal(thread.signalMask, signal)) return thread;
    }
    return undefined;
  }

  #stop(signal: number): void {
    if (this.#stopSignal !== undefined) return;
    if (signal !== SIGNALS.SIGSTOP && isGroupOrphaned(this)) return;
    this.#stopSignal = signal;
    for (const thread of this.#threads) thread.hasAttention = true;
    this.parent?.children.noteStopped(this, signal);
  }

  #continue(): void {
    this.signals.discard(STOP_SIGNALS);
    if (this.#stopSignal === undefined) return;
    this.#stopSignal = undefined;
    this.continued.wakeAll();
    this.parent?.children.noteContinued(this);
  }

  #buryIfDone(): void {
    if (this.#isBuried || !this.#end || this.#threads.size > 0) return;
    this.#isBuried = true;
    this.timer.cancel();
    this.fds.closeAll();
    this.system.recordLocks.releaseAll(this);
    this.system.group.remove(this);
    this.system.processes.noteBuried();
    this.memory.release();
    if (this.session.id === this.pid) {
      this.session.terminal?.session.leaderEnded();
      this.session.terminal = undefined;
    }
    hangUpOrphans(this, this.#handOverChildren());
    if (this.parent) this.parent.children.noteEnded(this, this.#end);
    else this.system.processes.remove(this);
    this.#resolveEnded(this.#end);
  }

  /** Orphans become children of pid 1; when that itself goes, all of them end. */
  #handOverChildren(): readonly Process[] {
    const { init } = this.system.processes;
    const children = this.children.handOver();
    for (const child of children) {
      child.parent = undefined;
      if (init && init !== this && !init.isZombie) {
        child.parent = init;
        init.children.adopt(child);
      } else if (child.isZombie) {
        this.system.processes.remove(child);
      } else {
        child.end({ status: signaled(SIGNALS.SIGKILL) });
      }
    }
    return children;
  }
}

const DEFAULT_UMASK = 0o022;
