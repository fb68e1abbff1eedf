import { EngineError } from '../../src/base/engine-error.ts';
import type {
  OutputStream,
  ProcessSpec,
  Runtime,
  RuntimeFacts,
  Task,
  TaskExit,
  TaskIo,
  TaskProcess,
  TaskSpec,
} from '../../src/runtime/contract.ts';
import type { ProcessUsage, Resources, Usage } from '../../src/spec/resources.ts';
import type { WindowSize } from '../../src/spec/window-size.ts';

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

/** A process of a task. SIGKILL ends it at once, and so do the signals of `endsOn`. */
export class FakeProcess implements TaskProcess {
  readonly spec: ProcessSpec;
  readonly exited: Promise<TaskExit>;
  /** What was asked of it, in order: `signal 15`, `pause`, `resume`, `resize 80x24`. */
  readonly calls: string[] = [];
  isRunning = true;
  /** All that came as standard input so far. */
  input = '';
  hasInputEnded = false;
  endsOn: readonly number[] = [15];
  readonly #io: TaskIo;
  readonly #end = Promise.withResolvers<TaskExit>();

  constructor(spec: ProcessSpec, io: TaskIo) {
    this.spec = spec;
    this.#io = io;
    this.exited = this.#end.promise;
  }

  write(stream: OutputStream, text: string): Promise<void> | undefined {
    return this.#io.write(stream, Buffer.from(text));
  }

  /** Ends it; what is not said is as of a program that went well. */
  end(exit: Partial<TaskExit>): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#end.resolve({ exitCode: 0, isOutOfMemory: false, ...exit });
  }

  async writeStdin(bytes: Uint8Array): Promise<void> {
    this.input += Buffer.from(bytes).toString();
  }

  closeStdin(): void {
    this.hasInputEnded = true;
  }

  signal(signal: number): void {
    this.calls.push(`signal ${signal}`);
    this.take(signal);
  }

  resize({ columns, rows }: WindowSize): void {
    this.calls.push(`resize ${columns}x${rows}`);
  }

  protected take(signal: number): void {
    if (signal === 9 || this.endsOn.includes(signal)) this.end({ exitCode: 128 + signal });
  }
}

export class FakeTask extends FakeProcess implements Task {
  override readonly spec: TaskSpec;
  readonly hostPid: number;
  resources: Resources;
  usageNow: Usage = { ...NO_USAGE, processes: [MAIN_PROCESS] };
  /** The next update fails with it. */
  updateFailure: EngineError | undefined;
  /** The next exec fails with it. */
  execFailure: EngineError | undefined;
  /** Every process that was put beside the first, the latest last. */
  readonly execs: FakeProcess[] = [];
  #isPaused = false;
  #pending: number[] = [];

  constructor(spec: TaskSpec, io: TaskIo, hostPid: number) {
    super(spec, io);
    this.spec = spec;
    this.hostPid = hostPid;
    this.resources = spec.resources;
  }

  override end(exit: Partial<TaskExit>): void {
    for (const exec of this.execs) exec.end({ exitCode: 137 });
    super.end({ usage: this.usageNow, ...exit });
  }

  override signal(signal: number): void {
    if (!this.#isPaused || signal === 9) {
      super.signal(signal);
      return;
    }
    this.calls.push(`signal ${signal}`);
    this.#pending.push(signal);
  }

  async exec(spec: ProcessSpec, io: TaskIo): Promise<TaskProcess> {
    this.#checkRunning();
    const failure = this.execFailure;
    this.execFailure = undefined;
    if (failure) throw failure;
    const exec = new FakeProcess(spec, io);
    this.execs.push(exec);
    return exec;
  }

  /** The process that was put beside the first last. */
  get lastExec(): FakeProcess {
    const exec = this.execs.at(-1);
    if (!exec) throw new Error('nothing was put beside the first process');
    return exec;
  }

  async pause(): Promise<void> {
    this.calls.push('pause');
    this.#isPaused = true;
  }

  async resume(): Promise<void> {
    this.calls.push('resume');
    this.#isPaused = false;
    for (const signal of this.#pending.splice(0)) this.take(signal);
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

  #checkRunning(): void {
    if (!this.isRunning) throw new EngineError('unavailable', 'the task has ended');
  }
}
