import type { BindMount, Rootfs, TmpfsMount } from '../spec/mount.ts';
import type { Isolation, Resources, Usage } from '../spec/resources.ts';
import type { WindowSize } from '../spec/window-size.ts';

/**
 * How the engine runs containers without knowing how they are run (the words are containerd's).
 *
 * # Terms
 * - A **runtime** turns a task spec into a running task.
 * - A **task** is a container that runs: its processes, from the first one's start to its end.
 * - An **exec** is a process that is put into a task from outside, with streams of its own.
 *
 * # Lifecycle
 * `start` resolves when the first process exists and is ready to run its first instruction; from
 * then on `exited` will resolve exactly once, whatever happens (exit, trap, kill, death of the host
 * process). Output arrives in order, and all of it before `exited` resolves. A task holds nothing
 * afterwards. The same holds for an exec, which ends with its task at the latest: with exit code
 * 137, as with the task's first process all others are killed.
 *
 * # Flow control
 * `TaskIo.write` may answer a promise: the runtime stops reading that stream until it resolves, so
 * that a slow reader slows the program and never fills memory.
 */
export interface Runtime extends AsyncDisposable {
  /**
   * # Errors
   * - not-found: the executable does not exist (message holds `executable file not found in $PATH`
   *   or `no such file or directory`)
   * - permission-denied: the path is no program that could be run (a directory, not executable)
   * - invalid-argument: the file is no valid program for this runtime (`exec format error`)
   * - resource-exhausted: it would have more memory at its start than it may use
   * - failed-precondition: the container's files know no such user or group
   * - unavailable: the runtime cannot take another task now
   */
  start(spec: TaskSpec, io: TaskIo): Promise<Task>;

  /** What of the machine's means it can use, for people and for warnings. */
  facts(): RuntimeFacts;
}

export interface RuntimeFacts {
  /** Processes on the host in which containers run, and those that wait for one. */
  readonly cellCount: number;
  readonly spareCellCount: number;
  readonly taskCount: number;
  /** Whether `cpusetCpus` is obeyed. */
  readonly canPinCpus: boolean;
  /** How containers are kept from the host beyond WebAssembly itself, and what is missing why. */
  readonly hardening: readonly Hardening[];
}

export interface Hardening {
  readonly name: string;
  /** Undefined: in force. */
  readonly missingBecause?: string;
}

/** A program, and what it runs with. */
export interface ProcessSpec {
  /** argv[0] and the rest; argv[0] without a slash is looked up in PATH of `env`. */
  readonly args: readonly string[];
  /** `NAME=value` strings. */
  readonly env: readonly string[];
  /** Absolute; created when it does not exist, as Docker does. */
  readonly workingDirectory: string;
  /** `user[:group]`, names or numbers as the container's files have them; empty: root. */
  readonly user: string;
  readonly hasTerminal: boolean;
  /** The terminal's size from the start. */
  readonly window?: WindowSize;
  /** False: it reads end of file from its standard input at once. */
  readonly hasStdin: boolean;
}

export interface TaskSpec extends ProcessSpec {
  readonly containerId: string;
  readonly hostname: string;
  readonly rootfs: Rootfs;
  readonly mounts: readonly BindMount[];
  /** Also in memory, and empty: /dev/shm. */
  readonly tmpfs: readonly TmpfsMount[];
  /** A process of the runtime's own is the first one: it reaps orphans and passes signals on. */
  readonly isInit: boolean;
  readonly resources: Resources;
  readonly isolation: Isolation;
}

export type OutputStream = 'stdout' | 'stderr';

/** Where a process's output goes. With a terminal everything comes as `stdout`. */
export interface TaskIo {
  /**
   * `bytes` belongs to the callee from now on. The promise, if any, resolves when more may come.
   */
  write(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined;
}

/** A process that was started with streams: a task's first one, or an exec. */
export interface TaskProcess {
  readonly exited: Promise<TaskExit>;

  /**
   * Sends bytes to standard input; resolves when more may be sent. Ignored after the end of input
   * or the exit.
   */
  writeStdin(bytes: Uint8Array): Promise<void>;
  /** Ends standard input. Idempotent. */
  closeStdin(): void;

  /** Sends it a signal by number (Linux numbering). Ignored after the exit. */
  signal(signal: number): void;

  /** Tells the terminal's size, in characters. Ignored without a terminal. */
  resize(window: WindowSize): void;
}

export interface Task extends TaskProcess {
  /** The process on the host in which it runs. */
  readonly hostPid: number;

  /**
   * Starts a process beside the others. Resolves when it is ready to run.
   *
   * # Errors
   * those of `Runtime.start` about the program and the user; unavailable when the task has ended
   */
  exec(spec: ProcessSpec, io: TaskIo): Promise<TaskProcess>;

  /**
   * Stops all its processes where they are until `resume`; resolves when none runs. SIGKILL ends a
   * paused task all the same. Idempotent, as is `resume`.
   */
  pause(): Promise<void>;
  resume(): Promise<void>;

  /**
   * Puts other limits in force, from now on. A limit of memory below what is used refuses further
   * growth only. Errors: unavailable when the task has ended.
   */
  update(resources: Resources): Promise<void>;

  /** Errors: unavailable when the task has ended (`exited` tells the last usage). */
  usage(): Promise<Usage>;
}

export interface TaskExit {
  /** The program's own code, or 128 + n when signal n (or a trap read as such) ended it. */
  readonly exitCode: number;
  /** What a person should know beyond the code, e.g. that the cell died. */
  readonly reason?: string;
  /** It died because it was refused memory. */
  readonly isOutOfMemory: boolean;
  /** What tells two deterministic runs apart (hostcall-trace.ts); absent in all others. */
  readonly trace?: string;
  /** Absent when the host process was lost, and the account with it. */
  readonly usage?: Usage;
}
