import { openPreopens } from '../abi/preview1/preopens.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import { endsByDefault, exitCodeOfSignal } from '../base/signals.ts';
import { findExecutable } from '../kernel/executable-path.ts';
import { FdTable } from '../kernel/fd-table.ts';
import { Process, type ProcessEnd } from '../kernel/process.ts';
import { enterDirectory } from '../kernel/working-directory.ts';
import type { StartMessage } from '../link/messages.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import type { Location } from '../vfs/path-walk.ts';
import type { CellHost } from './cell-host.ts';
import { type Guest, instantiate } from './program.ts';
import type { ProgramCache } from './program-cache.ts';
import { openStandardStreams, type StandardStreams } from './standard-streams.ts';
import { describeTrap } from './trap.ts';

/**
 * One container in this cell: its files, and its first process. Made by `prepare`, which runs no
 * guest code; run once by `run`; disposed afterwards.
 */
export class CellContainer implements Disposable {
  readonly #files: FileTree;
  readonly #process: Process;
  readonly #guest: Guest;
  readonly #streams: StandardStreams;
  readonly #host: CellHost;

  private constructor(
    files: FileTree,
    process: Process,
    guest: Guest,
    streams: StandardStreams,
    host: CellHost,
  ) {
    this.#files = files;
    this.#process = process;
    this.#guest = guest;
    this.#streams = streams;
    this.#host = host;
  }

  /** Owns `files` from now on. Errors: EngineErrors as the runtime's contract lists them. */
  static prepare(
    spec: StartMessage,
    files: FileTree,
    streams: StandardStreams,
    programs: ProgramCache,
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
    const process = new Process({
      args: spec.args,
      env: withWorkingDirectory(spec.env, workingDirectory),
      fds,
      files,
      clock: host.clock,
      turns: host.turns,
      fillRandom: host.fillRandom,
    });
    const guest = instantiate(program, process, (name, thrown) => {
      host.reportBug(`hostcall ${name}`, thrown);
      process.end({ exitCode: EXIT_CODE_OF_BUG, reason: `bug in hostcall ${name}` });
    });
    owned.move();
    return new CellContainer(files, process, guest, streams, host);
  }

  /** Runs the program to its end, and closes what it left open. */
  async run(): Promise<ProcessEnd> {
    try {
      for (const entry of this.#guest.entryPoints) {
        await WebAssembly.promising(entry)();
        if (this.#process.ending) break;
      }
      return this.#process.ending ?? { exitCode: 0 };
    } catch (thrown) {
      if (this.#process.ending) return this.#process.ending;
      const { exitCode, reason, report } = describeTrap(thrown);
      this.#writeReport(report);
      return { exitCode, reason };
    } finally {
      this.#process.fds.closeAll();
    }
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

/** As a native program that aborts (SIGABRT). */
const EXIT_CODE_OF_BUG = 134;

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
