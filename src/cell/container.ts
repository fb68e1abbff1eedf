import { openPreopens } from '../abi/preview1/preopens.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import { endsByDefault, exitCodeOfSignal, SIGNALS } from '../base/signals.ts';
import { ControlGroup } from '../kernel/control-group.ts';
import { findExecutable } from '../kernel/executable-path.ts';
import { FdTable } from '../kernel/fd-table.ts';
import { Process, type ProcessEnd } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { enterDirectory } from '../kernel/working-directory.ts';
import type { StartMessage } from '../link/messages.ts';
import type { Resources, Usage } from '../spec/resources.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import type { Location } from '../vfs/path-walk.ts';
import type { CellHost } from './cell-host.ts';
import { type Guest, instantiate } from './program.ts';
import type { ProgramCache } from './program-cache.ts';
import { openStandardStreams, type StandardStreams } from './standard-streams.ts';
import { describeTrap } from './trap.ts';

/** How a container ended, and what it had used. */
export interface ContainerEnd extends ProcessEnd {
  readonly isOutOfMemory: boolean;
  readonly usage: Usage;
}

interface ContainerParts {
  readonly files: FileTree;
  readonly group: ControlGroup;
  readonly process: Process;
  readonly guest: Guest;
  readonly streams: StandardStreams;
  readonly scheduler: Scheduler;
  readonly host: CellHost;
}

/**
 * One container in this cell: its files, and its first process. Made by `prepare`, which runs no
 * guest code; run once by `run`; disposed afterwards.
 */
export class CellContainer implements Disposable {
  readonly #files: FileTree;
  readonly #group: ControlGroup;
  readonly #process: Process;
  readonly #guest: Guest;
  readonly #streams: StandardStreams;
  readonly #scheduler: Scheduler;
  readonly #host: CellHost;

  private constructor(parts: ContainerParts) {
    this.#files = parts.files;
    this.#group = parts.group;
    this.#process = parts.process;
    this.#guest = parts.guest;
    this.#streams = parts.streams;
    this.#scheduler = parts.scheduler;
    this.#host = parts.host;
  }

  /** Owns `files` from now on. Errors: EngineErrors as the runtime's contract lists them. */
  static prepare(
    spec: StartMessage,
    files: FileTree,
    streams: StandardStreams,
    programs: ProgramCache,
    scheduler: Scheduler,
    host: CellHost,
  ): CellContainer {
    using owned = new DisposableStack();
    owned.use(files);
    const workingDirectory = enter(files, spec.workingDirectory);
    const [command] = spec.args;
    if (command === undefined) throw new EngineError('invalid-argument', 'no command specified');
    const executable = findExecutable(files, workingDirectory, command, spec.env);
    const program = programs.load(executable, command);
    const fds = new FdTable();
    owned.adopt(fds, () => fds.closeAll());
    openStandardStreams(fds, streams);
    openPreopens(fds, files, workingDirectory);
    const group = new ControlGroup(spec.resources, host.clock.monotonicMs());
    const process = owned.adopt(
      new Process({
        pid: FIRST_PID,
        args: spec.args,
        env: withWorkingDirectory(spec.env, workingDirectory),
        fds,
        files,
        group,
        scheduler,
        clock: host.clock,
        clockGrainNs: spec.isCellShared ? SHARED_CLOCK_GRAIN_NS : CLOCK_GRAIN_NS,
        fillRandom: host.fillRandom,
      }),
      (unborn) => unborn.finish(),
    );
    const guest = instantiate(program, process);
    owned.move();
    return new CellContainer({ files, group, process, guest, streams, scheduler, host });
  }

  /** Runs the program to its end, and closes what it left open. */
  async run(): Promise<ContainerEnd> {
    const end = await this.#runProcess();
    this.#process.finish();
    return { ...end, usage: this.#group.usage() };
  }

  async #runProcess(): Promise<Omit<ContainerEnd, 'usage'>> {
    const process = this.#process;
    try {
      if (await process.begin()) {
        for (const entry of this.#guest.entryPoints) {
          await WebAssembly.promising(entry)();
          if (process.ending) break;
        }
      }
      return { ...(process.ending ?? { exitCode: 0 }), isOutOfMemory: false };
    } catch (thrown) {
      if (process.ending) return { ...process.ending, isOutOfMemory: false };
      const { exitCode, reason, report } = describeTrap(thrown);
      this.#writeReport(report);
      // What a program does that is refused memory and cannot go on: it aborts.
      if (process.wasRefusedMemory) {
        return {
          exitCode: exitCodeOfSignal(SIGNALS.SIGKILL),
          reason: `out of memory: ${reason}`,
          isOutOfMemory: true,
        };
      }
      return { exitCode, reason, isOutOfMemory: false };
    }
  }

  pause(): void {
    this.#group.isPaused = true;
  }

  resume(): void {
    this.#group.isPaused = false;
    this.#scheduler.reconsider();
  }

  update(resources: Resources): void {
    this.#group.update(resources, this.#host.clock.monotonicMs());
    this.#scheduler.reconsider();
  }

  usage(): Usage {
    return this.#group.usage();
  }

  /**
   * Programs of preview1 cannot handle signals: what would end a program without a handler ends it.
   */
  signal(signal: number): void {
    if (endsByDefault(signal)) this.#process.end({ exitCode: exitCodeOfSignal(signal) });
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }

  #writeReport(report: string): void {
    const { stdout, stderr, isTerminal } = this.#streams;
    try {
      (isTerminal ? stdout : stderr).write(new TextEncoder().encode(report));
    } catch (thrown) {
      // The program filled its output and nobody reads: the exit code and the reason tell enough.
      if (!(thrown instanceof Errno)) this.#host.reportBug('trap report', thrown);
    }
  }
}

/** As in any container: the program that it is for. */
const FIRST_PID = 1;
/** What programs are told of the time in a cell of their own. */
const CLOCK_GRAIN_NS = 1_000n;
/** And beside others, on whom a finer clock would let them spy (as browsers do it). */
const SHARED_CLOCK_GRAIN_NS = 100_000n;

function enter(files: FileTree, path: string): Location {
  try {
    return enterDirectory(files, path);
  } catch (thrown) {
    if (!(thrown instanceof Errno)) throw thrown;
    throw new EngineError(
      'invalid-argument',
      `cannot use working directory "${path}": ${messageOf(thrown)}`,
    );
  }
}

/** Programs that ask for their working directory read PWD, as preview1 has no call for it. */
function withWorkingDirectory(env: readonly string[], directory: Location): readonly string[] {
  return env.some((entry) => entry.startsWith('PWD=')) ? env : [...env, `PWD=${directory.path}`];
}
