import type {
  ProcFd,
  ProcLimit,
  ProcMachine,
  ProcNetwork,
  ProcProcess,
  ProcSource,
  ProcState,
} from '../vfs/proc-source.ts';
import { LOOPBACK_ONLY } from '../vfs/proc-source.ts';
import type { Ids } from './credentials.ts';
import { encodeExitStatus } from './exit-status.ts';
import type { FdEntry } from './fd-table.ts';
import { MAX_FDS } from './fd-table.ts';
import { LoadAverage } from './load-average.ts';
import type { Process } from './process.ts';
import { PID_MAX } from './process-table.ts';
import { RESOURCE_COUNT, UNLIMITED } from './resource-limits.ts';
import { NO_SIGNALS, type SignalAction, type SignalSet, signalSetOf } from './signals.ts';
import type { System } from './system.ts';

/** `makedev` of /dev/tty as it is seen from within: one terminal a session, as pts/0. */
const TERMINAL_DEVICE = 0x8800;
/** Linux's flags of open(2), which the fds' own do not come as. */
const OPEN_FLAGS = { write: 1, readWrite: 2, append: 0o2000, nonBlock: 0o4000, sync: 0o4010000 };
const SIGNAL_COUNT = 64;
const UUID_SIZE = 16;

/** What a container is told of the machine: not more than it needs. */
const MACHINE = {
  release: '6.12.0-wolffia',
  version: '#1 SMP',
  cpuModel: 'Wolffia virtual processor',
  cpuMhz: 1000,
} as const;

/** What /proc of a container tells, out of its system. */
export class ProcView implements ProcSource {
  readonly #system: System;
  readonly #machineMemoryBytes: number;
  readonly #loads: LoadAverage;
  readonly #bootId: string;

  /** `machineMemoryBytes`: what a container without a limit is told that it may use. */
  constructor(system: System, machineMemoryBytes: number) {
    this.#system = system;
    this.#machineMemoryBytes = machineMemoryBytes;
    this.#loads = new LoadAverage(system.startedMs);
    this.#bootId = this.#newUuid();
  }

  selfPid(): number {
    return this.#system.scheduler.running?.process.pid ?? 0;
  }

  selfTid(): number {
    const running = this.#system.scheduler.running;
    if (!running) return 0;
    return running.tid === running.home.pid ? running.process.pid : running.tid;
  }

  pids(): readonly number[] {
    return [...this.#system.processes.all()].map(({ pid }) => pid).sort((a, b) => a - b);
  }

  process(pid: number): ProcProcess | undefined {
    const process = this.#system.processes.get(pid);
    return process && viewOf(process, this.#system.startedMs);
  }

  machine(): ProcMachine {
    const { clock, group, hostname, processes, startedMs, startedNs } = this.#system;
    const nowMs = clock.monotonicMs();
    const usage = group.usage();
    const runnableCount = group.runnable.length + 1;
    return {
      ...MACHINE,
      hostname,
      // All threads of a container take turns.
      cpuCount: 1,
      totalMemoryBytes: Math.min(group.memory.limitBytes, this.#machineMemoryBytes),
      usedMemoryBytes: usage.memoryBytes,
      sharedMemoryBytes: group.memory.files.usedBytes,
      uptimeMs: nowMs - startedMs,
      busyMs: usage.cpuNanoseconds / 1e6,
      startedNs,
      loads: this.#loads.sample(runnableCount, nowMs),
      lastPid: processes.lastPid,
      forkCount: processes.forkCount,
      pidMax: PID_MAX,
      maxFiles: MAX_FDS,
      bootId: this.#bootId,
      newUuid: () => this.#newUuid(),
    };
  }

  network(): ProcNetwork {
    return LOOPBACK_ONLY;
  }

  /** A random UUID (RFC 9562, version 4). */
  #newUuid(): string {
    const bytes = new Uint8Array(UUID_SIZE);
    this.#system.fillRandom(bytes);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
}

function viewOf(process: Process, bootMs: number): ProcProcess {
  const { credentials, children, session, image } = process;
  const isAlive = !process.isZombie;
  const waited = children.waitedUsage;
  return {
    pid: process.pid,
    parentPid: process.parent?.pid ?? 0,
    group: process.processGroup,
    session: session.id,
    terminal: session.terminal ? TERMINAL_DEVICE : 0,
    foregroundGroup: session.terminal?.session.foreground ?? -1,
    state: stateOf(process),
    name: image?.name ?? '',
    args: isAlive ? process.args : [],
    env: isAlive ? process.env : [],
    executable: isAlive ? image?.path : undefined,
    workingDirectory: isAlive ? process.workingDirectory.path : undefined,
    uids: idsOf(credentials.user),
    gids: idsOf(credentials.group),
    groups: credentials.supplementary,
    umask: process.umask,
    threadIds: isAlive ? [process.pid, ...otherThreadsOf(process)] : [process.pid],
    userMs: process.cpuTimeMs,
    systemMs: 0,
    childrenUserMs: waited.cpuMs,
    childrenSystemMs: 0,
    startedMs: process.startedMs - bootMs,
    memoryBytes: process.memoryBytes,
    peakMemoryBytes: process.memory.peakBytes,
    signals: {
      pending: NO_SIGNALS,
      sharedPending: process.signals.pendingSet,
      blocked: [...process.threads][0]?.signalMask ?? NO_SIGNALS,
      ignored: signalsOfKind(process, 'ignore'),
      caught: signalsOfKind(process, 'handler'),
    },
    limits: Array.from({ length: RESOURCE_COUNT }, (_, resource) => limitOf(process, resource)),
    fds: () => [...process.fds.open()].map(([fd, entry]) => fdOf(fd, entry)),
    io: process.io,
    exitStatus: process.ending && !isAlive ? encodeExitStatus(process.ending.status) : 0,
  };
}

function stateOf(process: Process): ProcState {
  if (process.isZombie) return 'Z';
  if (process.isStopped) return 'T';
  const { runnable } = process.system.group;
  const isRunning = [...process.threads].some(
    (thread) => thread === process.system.scheduler.running || runnable.includes(thread),
  );
  return isRunning ? 'R' : 'S';
}

function idsOf({ real, effective, saved }: Ids): readonly [number, number, number, number] {
  return [real, effective, saved, effective];
}

function otherThreadsOf(process: Process): readonly number[] {
  return [...process.threads].map(({ tid }) => tid).filter((tid) => tid !== process.pid);
}

function signalsOfKind({ signals }: Process, kind: SignalAction['kind']): SignalSet {
  let set = NO_SIGNALS;
  for (let signal = 1; signal <= SIGNAL_COUNT; signal++) {
    if (signals.action(signal).kind === kind) set |= signalSetOf(signal);
  }
  return set;
}

function limitOf({ limits }: Process, resource: number): ProcLimit {
  const { current, maximum } = limits.get(resource);
  const numberOf = (limit: bigint): number | undefined =>
    limit === UNLIMITED ? undefined : Number(limit);
  return { soft: numberOf(current), hard: numberOf(maximum) };
}

function fdOf(fd: number, { description, closeOnExec }: FdEntry): ProcFd {
  const { flags } = description;
  return {
    fd,
    ...targetOf(description),
    attributes: () => description.attributes(),
    position: description.kind === 'file' ? description.position : 0,
    flags:
      accessFlags(description) |
      (flags.append ? OPEN_FLAGS.append : 0) |
      (flags.nonBlocking ? OPEN_FLAGS.nonBlock : 0) |
      (flags.synchronous ? OPEN_FLAGS.sync : 0) |
      (closeOnExec === true ? 0o2000000 : 0),
  };
}

function targetOf(description: FdEntry['description']): { target: string; isPath: boolean } {
  switch (description.kind) {
    case 'directory':
      return { target: description.location.path, isPath: true };
    case 'file': {
      const { parent, name } = description.origin ?? { parent: undefined, name: '' };
      const directory = parent?.path ?? '';
      return { target: `${directory === '/' ? '' : directory}/${name}`, isPath: true };
    }
    case 'stream':
      return { target: description.name, isPath: false };
  }
}

function accessFlags(description: FdEntry['description']): number {
  if (description.kind === 'directory') return 0;
  const canRead =
    description.kind === 'file' ? description.access.read : description.source !== undefined;
  const canWrite =
    description.kind === 'file' ? description.access.write : description.sink !== undefined;
  if (!canWrite) return 0;
  return canRead ? OPEN_FLAGS.readWrite : OPEN_FLAGS.write;
}
