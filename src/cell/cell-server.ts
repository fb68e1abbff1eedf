import type { Abi } from '../abi/abi.ts';
import { HostcallTrace } from '../abi/hostcall-trace.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import { EmptySource } from '../kernel/byte-channel.ts';
import { ControlGroup } from '../kernel/control-group.ts';
import { findExecutable } from '../kernel/executable-path.ts';
import { Scheduler } from '../kernel/scheduler.ts';
import { WaitQueue } from '../kernel/wait-queue.ts';
import { enterDirectory } from '../kernel/working-directory.ts';
import { encodeMessage, FrameDecoder, LINK_VERSION, STREAM } from '../link/frame.ts';
import {
  boundedText,
  type CellMessage,
  type ExecMessage,
  parseDaemonMessage,
  type StartMessage,
  type UsageMessage,
  type WarmMessage,
} from '../link/messages.ts';
import type { Usage } from '../spec/resources.ts';
import type { CellHost } from './cell-host.ts';
import { CellContainer, type CellTask, type TaskEnd } from './container.ts';
import { ContainerFiles } from './container-files.ts';
import { DeterministicHost } from './deterministic-host.ts';
import { InstancePool } from './instance-pool.ts';
import { LinkSink } from './link-sink.ts';
import { LinkSource } from './link-source.ts';
import { permittedFiles, type SyncRequest } from './permitted-files.ts';
import { ProgramCache } from './program-cache.ts';
import { CellProgramLoader } from './program-loader.ts';
import { RewriteCache } from './rewrite-cache.ts';

/** One task as the link sees it: streams, process, and the container when it is its first. */
interface RunningTask {
  readonly streams: TaskStreams;
  readonly process: CellTask;
  readonly container: CellContainer | undefined;
}

interface TaskStreams {
  readonly stdin: LinkSource | undefined;
  readonly stdout: LinkSink;
  readonly stderr: LinkSink;
}

/**
 * Serves the daemon over the link: starts containers, passes their streams, and tells how they end.
 * What it sends goes through `send`, in order.
 */
export class CellServer {
  readonly #host: CellHost;
  readonly #send: (frame: Uint8Array) => void;
  /** What guests see of the machine; the link and the caches see the machine itself. */
  readonly #guestHost: CellHost;
  readonly #trace: HostcallTrace | undefined;
  readonly #scheduler: Scheduler;
  readonly #programs: ProgramCache;
  readonly #loader: CellProgramLoader;
  readonly #files: ContainerFiles;
  readonly #tasks = new Map<number, RunningTask>();
  /** Files that the daemon was asked to sync, by the number of the question. */
  readonly #syncs = new Map<number, (code: string | undefined) => void>();
  #nextSync = 0;
  readonly #decoder: FrameDecoder;
  readonly #shutdown: () => void;

  constructor(options: {
    readonly abis: readonly Abi[];
    readonly host: CellHost;
    readonly send: (frame: Uint8Array) => void;
    readonly shutdown: () => void;
    /** Makes clocks, randomness and turns a function of it and of what the guests do. */
    readonly seed?: string | undefined;
  }) {
    this.#send = options.send;
    this.#shutdown = options.shutdown;
    const { seed, abis } = options;
    const files = permittedFiles(options.host.files, (request) => this.#askSync(request));
    const host = { ...options.host, files };
    this.#host = host;
    this.#guestHost =
      seed === undefined
        ? host
        : new DeterministicHost(host, seed, () => this.#scheduler.fuelUsed());
    const { clock, turns, threadLimit } = this.#guestHost;
    this.#scheduler = new Scheduler(clock, turns, threadLimit);
    this.#trace = seed === undefined ? undefined : new HostcallTrace();
    const linker = {
      abis,
      scheduler: this.#scheduler,
      instances: new InstancePool(),
      reportBug: host.reportBug,
      trace: this.#trace,
    };
    // The event loop stands still meanwhile, and with it the clock of the heartbeats.
    const rewrites = new RewriteCache(host, () => this.#tell(0, { type: 'heartbeat' }));
    this.#programs = new ProgramCache(linker, rewrites, host);
    this.#loader = new CellProgramLoader(this.#programs);
    this.#files = new ContainerFiles(this.#guestHost);
    this.#decoder = new FrameDecoder({
      onMessage: (task, json) => this.#receive(task, json),
      onData: (task, _stream, bytes) => this.#tasks.get(task)?.streams.stdin?.push(bytes),
      onCredit: (task, stream, count) => {
        const streams = this.#tasks.get(task)?.streams;
        (stream === STREAM.stdout ? streams?.stdout : streams?.stderr)?.takeCredit(count);
      },
      onEnd: (task) => this.#tasks.get(task)?.streams.stdin?.end(),
    });
  }

  greet(pid: number): void {
    this.#tell(0, { type: 'hello', version: LINK_VERSION, pid });
    const beat = (): void => {
      this.#tell(0, { type: 'heartbeat' });
      this.#host.clock.startTimer(HEARTBEAT_MS, beat);
    };
    this.#host.clock.startTimer(HEARTBEAT_MS, beat);
  }

  /**
   * Takes bytes of the link. Errors: LinkError and parse errors, after which the link is of no use.
   */
  feed(chunk: Uint8Array): void {
    this.#decoder.feed(chunk);
  }

  #askSync(request: SyncRequest): Promise<string | undefined> {
    const id = this.#nextSync++;
    this.#tell(0, { type: 'sync', id, ...request });
    return new Promise((resolve) => this.#syncs.set(id, resolve));
  }

  #receive(task: number, json: string): void {
    const message = parseDaemonMessage(json);
    switch (message.type) {
      case 'start':
        this.#start(task, message);
        return;
      case 'exec':
        this.#exec(task, message);
        return;
      case 'warm':
        this.#warm(message);
        return;
      case 'signal':
        this.#tasks.get(task)?.process.signal(message.signal);
        return;
      case 'pause':
        this.#control(task, (container) => container.pause());
        return;
      case 'resume':
        this.#control(task, (container) => container.resume());
        return;
      case 'update':
        this.#control(task, (container) => container.update(message.resources));
        return;
      case 'usage': {
        const container = this.#tasks.get(task)?.container;
        if (container) this.#tell(task, { type: 'usage', usage: usageMessage(container.usage()) });
        return;
      }
      case 'resize':
        this.#tasks.get(task)?.process.resize(message);
        return;
      case 'synced':
        this.#syncs.get(message.id)?.(message.code);
        this.#syncs.delete(message.id);
        return;
      case 'shutdown':
        this.#shutdown();
    }
  }

  /**
   * Messages come between guests' slices: what is done to a container is in force when it is
   * answered. One that has ended meanwhile says so itself.
   */
  #control(task: number, act: (container: CellContainer) => void): void {
    const container = this.#tasks.get(task)?.container;
    if (!container) return;
    act(container);
    this.#tell(task, { type: 'done' });
  }

  #start(number: number, spec: StartMessage): void {
    using owned = new DisposableStack();
    try {
      const host = this.#guestHost;
      const group = new ControlGroup(spec.resources, host.clock.monotonicMs());
      const files = this.#files.open(spec, group.memory.files);
      const parts = { group, loader: this.#loader, scheduler: this.#scheduler, host };
      const container = owned.use(new CellContainer(spec, files, parts));
      this.#prepare(number, spec, container);
      owned.move();
      void this.#runContainer(number, container);
    } catch (thrown) {
      this.#refuse(number, thrown);
    }
  }

  #exec(number: number, spec: ExecMessage): void {
    const container = this.#tasks.get(spec.container)?.container;
    try {
      if (!container) throw new EngineError('unavailable', 'the container is not running');
      this.#prepare(number, spec, container);
      container.keep(this.#runExec(number));
    } catch (thrown) {
      this.#refuse(number, thrown);
    }
  }

  #prepare(number: number, spec: StartMessage | ExecMessage, container: CellContainer): void {
    const streams: TaskStreams = {
      stdin: spec.hasStdin ? new LinkSource(number, this.#send) : undefined,
      stdout: new LinkSink(number, STREAM.stdout, this.#send),
      stderr: new LinkSink(number, STREAM.stderr, this.#send),
    };
    const stdin = streams.stdin ?? new EmptySource(new WaitQueue());
    const process = container.prepare(spec, { ...streams, stdin });
    const isFirst = spec.type === 'start';
    this.#tasks.set(number, { streams, process, container: isFirst ? container : undefined });
    this.#tell(number, { type: 'started' });
  }

  /** Nobody asked for it, so that nobody hears when it fails: the container itself will. */
  #warm({ layers, args, env, workingDirectory }: WarmMessage): void {
    const [command] = args;
    if (command === undefined) return;
    try {
      using files = this.#files.openImage(layers);
      const directory = enterDirectory(files, workingDirectory);
      this.#programs.load(findExecutable(files, directory, command, env), command);
    } catch (thrown) {
      if (!(thrown instanceof EngineError || thrown instanceof Errno)) {
        this.#host.reportBug('warm', thrown);
      }
    }
  }

  async #runContainer(number: number, container: CellContainer): Promise<void> {
    const end = await this.#tasks.get(number)?.process.run();
    const usage = await container.end();
    // Execs tell of their ends before.
    await container.execsEnded();
    container[Symbol.dispose]();
    this.#forget(number);
    const trace = this.#trace === undefined ? {} : { trace: this.#trace.digest };
    if (end) this.#tell(number, { ...exitMessage(end), usage: usageMessage(usage), ...trace });
  }

  async #runExec(number: number): Promise<void> {
    const end = await this.#tasks.get(number)?.process.run();
    this.#forget(number);
    if (end) this.#tell(number, exitMessage(end));
  }

  #forget(number: number): void {
    const streams = this.#tasks.get(number)?.streams;
    this.#tasks.delete(number);
    streams?.stdout.close();
    streams?.stderr.close();
  }

  #refuse(number: number, thrown: unknown): void {
    if (thrown instanceof EngineError) {
      const message = boundedText(thrown.message);
      this.#tell(number, { type: 'refused', kind: thrown.kind, message });
      return;
    }
    this.#host.reportBug('start', thrown);
    const message = boundedText(`cannot start the container: ${messageOf(thrown)}`);
    this.#tell(number, { type: 'refused', kind: 'internal', message });
  }

  #tell(task: number, message: CellMessage): void {
    this.#send(encodeMessage(task, message));
  }
}

const HEARTBEAT_MS = 1_000;

function exitMessage({ exitCode, reason, isOutOfMemory }: TaskEnd): ExitedMessage {
  return {
    type: 'exited',
    exitCode,
    ...(reason === undefined ? {} : { reason: boundedText(reason) }),
    isOutOfMemory,
  };
}

type ExitedMessage = CellMessage & { readonly type: 'exited' };

function usageMessage(usage: Usage): UsageMessage {
  return {
    ...usage,
    processes: usage.processes.map((process) => ({
      ...process,
      command: boundedText(process.command),
    })),
  };
}
