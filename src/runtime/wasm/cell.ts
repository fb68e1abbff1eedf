import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { EngineError, messageOf } from '../../base/engine-error.ts';
import { encodeMessage, FrameDecoder, LINK_VERSION, LinkError, STREAM } from '../../link/frame.ts';
import { FrameBatch } from '../../link/frame-batch.ts';
import {
  type CellMessage,
  type DaemonMessage,
  type ExecMessage,
  parseCellMessage,
  type StartMessage,
  type WarmMessage,
} from '../../link/messages.ts';
import type { TaskExit, TaskIo } from '../contract.ts';
import { CellTask } from './cell-task.ts';
import { syncFile } from './file-sync.ts';
import { type CellHardening, closeAll } from './hardening.ts';

export interface CellProgram {
  /** A Node with JSPI. */
  readonly nodePath: string;
  /** The bundle of src/main/cell.ts. */
  readonly scriptPath: string;
  /** Where cells keep rewritten programs for each other. */
  readonly rewriteCacheDirectory: string;
  /** Descriptor to which the cell's own diagnostics go. */
  readonly logFd: number;
  readonly hardening: CellHardening;
  /** Makes the runs of a cell repeatable (deterministic-host.ts). */
  readonly seed: string | undefined;
}

/**
 * Stacks for guests: V8's default of 1 MB is too small for interpreters. Pages are taken as they
 * are touched, so a larger bound costs nothing until it is used. Kilobytes; both flags bound the
 * stack of a coroutine.
 */
const GUEST_STACK_KIB = 7_000;
export const GUEST_STACK_BYTES = GUEST_STACK_KIB * 1024;

/**
 * V8's young generation would grow to 16 MiB a half, a third of what 500 idle containers cost; a
 * cell's own garbage is small and short-lived, and is as quickly collected in less.
 */
const SEMI_SPACE_MIB = 2;

const CELL_FLAGS = [
  `--stack-size=${GUEST_STACK_KIB}`,
  `--wasm-stack-switching-stack-size=${GUEST_STACK_KIB}`,
  `--max-semi-space-size=${SEMI_SPACE_MIB}`,
  '--no-warnings',
] as const;

const DRAIN_DEADLINE_MS = 1_000;

/** A cell has no more processes than that, each of which waits for its own. */
const MAX_SYNCS = 65_536;

/** The link is the fourth descriptor of a cell, behind the standard three. */
const LINK_FD = 3;

/**
 * The daemon's handle of one cell: a child process in which guests run. The cell is not trusted:
 * what it says is parsed and bounded, and a violation ends it.
 */
export class Cell {
  /** Resolves when the cell has said hello; rejects (unavailable) when it dies before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone and every task of it is finished. */
  readonly closed: Promise<void>;
  /**
   * The image (top layer) whose programs it has compiled; a cell serves one trust domain in its
   * life.
   */
  domain: string | undefined;
  /** It has one container in its life, and nobody beside it. */
  isExclusive = false;
  /** The domain whose program it was told to make ready, before it has any container. */
  warmDomain: string | undefined;

  readonly #clock: Clock;
  readonly #child: ChildProcess;
  readonly #link: Socket;
  readonly #batch: FrameBatch;
  readonly #tasks = new Map<number, CellTask>();
  /** Of the tasks, those that are execs, with the number of their container's. */
  readonly #execs = new Map<number, number>();
  readonly #starts = new Map<number, (answer: CellMessage) => void>();
  /** For each task, those who wait for an answer, in the order of their questions. */
  readonly #questions = new Map<number, Question[]>();
  #syncCount = 0;
  #silentTicks = 0;
  #nextTask = 1;
  #deathReason = 'the cell ended';
  #isClosed = false;
  #greet: () => void = () => {};

  constructor(program: CellProgram, clock: Clock) {
    this.#clock = clock;
    const { hardening, nodePath, scriptPath, rewriteCacheDirectory } = program;
    const [command, ...args] = [
      ...hardening.launcher,
      nodePath,
      ...CELL_FLAGS,
      ...hardening.nodeFlags,
      scriptPath,
      rewriteCacheDirectory,
      ...(program.seed === undefined ? [] : [program.seed]),
    ];
    const fds = hardening.openFds();
    this.#child = spawn(command ?? nodePath, args, {
      stdio: ['ignore', program.logFd, program.logFd, 'pipe', ...fds],
      // Nothing of the user's environment is a guest's business; a session of its own keeps
      // terminal signals away.
      env: {},
      detached: true,
      windowsHide: true,
    });
    closeAll(fds);
    this.#link = linkOf(this.#child);
    this.#batch = new FrameBatch(this.#link, {
      atEnd: (callback) => process.nextTick(callback),
      monotonicMs: clock.monotonicMs,
    });
    this.closed = this.#watch();
    this.ready = new Promise((resolve, reject) => {
      this.#greet = resolve;
      void this.closed.then(() =>
        reject(new EngineError('unavailable', `a cell did not start: ${this.#deathReason}`)),
      );
    });
    // Whoever waits for readiness sees the rejection; a spare cell that nobody waits for must not
    // be a bug.
    this.ready.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Containers; what was put beside their first processes does not count. */
  get taskCount(): number {
    return this.#tasks.size - this.#execs.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Starts a task, a container or an exec in one of ours; resolves when it is started. Errors: as
   * the cell refused it; unavailable when the cell died, or the container of the exec ended.
   */
  async start(message: StartMessage | ExecMessage, io: TaskIo): Promise<StartedTask> {
    if (message.type === 'exec' && !this.#isRunning(message.container)) throw hasEnded();
    const number = this.#nextTask++;
    const task = new CellTask(number, io, (frame) => this.#write(frame));
    this.#tasks.set(number, task);
    if (message.type === 'exec') this.#execs.set(number, message.container);
    void task.exited.then(() => this.#forget(number));
    const answer = new Promise<CellMessage>((resolve) => this.#starts.set(number, resolve));
    this.#write(encodeMessage(number, message));
    const settled = await Promise.race([answer, task.exited]);
    this.#starts.delete(number);
    if ('type' in settled && settled.type === 'started') return { number, task };
    this.#forget(number);
    if ('type' in settled && settled.type === 'refused') {
      throw new EngineError(settled.kind, settled.message);
    }
    if (message.type === 'exec' && !this.#isClosed) throw hasEnded();
    throw new EngineError('unavailable', `cannot start the container: ${this.#deathReason}`);
  }

  /** Makes a program ready for the container that may come. */
  warm(domain: string, message: WarmMessage): void {
    this.warmDomain = domain;
    this.tell(0, message);
  }

  tell(task: number, message: DaemonMessage): void {
    this.#write(encodeMessage(task, message));
  }

  /**
   * Sends a message that the cell answers. Errors: unavailable when the task ends before it does.
   */
  ask(task: number, message: DaemonMessage): Promise<CellMessage> {
    if (!this.#isRunning(task)) return Promise.reject(hasEnded());
    return new Promise((resolve, reject) => {
      const waiting = this.#questions.get(task) ?? [];
      this.#questions.set(task, waiting);
      waiting.push({ resolve, reject });
      this.tell(task, message);
    });
  }

  /**
   * Counts one tick of the watchdog's clock; answers how many have passed without a word from the
   * cell.
   */
  tick(): number {
    return this.#silentTicks++;
  }

  /** Asks the cell to end by itself; it does so at once when its event loop runs. */
  shutdown(): void {
    this.tell(0, { type: 'shutdown' });
    this.#link.end();
  }

  kill(reason: string): void {
    this.#deathReason = reason;
    this.#child.kill('SIGKILL');
    // Nobody waits for what it may still have to say.
    if (this.#tasks.size === 0) this.#link.destroy();
  }

  #write(frame: Uint8Array): void {
    if (this.#link.writable) this.#batch.send(frame);
  }

  async #watch(): Promise<void> {
    const decoder = new FrameDecoder({
      onMessage: (task, json) => this.#receive(task, parseCellMessage(json)),
      onData: (task, stream, bytes) => {
        if (stream === STREAM.stdin) throw new LinkError('a cell sent standard input');
        this.#tasks.get(task)?.takeOutput(stream === STREAM.stdout ? 'stdout' : 'stderr', bytes);
      },
      onCredit: (task, _stream, count) => this.#tasks.get(task)?.takeCredit(count),
      onEnd: () => {
        throw new LinkError('a cell ended standard input');
      },
    });
    this.#link.on('data', (chunk: Uint8Array) => {
      this.#silentTicks = 0;
      try {
        decoder.feed(chunk);
      } catch (thrown) {
        this.kill(`it broke the protocol of its link: ${messageOf(thrown)}`);
      }
    });
    const exited = new Promise<string>((resolve) => {
      this.#child.once('error', (error) => resolve(messageOf(error)));
      this.#child.once('exit', (code, signal) =>
        resolve(signal ? `killed by ${signal}` : `exited with code ${code}`),
      );
    });
    const drained = new Promise<void>((resolve) => this.#link.once('close', () => resolve()));
    this.#link.on('error', () => this.#link.destroy());
    const how = await exited;
    // What it sent is still to be read. A launcher that was killed as it started may have left a
    // process behind that holds the other end, and that ends when ours closes.
    const deadline = this.#clock.startTimer(DRAIN_DEADLINE_MS, () => this.#link.destroy());
    if (this.#deathReason === 'the cell ended') this.#deathReason = `the cell was ${how}`;
    await drained;
    deadline.cancel();
    this.#isClosed = true;
    const exit = { exitCode: EXIT_CODE_OF_KILL, reason: this.#deathReason, isOutOfMemory: false };
    for (const number of this.#tasks.keys()) this.#finish(number, exit);
  }

  #receive(task: number, message: CellMessage): void {
    switch (message.type) {
      case 'hello':
        if (message.version !== LINK_VERSION) {
          throw new LinkError(`version ${message.version} instead of ${LINK_VERSION}`);
        }
        this.#greet();
        return;
      case 'started':
      case 'refused':
        this.#starts.get(task)?.(message);
        return;
      case 'exited': {
        const { type: _, ...exit } = message;
        this.#finish(task, exit);
        return;
      }
      case 'done':
      case 'usage':
        this.#questions.get(task)?.shift()?.resolve(message);
        return;
      case 'sync':
        this.#sync(message);
        return;
      case 'heartbeat':
        // Any word resets the watchdog; this one is there to be said.
        return;
    }
  }

  #sync(message: CellMessage & { readonly type: 'sync' }): void {
    if (this.#syncCount >= MAX_SYNCS) throw new LinkError('too many files to sync at once');
    this.#syncCount++;
    void syncFile(message).then((code) => {
      this.#syncCount--;
      const { id } = message;
      this.tell(0, { type: 'synced', id, ...(code === undefined ? {} : { code }) });
    });
  }

  #isRunning(number: number): boolean {
    const task = this.#tasks.get(number);
    return task !== undefined && !task.isOver;
  }

  /** With a container all of it is over, whatever the cell has said of its execs. */
  #finish(number: number, exit: TaskExit): void {
    for (const [exec, container] of this.#execs) {
      if (container !== number) continue;
      this.#tasks.get(exec)?.finish({ exitCode: EXIT_CODE_OF_KILL, isOutOfMemory: false });
    }
    this.#tasks.get(number)?.finish(exit);
    for (const { reject } of this.#questions.get(number) ?? []) reject(hasEnded());
    this.#questions.delete(number);
  }

  #forget(number: number): void {
    this.#tasks.delete(number);
    this.#execs.delete(number);
  }
}

/** What the engine sees of a process that SIGKILL ended: 128 + 9. */
const EXIT_CODE_OF_KILL = 137;

interface Question {
  readonly resolve: (answer: CellMessage) => void;
  readonly reject: (error: EngineError) => void;
}

function hasEnded(): EngineError {
  return new EngineError('unavailable', 'the container has ended');
}

export interface StartedTask {
  readonly number: number;
  readonly task: CellTask;
}

/** Node types the extra pipes of a child as streams; on every platform they are duplex sockets. */
function linkOf(child: ChildProcess): Socket {
  const link = child.stdio[LINK_FD];
  if (!link) throw new EngineError('unavailable', 'cannot open the link to a new cell');
  return link as Socket;
}
