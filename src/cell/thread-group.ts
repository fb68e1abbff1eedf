import { EngineError } from '../base/engine-error.ts';
import { ERRNO } from '../base/errno.ts';
import type { Process } from '../kernel/process.ts';
import { Thread } from '../kernel/thread.ts';
import { Instance } from './instance.ts';
import { endByTrap } from './process-report.ts';

/** What the wasi-threads proposal has a module export, `(tid: i32, argument: i32) -> ()`. */
const THREAD_START = 'wasi_thread_start';

/**
 * The threads that a program has started beside its first one: each runs in an instance of its own,
 * over one memory, which the module therefore imports.
 */
export class ThreadGroup {
  readonly #process: Process;
  readonly #running = new Set<Promise<void>>();

  constructor(process: Process) {
    this.#process = process;
  }

  /** Starts a thread; answers its tid. Throws ENOSYS, EAGAIN, ENOMEM. */
  start(caller: Thread, { program, linearMemory }: Instance, argument: number): number {
    const { memoryImport, tableEntryCount } = program.rewritten;
    if (!memoryImport) throw ERRNO.ENOSYS;
    const process = this.#process;
    const { processes } = process.system;
    const tid = processes.addThread();
    if (process.memory.growTable(tableEntryCount) === 0) {
      processes.removeThread(tid);
      throw ERRNO.ENOMEM;
    }
    try {
      const instance = new Instance(program, linearMemory);
      instance.threads = this;
      const entry = instance.functionNamed(THREAD_START);
      if (!entry) throw ERRNO.ENOSYS;
      const thread = new Thread(process, tid, instance, caller.signalMask);
      process.enroll(thread);
      this.#keep(this.#run(thread, instance, () => WebAssembly.promising(entry)(tid, argument)));
      return tid;
    } catch (thrown) {
      processes.removeThread(tid);
      process.memory.growTable(-tableEntryCount);
      throw thrown instanceof EngineError ? ERRNO.ENOMEM : thrown;
    }
  }

  /** Resolves when all have left their guest code. */
  async done(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #keep(run: Promise<void>): void {
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  async #run(thread: Thread, instance: Instance, enter: () => Promise<unknown>): Promise<void> {
    try {
      if (!(await thread.begin())) return;
      await instance.start?.();
      if (!thread.isEnding) await enter();
    } catch (thrown) {
      if (!thread.isEnding) endByTrap(this.#process, thrown);
    } finally {
      thread.finish();
      this.#process.memory.growTable(-instance.program.rewritten.tableEntryCount);
    }
  }
}
