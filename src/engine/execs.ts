import type { Clock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Task, TaskIo, TaskProcess } from '../runtime/contract.ts';
import type { WindowSize } from '../spec/window-size.ts';
import { execEnv } from './container-config.ts';
import type { ContainerId } from './container-id.ts';
import type { ContainerConfig } from './container-record.ts';
import type { Containers } from './containers.ts';
import type { ExecId, ExecRecord, ExecRequest, ExecState } from './exec-record.ts';
import { exitCodeOfFailedStart } from './failed-start.ts';
import type { RandomSource } from './random-source.ts';

export interface ExecsOptions {
  readonly containers: Containers;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** What runs of a container. */
  readonly taskOf: (id: ContainerId) => Task | undefined;
}

/** How long the exit code of one that is over can be asked for. */
const RETENTION_MS = 5 * 60_000;
/** In all, over or not: beyond it the oldest that are over are forgotten early. */
const MAX_EXECS = 10_000;
/** Docker's: whoever tells a size may be quicker than the start. */
const RESIZE_PATIENCE_MS = 10_000;

interface Exec {
  record: ExecRecord;
  process: TaskProcess | undefined;
  /** Resolves when it runs, or will not any more. */
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/** Processes that are put into running containers. */
export class Execs {
  readonly #options: ExecsOptions;
  /** The oldest first. */
  readonly #execs = new Map<ExecId, Exec>();

  constructor(options: ExecsOptions) {
    this.#options = options;
  }

  /**
   * Notes what is to be run; nothing runs yet.
   *
   * # Errors
   * - invalid-argument: there is no command
   * - conflict: the container does not run, or is paused
   * - resource-exhausted: there are too many that are not over
   */
  create(containerId: ContainerId, request: ExecRequest): ExecRecord {
    if (request.command.length === 0) {
      throw new EngineError('invalid-argument', 'No exec command specified');
    }
    this.#requireActive(containerId);
    this.#makeRoom();
    const id = Buffer.from(this.#options.random.bytes(32)).toString('hex') as ExecId;
    const { promise: settled, resolve: settle } = createDeferred<void>();
    const record: ExecRecord = { id, containerId, request, state: { status: 'created' } };
    this.#execs.set(id, { record, process: undefined, settled, settle });
    return record;
  }

  /** # Errors: not-found, also when its container is gone. */
  get(id: string): ExecRecord {
    return this.#find(id).record;
  }

  /** As `get`, for one that can be started. Errors: conflict when it cannot. */
  getStartable(id: string): ExecRecord {
    const { record } = this.#find(id);
    this.#requireActive(record.containerId);
    const { status } = record.state;
    if (status === 'created') return record;
    const what = status === 'exited' ? 'has already run' : 'is already running';
    throw new EngineError('conflict', `Error: Exec command ${id} ${what}`);
  }

  /** Those of a container that are not over. */
  idsOf(containerId: ContainerId): readonly ExecId[] {
    return [...this.#execs.values()]
      .map(({ record }) => record)
      .filter((record) => record.containerId === containerId && !isOver(record.state))
      .map(({ id }) => id);
  }

  /**
   * Runs it; resolves when it runs.
   *
   * # Errors
   * - not-found, conflict: as `getStartable`
   * - those of the runtime; its exit code is 127 or 126 then
   */
  async start(
    id: string,
    io: TaskIo,
    options: { readonly window?: WindowSize | undefined } = {},
  ): Promise<TaskProcess> {
    const { containerId, request } = this.getStartable(id);
    const exec = this.#find(id);
    const task = this.#requireActive(containerId);
    this.#setState(exec, { status: 'starting' });
    try {
      const { config } = this.#options.containers.get(containerId);
      const spec = processSpec(config, request, options.window ?? request.window);
      const process = await task.exec(spec, io);
      exec.process = process;
      this.#setState(exec, { status: 'running', hostPid: task.hostPid });
      void process.exited.then(({ exitCode }) => this.#end(exec, exitCode));
      return process;
    } catch (thrown) {
      this.#end(exec, exitCodeOfFailedStart(thrown) === 127 ? 127 : 126);
      throw thrown;
    } finally {
      exec.settle();
    }
  }

  /**
   * Tells a terminal's size; waits for a start that is under way.
   *
   * # Errors
   * not-found, conflict: as above; internal: it was not started in time
   */
  async resize(id: string, window: WindowSize): Promise<void> {
    const exec = this.#find(id);
    this.#requireActive(exec.record.containerId);
    const { promise, resolve } = createDeferred<void>();
    const timer = this.#options.clock.startTimer(RESIZE_PATIENCE_MS, resolve);
    await Promise.race([exec.settled, promise]);
    timer.cancel();
    if (exec.record.state.status === 'created') {
      throw new EngineError('internal', 'timeout waiting for exec session ready');
    }
    exec.process?.resize(window);
  }

  #find(id: string): Exec {
    const exec = this.#execs.get(id as ExecId);
    if (exec && this.#options.containers.has(exec.record.containerId)) return exec;
    throw new EngineError('not-found', `No such exec instance: ${id}`);
  }

  #requireActive(containerId: ContainerId): Task {
    const { status } = this.#options.containers.get(containerId).state;
    if (status === 'paused') {
      throw new EngineError(
        'conflict',
        `Container ${containerId} is paused, unpause the container before exec`,
      );
    }
    const task = this.#options.taskOf(containerId);
    if (status === 'running' && task) return task;
    throw new EngineError('conflict', `container ${containerId} is not running`);
  }

  #end(exec: Exec, exitCode: number): void {
    exec.process = undefined;
    this.#setState(exec, { status: 'exited', exitCode });
    this.#options.clock.startTimer(RETENTION_MS, () => this.#execs.delete(exec.record.id));
  }

  #setState(exec: Exec, state: ExecState): void {
    exec.record = { ...exec.record, state };
  }

  #makeRoom(): void {
    if (this.#execs.size < MAX_EXECS) return;
    const { containers } = this.#options;
    for (const [id, { record }] of this.#execs) {
      if (!isOver(record.state) && containers.has(record.containerId)) continue;
      this.#execs.delete(id);
      return;
    }
    throw new EngineError('resource-exhausted', `there are ${MAX_EXECS} execs already`);
  }
}

function isOver(state: ExecState): boolean {
  return state.status === 'exited';
}

function processSpec(
  config: ContainerConfig,
  request: ExecRequest,
  window: WindowSize | undefined,
) {
  return {
    args: request.command,
    env: execEnv(config, request.hasTerminal, request.env),
    workingDirectory: request.workingDirectory ?? config.workingDirectory,
    user: request.user ?? config.user,
    hasTerminal: request.hasTerminal,
    hasStdin: request.attachesStdin,
    ...(window && request.hasTerminal ? { window } : {}),
  };
}
