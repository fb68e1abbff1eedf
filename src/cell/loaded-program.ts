import { openPreopens } from '../abi/preview1/preopens.ts';
import { EngineError } from '../base/engine-error.ts';
import { ERRNO } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import { signaled } from '../kernel/exit-status.ts';
import type { Process } from '../kernel/process.ts';
import type { ProgramImage } from '../kernel/program.ts';
import { Thread } from '../kernel/thread.ts';
import { Instance } from './instance.ts';
import { endByTrap } from './process-report.ts';
import type { Program } from './program.ts';
import { ThreadGroup } from './thread-group.ts';

export interface ProgramStart {
  readonly path: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

/** A program with its arguments, ready to run in any process of the cell. */
export class LoadedProgram implements ProgramImage {
  readonly path: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly #program: Program;
  /** Made ahead, by `prepare` or as the copy of another; for one process. */
  #instance: Instance | undefined;
  /** A copy goes on in the entry point that its original has begun, and has its fds. */
  #isCopy = false;
  #firstEntry = 0;

  constructor(program: Program, { path, name, args, env }: ProgramStart) {
    this.#program = program;
    this.path = path;
    this.name = name;
    this.args = args;
    this.env = env;
  }

  prepare(process: Process): void {
    try {
      this.instantiate(process);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      process.memory.release();
      throw thrown.kind === 'resource-exhausted' ? ERRNO.ENOMEM : ERRNO.ENOEXEC;
    }
  }

  /** As `prepare`, for people. Errors: resource-exhausted, invalid-argument */
  instantiate(process: Process): void {
    const { memories, tableEntryCount } = this.#program.rewritten;
    const pages = memories[0]?.initialPages ?? 0;
    if (!process.memory.reserve(pages, tableEntryCount)) {
      const { limitBytes } = process.system.group.memory;
      throw new EngineError(
        'resource-exhausted',
        `the program needs ${pages} pages of memory to start, and the container may use ${limitBytes} bytes`,
      );
    }
    this.#instance = this.#program.instances.take(this.#program) ?? new Instance(this.#program);
    process.memory.attach(this.#instance.memory);
  }

  async run(process: Process): Promise<void> {
    if (!this.#instance && !this.#tryInstantiate(process)) return;
    const instance = this.#instance;
    if (!instance) return;
    this.#instance = undefined;
    const threads = new ThreadGroup(process);
    instance.threads = threads;
    const thread = new Thread(process, process.pid, instance, process.signalMask);
    process.enroll(thread);
    try {
      await this.#runEntries(thread, instance);
      if (!thread.isEnding) process.end({ status: { type: 'exited', code: 0 } });
    } catch (thrown) {
      if (!thread.isEnding) endByTrap(process, thrown);
    } finally {
      thread.finish();
      await threads.done();
      process.memory.release();
      this.#program.instances.put(instance);
    }
  }

  async #runEntries(thread: Thread, instance: Instance): Promise<void> {
    if (!(await thread.begin())) return;
    if (this.#program.wantsPreopens && !this.#isCopy) openPreopensOf(thread.process);
    const entries = instance.entryPoints.slice(this.#firstEntry);
    for (const [index, call] of entries.entries()) {
      const launch = (child: Process, copy: Instance): void => {
        const image = new LoadedProgram(this.#program, this);
        image.#instance = copy;
        image.#isCopy = true;
        image.#firstEntry = this.#firstEntry + index;
        child.run(image);
      };
      await call();
      while (!thread.isEnding && instance.forking?.split(launch)) await call();
      if (thread.isEnding) return;
    }
  }

  /** Past the point at which anybody could be told: as Linux does it, the process is killed. */
  #tryInstantiate(process: Process): boolean {
    try {
      this.instantiate(process);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      process.end({
        status: signaled(SIGNALS.SIGKILL),
        reason: thrown.message,
        isOutOfMemory: thrown.kind === 'resource-exhausted',
      });
      return false;
    }
  }
}

function openPreopensOf(process: Process): void {
  openPreopens(process.fds, process.system.files, process.workingDirectory);
}
