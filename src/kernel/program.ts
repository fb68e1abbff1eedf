import type { FuelGauge } from './fuel-gauge.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Process } from './process.ts';
import type { Thread } from './thread.ts';

/** What is to run in a process: found, read and compiled. */
export interface ProgramImage {
  /** The file's absolute path in the container. */
  readonly path: string;
  /** As ps shows it: the last name of the path that was asked for, links not followed. */
  readonly name: string;
  readonly args: readonly string[];
  /** `NAME=value` strings. */
  readonly env: readonly string[];
  /**
   * Takes memory for it in the process that is to run it, so that whoever started it hears of what
   * fails here; otherwise `run` does it. Throws ENOMEM, ENOEXEC.
   */
  prepare(process: Process): void;
  /**
   * Runs it in the process, whose program it is from now on; resolves when all its threads are
   * done. Never rejects: however it ended, the process has been told (`Process.end`).
   */
  run(process: Process): Promise<void>;
}

export interface ProgramRequest {
  readonly path: string;
  /** A name without a slash is looked up in PATH (execvpe(3)). */
  readonly search: boolean;
  /** Instead of the PATH in `env`. */
  readonly searchPath?: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

/** Finds programs; the cell's, as it knows how to compile them. */
export interface ProgramLoader {
  /**
   * Looks the program up as `process` would, follows `#!`, and compiles it.
   *
   * # Errors
   * Errnos as execve(2): ENOENT, EACCES, ENOTDIR, ENOEXEC (no WebAssembly, or one that cannot run
   * here), ELOOP (interpreters of interpreters), E2BIG, ENOMEM
   */
  load(process: Process, request: ProgramRequest): ProgramImage;
}

/** A program that runs, as far as the kernel has to do with it. */
export interface ProgramInstance {
  readonly memory: GuestMemory;
  readonly fuel: FuelGauge;
  /** An exported function that takes a signal's number. */
  handlerNamed(name: string): WebAssembly.ExportedFunction | undefined;
  /**
   * Copying by unwinding and rewinding the stack, for modules that were made for it (Binaryen's
   * asyncify).
   */
  readonly forking: Forking | undefined;
  /**
   * Starts another thread of the program; answers its tid. Throws ENOSYS when the program was not
   * made for threads, EAGAIN when there are too many, ENOMEM.
   */
  startThread(caller: Thread, argument: number): number;
}

export interface Forking {
  /** The stack is being taken down, or laid out anew: no signal may be handled. */
  readonly isBusy: boolean;
  /** The hostcall that forked is called again. */
  readonly isRewinding: boolean;
  /**
   * To be called within the hostcall that forks: the guest unwinds once that has returned. Throws
   * ENOMEM.
   */
  unwind(child: Process): void;
  /**
   * Ends the rewinding. Answers the child's pid in the parent, and 0 in the child; throws ENOMEM
   * when there was no memory for the child.
   */
  finishRewinding(): number;
}
