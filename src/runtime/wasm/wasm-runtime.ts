import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { EngineError } from '../../base/engine-error.ts';
import type { Log } from '../../base/log.ts';
import type { StartMessage } from '../../link/messages.ts';
import type { Resources, Usage } from '../../spec/resources.ts';
import type {
  ProcessSpec,
  Runtime,
  RuntimeFacts,
  Task,
  TaskIo,
  TaskProcess,
  TaskSpec,
} from '../contract.ts';
import type { Cell, StartedTask } from './cell.ts';
import { CellPool, WATCHDOG_TICK_MS } from './cell-pool.ts';
import { CellProcess } from './cell-process.ts';
import { CellRegistry } from './cell-registry.ts';
import { type CellHardening, probeHardening } from './hardening.ts';

export interface WasmRuntimeOptions {
  readonly dataRoot: string;
  /** A Node with JSPI. */
  readonly nodePath: string;
  /** The bundle of src/main/cell.ts. */
  readonly cellProgram: string;
  readonly clock: Clock;
  readonly log: Log;
  /** `PATH` of the user, where the tools that harden cells are looked for. */
  readonly environmentPath: string;
  /** How many cells are filled with one container each before they are shared. */
  readonly spreadCells?: number;
  /** How often cells are looked at whether they still live. */
  readonly watchdogTickMs?: number;
  /** Makes the runs of each cell repeatable, for tests and recordings. */
  readonly seed?: string;
}

/** See docs/RATIONALE.md. */
const DEFAULT_SPREAD_CELLS = Math.max(4 * availableParallelism(), 8);

/** Runs WebAssembly programs as coroutines in cells. */
export class WasmRuntime implements Runtime {
  readonly #pool: CellPool;
  readonly #clock: Clock;
  readonly #logFd: number;
  readonly #hardening: CellHardening;

  private constructor(pool: CellPool, clock: Clock, logFd: number, hardening: CellHardening) {
    this.#hardening = hardening;
    this.#pool = pool;
    this.#clock = clock;
    this.#logFd = logFd;
  }

  /** Ends what an earlier daemon left running, and starts the first cells. */
  static open(options: WasmRuntimeOptions): WasmRuntime {
    const { dataRoot, nodePath, cellProgram, clock, log } = options;
    const { registry, endedCount } = CellRegistry.open(join(dataRoot, 'cells'));
    if (endedCount > 0) log.warn('ended cells of an earlier daemon', { count: endedCount });
    const logFd = openSync(join(dataRoot, 'cells.log'), 'w');
    const hardening = probeHardening({ environmentPath: options.environmentPath, dataRoot, log });
    const program = {
      nodePath,
      scriptPath: cellProgram,
      rewriteCacheDirectory: join(dataRoot, 'rewritten'),
      logFd,
      hardening,
      seed: options.seed,
    };
    const pool = new CellPool(program, registry, clock, log, {
      spreadCells: options.spreadCells ?? DEFAULT_SPREAD_CELLS,
      watchdogTickMs: options.watchdogTickMs ?? WATCHDOG_TICK_MS,
    });
    return new WasmRuntime(pool, clock, logFd, hardening);
  }

  async start(spec: TaskSpec, io: TaskIo): Promise<Task> {
    const domain = spec.rootfs.layers[0]?.diffId ?? spec.containerId;
    const { cpusetCpus } = spec.resources;
    // CPUs are chosen for a process: who is bound to some has one of its own.
    const isolation = cpusetCpus === undefined ? spec.isolation : 'process';
    const { args, env, workingDirectory } = spec;
    const cell = await this.#pool.acquire(domain, isolation, {
      type: 'warm',
      layers: [...spec.rootfs.layers],
      args: [...args],
      env: [...env],
      workingDirectory,
    });
    const release = (): void => this.#pool.release(cell);
    try {
      if (cpusetCpus !== undefined) this.#hardening.pin(cell.pid, cpusetCpus);
      const started = await cell.start(toMessage(spec, !cell.isExclusive), io);
      void started.task.exited.then(release);
      return new CellContainerTask(cell, started, this.#clock, this.#hardening);
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  facts(): RuntimeFacts {
    const cells = [...this.#pool.cells];
    return {
      cellCount: cells.length,
      spareCellCount: this.#pool.spareCount,
      taskCount: cells.reduce((sum, { taskCount }) => sum + taskCount, 0),
      canPinCpus: this.#hardening.canPin,
      hardening: this.#hardening.facts,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    closeSync(this.#logFd);
  }
}

/** The message has mutable arrays, as its schema makes them. */
function toMessage({ isolation: _, ...spec }: TaskSpec, isCellShared: boolean): StartMessage {
  return {
    type: 'start',
    ...spec,
    rootfs: { ...spec.rootfs, layers: [...spec.rootfs.layers] },
    mounts: [...spec.mounts],
    tmpfs: [...spec.tmpfs],
    args: [...spec.args],
    env: [...spec.env],
    isCellShared,
  };
}

/** A container in a cell. */
class CellContainerTask extends CellProcess implements Task {
  readonly hostPid: number;
  readonly #hardening: CellHardening;

  constructor(cell: Cell, started: StartedTask, clock: Clock, hardening: CellHardening) {
    super(cell, started, clock);
    this.hostPid = cell.pid;
    this.#hardening = hardening;
  }

  async exec(spec: ProcessSpec, io: TaskIo): Promise<TaskProcess> {
    const { args, env, ...rest } = spec;
    const message = { type: 'exec', container: this.number, ...rest } as const;
    const started = await this.cell.start({ ...message, args: [...args], env: [...env] }, io);
    return new CellProcess(this.cell, started, this.clock);
  }

  async pause(): Promise<void> {
    await this.cell.ask(this.number, { type: 'pause' });
  }

  async resume(): Promise<void> {
    await this.cell.ask(this.number, { type: 'resume' });
  }

  async update(resources: Resources): Promise<void> {
    const { cpusetCpus } = resources;
    if (cpusetCpus !== undefined && this.cell.isExclusive) {
      this.#hardening.pin(this.cell.pid, cpusetCpus);
    }
    await this.cell.ask(this.number, { type: 'update', resources: { ...resources } });
  }

  async usage(): Promise<Usage> {
    const answer = await this.cell.ask(this.number, { type: 'usage' });
    if (answer.type === 'usage') return answer.usage;
    throw new EngineError('internal', 'a cell gave no answer to the question that it was asked');
  }
}
