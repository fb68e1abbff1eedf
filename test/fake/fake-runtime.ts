import { EngineError } from '../../src/base/engine-error.ts';
import type {
  OutputStream,
  Runtime,
  RuntimeFacts,
  Task,
  TaskExit,
  TaskIo,
  TaskSpec,
} from '../../src/runtime/contract.ts';
import type { ProcessUsage, Resources, Usage } from '../../src/spec/resources.ts';

export const NO_USAGE: Usage = {
  fuel: 0,
  cpuNanoseconds: 0,
  throttledNanoseconds: 0,
  periodCount: 0,
  throttledPeriodCount: 0,
  memoryBytes: 0,
  peakMemoryBytes: 0,
  memoryFailureCount: 0,
  processes: [],
};

export const MAIN_PROCESS: ProcessUsage = {
  pid: 1,
  command: '/program',
  fuel: 0,
  cpuNanoseconds: 0,
  memoryBytes: 0,
};

/** Runs nothing: a test says what its tasks do. SIGKILL ends them at once. */
export class FakeRuntime implements Runtime {
  /** Every task so far, the latest last. */
  readonly tasks: FakeTask[] = [];
  canPinCpus = true;
  /** The next start fails with it. */
  failure: EngineError | undefined;

  async start(spec: TaskSpec, io: TaskIo): Promise<Task> {
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    const task = new FakeTask(spec, io, 1000 + this.tasks.length);
    this.tasks.push(task);
    return task;
  }

  facts(): RuntimeFacts {
    return {
      cellCount: 1,
      spareCellCount: 0,
      taskCount: this.tasks.filter((task) => task.isRunning).length,
      canPinCpus: this.canPinCpus,
      hardening: [{ name: 'seccomp' }, { name: 'namespaces', missingBecause: 'it is a test' }],
    };
  }

  /** The task that was started last. */
  get task(): FakeTask {
    const task = this.tasks.at(-1);
    if (!task) throw new Error('nothing was started');
    return task;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const task of this.tasks) task.end({ exitCode: 137 });
  }
}

export class FakeTask implements Task {
  readonly spec: TaskSpec;
  readonly hostPid: number;
  readonly exited: Promise<TaskExit>;
  /** What was asked of it, in order: `signal 15`, `pause`, `resume`. */
  readonly calls: string[] = [];
  resources: Resources;
  isRunning = true;
  usageNow: Usage = { ...NO_USAGE, processes: [MAIN_PROCESS] };
  /** Signals that end it, apart from SIGKILL. */
  endsOn: readonly number[] = [15];
  /** The next update fails with it. */
  updateFailure: EngineError | undefined;
  readonly #io: TaskIo;
  readonly #end = Promise.withResolvers<TaskExit>();
  #isPaused = false;
  #pending: number[] = [];

  constructor(spec: TaskSpec, io: TaskIo, hostPid: number) {
    this.spec = spec;
    this.#io = io;
    this.hostPid = hostPid;
    this.resources = spec.resources;
    this.exited = this.#end.promise;
  }

  write(stream: OutputStream, text: string): Promise<void> | undefined {
    return this.#io.write(stream, Buffer.from(text));
  }

  /** Ends it; what is not said is as of a program that went well. */
  end(exit: Partial<TaskExit>): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#end.resolve({ exitCode: 0, isOutOfMemory: false, usage: this.usageNow, ...exit });
  }

  async writeStdin(): Promise<void> {}

  closeStdin(): void {}

  signal(signal: number): void {
    this.calls.push(`signal ${signal}`);
    if (this.#isPaused && signal !== 9) this.#pending.push(signal);
    else this.#take(signal);
  }

  resize(): void {}

  async pause(): Promise<void> {
    this.calls.push('pause');
    this.#isPaused = true;
  }

  async resume(): Promise<void> {
    this.calls.push('resume');
    this.#isPaused = false;
    for (const signal of this.#pending.splice(0)) this.#take(signal);
  }

  async update(resources: Resources): Promise<void> {
    this.#checkRunning();
    const failure = this.updateFailure;
    this.updateFailure = undefined;
    if (failure) throw failure;
    this.resources = resources;
  }

  async usage(): Promise<Usage> {
    this.#checkRunning();
    return this.usageNow;
  }

  #take(signal: number): void {
    if (signal === 9 || this.endsOn.includes(signal)) this.end({ exitCode: 128 + signal });
  }

  #checkRunning(): void {
    if (!this.isRunning) throw new EngineError('unavailable', 'the task has ended');
  }
}
