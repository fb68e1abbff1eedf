import { EngineError, messageOf } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import type { ControlGroup } from '../kernel/control-group.ts';
import { exitCodeOf, type ProcessEnd, signaled } from '../kernel/exit-status.ts';
import { FdTable } from '../kernel/fd-table.ts';
import { Init } from '../kernel/init.ts';
import { ProcView } from '../kernel/proc-view.ts';
import { Process } from '../kernel/process.ts';
import { processGroupsOf } from '../kernel/process-groups.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { newSession } from '../kernel/session.ts';
import { SIGNAL_CODES } from '../kernel/signals.ts';
import { System } from '../kernel/system.ts';
import { Terminal } from '../kernel/terminal.ts';
import { findUser } from '../kernel/user-database.ts';
import { enterDirectory } from '../kernel/working-directory.ts';
import type { ExecMessage, StartMessage } from '../link/messages.ts';
import type { Resources, Usage } from '../spec/resources.ts';
import type { WindowSize } from '../spec/window-size.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import { LazyFileSystem } from '../vfs/lazy.ts';
import type { Location } from '../vfs/path-walk.ts';
import { createProc } from '../vfs/proc.ts';
import type { CellHost } from './cell-host.ts';
import type { LoadedProgram } from './loaded-program.ts';
import type { CellProgramLoader } from './program-loader.ts';
import { openStandardStreams, openTerminal, type StandardStreams } from './standard-streams.ts';

/** How a process that was started from outside ended, and what its container had used by then. */
export interface TaskEnd {
  readonly exitCode: number;
  readonly reason: string | undefined;
  readonly isOutOfMemory: boolean;
}

export interface ContainerParts {
  readonly group: ControlGroup;
  readonly loader: CellProgramLoader;
  readonly scheduler: Scheduler;
  readonly host: CellHost;
}

/** A process that was started from outside. */
export class CellTask {
  readonly #process: Process;
  readonly #image: LoadedProgram | Init;
  readonly #terminal: Terminal | undefined;

  constructor(process: Process, image: LoadedProgram | Init, terminal: Terminal | undefined) {
    this.#process = process;
    this.#image = image;
    this.#terminal = terminal;
  }

  /** Runs it to its end. */
  async run(): Promise<TaskEnd> {
    this.#process.run(this.#image);
    const { status, reason, isOutOfMemory = false }: ProcessEnd = await this.#process.ended;
    // Others may have it, too, but nobody shows it any more.
    await this.#terminal?.drained();
    this.#terminal?.hangUp();
    return { exitCode: exitCodeOf(status), reason, isOutOfMemory };
  }

  /** Ignored without a terminal. */
  resize(window: WindowSize): void {
    this.#terminal?.resize({ ...window, width: 0, height: 0 });
  }

  /** A signal from beyond the container. */
  signal(signal: number): void {
    const code = SIGNAL_CODES.user;
    this.#process.post({ signal, code, pid: 0, uid: 0, status: 0 }, 'outside');
  }
}

/** One container in this cell: its files, its processes, its limits. Disposed at its end. */
export class CellContainer implements Disposable {
  readonly #system: System;
  readonly #loader: CellProgramLoader;
  readonly #host: CellHost;
  /** Those that are under way. */
  readonly #execs = new Set<Promise<void>>();

  /** Owns `files` from now on. */
  constructor(spec: StartMessage, files: FileTree, parts: ContainerParts) {
    const { group, loader, scheduler, host } = parts;
    this.#loader = loader;
    this.#host = host;
    this.#system = new System({
      files,
      group,
      scheduler,
      clock: host.clock,
      clockGrainNs: spec.isCellShared ? SHARED_CLOCK_GRAIN_NS : CLOCK_GRAIN_NS,
      fillRandom: host.fillRandom,
      loader,
      hostname: spec.hostname,
      pidsLimit: spec.resources.pidsLimit,
    });
    mountProc(this.#system, host);
  }

  /**
   * Makes the first process, or one more, ready to run; runs no guest code.
   *
   * # Errors: EngineErrors as the runtime's contract lists them
   */
  prepare(spec: StartMessage | ExecMessage, streams: StandardStreams): CellTask {
    using owned = new DisposableStack();
    const { files } = this.#system;
    const { credentials, home } = findUser(files, spec.user);
    const workingDirectory = enter(files, spec.workingDirectory);
    const fds = new FdTable();
    owned.adopt(fds, () => fds.closeAll());
    const terminal = spec.hasTerminal ? this.#newTerminal(streams, spec.window) : undefined;
    if (terminal) openTerminal(fds, terminal);
    else openStandardStreams(fds, streams);
    const process = owned.adopt(this.#newProcess(fds, workingDirectory, credentials), kill);
    const env = withDefaults(spec.env, home, workingDirectory);
    const program = this.#loader.loadCommand(process, spec.args, env);
    const isInit = spec.type === 'start' && spec.isInit;
    const image = isInit ? new Init(process, program) : program;
    const leader = image instanceof Init ? image.child : process;
    program.instantiate(leader);
    if (image instanceof Init) newSession(leader);
    if (terminal) control(terminal, leader);
    owned.move();
    return new CellTask(process, image, terminal);
  }

  #newTerminal(streams: StandardStreams, window: WindowSize = NO_WINDOW): Terminal {
    return new Terminal({
      input: streams.stdin,
      output: streams.stdout,
      groups: processGroupsOf(this.#system),
      clock: this.#host.clock,
      window: { ...window, width: 0, height: 0 },
    });
  }

  #newProcess(
    fds: FdTable,
    workingDirectory: Location,
    credentials: Process['credentials'],
  ): Process {
    try {
      const system = this.#system;
      return new Process({ system, parent: undefined, fds, workingDirectory, credentials });
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      throw new EngineError(
        'resource-exhausted',
        'cannot start a process: the container has as many as it may (pids limit), or the cell',
      );
    }
  }

  /** Keeps an exec in mind until it is over and told. */
  keep(exec: Promise<void>): void {
    this.#execs.add(exec);
    void exec.finally(() => this.#execs.delete(exec));
  }

  async execsEnded(): Promise<void> {
    await Promise.all(this.#execs);
  }

  /** With the first process all others end; resolves when they have. */
  async end(): Promise<Usage> {
    const { processes } = this.#system;
    // Until it is told, one may still make another.
    for (let others = processes.living(); others.length > 0; others = processes.living()) {
      for (const process of others) process.end({ status: signaled(SIGNALS.SIGKILL) });
      await Promise.all(others.map((process) => process.ended));
    }
    return this.#system.group.usage();
  }

  pause(): void {
    this.#system.group.isPaused = true;
  }

  resume(): void {
    this.#system.group.isPaused = false;
    this.#system.scheduler.reconsider();
  }

  update(resources: Resources): void {
    this.#system.group.update(resources, this.#host.clock.monotonicMs());
    this.#system.processes.limit = resources.pidsLimit;
    this.#system.scheduler.reconsider();
  }

  usage(): Usage {
    return this.#system.group.usage();
  }

  [Symbol.dispose](): void {
    this.#system.files[Symbol.dispose]();
  }
}

/** Unique among the file systems of a container (see container-files.ts). */
const PROC_DEVICE = 4n;
/** What programs are told of the time in a cell of their own. */
const CLOCK_GRAIN_NS = 1_000n;
/** And beside others, on whom a finer clock would let them spy (as browsers do it). */
const SHARED_CLOCK_GRAIN_NS = 100_000n;

/** Only shown, as /dev: it needs no directory in the image. */
function mountProc(system: System, { clock, memoryBytes }: CellHost): void {
  const { files } = system;
  const proc = new LazyFileSystem({ typeName: 'proc', isReadOnly: true }, () =>
    createProc({
      source: new ProcView(system, memoryBytes),
      mounts: () => files.mounts,
      device: PROC_DEVICE,
      now: () => clock.realtimeNs(),
    }),
  );
  files.mount('/proc', proc, { isVirtual: true });
}

const NO_WINDOW: WindowSize = { columns: 0, rows: 0 };

/** The terminal is that of the session that the process leads. */
function control(terminal: Terminal, { pid, session, processGroup }: Process): void {
  const user = { pid, group: processGroup, session: session.id };
  terminal.session.control({ ...user, isDeaf: () => false, isGroupOrphaned: false }, false);
  session.terminal = terminal;
}

/** A process that was not run after all. */
function kill(process: Process): void {
  for (const child of process.children.all()) kill(child);
  process.end({ status: signaled(SIGNALS.SIGKILL) });
}

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

/**
 * Programs that ask for their working directory read PWD, as preview1 has no call for it; HOME is
 * the user's, unless the image or the caller says otherwise.
 */
function withDefaults(env: readonly string[], home: string, directory: Location): string[] {
  const defaults = [`PWD=${directory.path}`, `HOME=${home}`].filter((entry) => {
    const prefix = entry.slice(0, entry.indexOf('=') + 1);
    return !env.some((present) => present.startsWith(prefix));
  });
  return [...env, ...defaults];
}
