import type { Attributes } from '../../src/vfs/contract.ts';
import {
  LOOPBACK_ONLY,
  type ProcMachine,
  type ProcNetwork,
  type ProcProcess,
  type ProcSource,
} from '../../src/vfs/proc-source.ts';

/** What a pipe's end looks like to whoever asks for its attributes. */
export const PIPE_ATTRIBUTES: Attributes = {
  kind: 'fifo',
  device: 0n,
  inode: 7n,
  linkCount: 1,
  sizeBytes: 0,
  blocks: 0,
  rdev: 0n,
  mode: 0o600,
  uid: 0,
  gid: 0,
  accessedNs: 0n,
  modifiedNs: 0n,
  changedNs: 0n,
};

export function fakeProcess(pid: number, own: Partial<ProcProcess> = {}): ProcProcess {
  return {
    pid,
    parentPid: pid === 1 ? 0 : 1,
    group: pid,
    session: 1,
    terminal: 0x8800,
    foregroundGroup: 1,
    state: 'S',
    name: 'a program of a long name',
    args: ['sh', '-c', 'true'],
    env: ['A=1', 'B=2'],
    executable: '/bin/sh',
    workingDirectory: '/root',
    uids: [1000, 1000, 0, 1000],
    gids: [100, 100, 100, 100],
    groups: [4, 24],
    umask: 0o22,
    threadIds: [pid],
    userMs: 1234,
    systemMs: 56,
    childrenUserMs: 0,
    childrenSystemMs: 0,
    startedMs: 2500,
    memoryBytes: 1 << 20,
    peakMemoryBytes: 2 << 20,
    signals: { pending: 0n, sharedPending: 0n, blocked: 2n, ignored: 0x1000n, caught: 1n << 63n },
    limits: [],
    fds: () => [
      { fd: 0, target: '/dev/null', isPath: true, attributes, position: 0, flags: 0o100000 },
      { fd: 1, target: 'pipe:[7]', isPath: false, attributes, position: 0, flags: 1 },
    ],
    io: { readBytes: 10, writtenBytes: 20, readCalls: 1, writeCalls: 2 },
    exitStatus: 0,
    ...own,
  };
}

const attributes = (): Attributes => PIPE_ATTRIBUTES;

const MACHINE: ProcMachine = {
  hostname: 'box',
  release: '6.1.0-wolffia',
  version: '#1 SMP',
  cpuCount: 2,
  cpuModel: 'A Processor',
  cpuMhz: 2000,
  totalMemoryBytes: 64 << 20,
  usedMemoryBytes: 4 << 20,
  sharedMemoryBytes: 1 << 20,
  uptimeMs: 12_345,
  busyMs: 4_690,
  startedNs: 1_700_000_000_000_000_000n,
  loads: [0.5, 0.25, 1],
  lastPid: 9,
  forkCount: 12,
  pidMax: 32_768,
  maxFiles: 1024,
  bootId: '11111111-2222-4333-8444-555555555555',
  newUuid: () => '66666666-7777-4888-9999-aaaaaaaaaaaa',
};

export class FakeProcSource implements ProcSource {
  readonly processes = new Map<number, ProcProcess>();
  self = 1;
  networkNow: ProcNetwork = LOOPBACK_ONLY;

  selfPid(): number {
    return this.self;
  }

  selfTid(): number {
    return this.self;
  }

  pids(): readonly number[] {
    return [...this.processes.keys()];
  }

  process(pid: number): ProcProcess | undefined {
    return this.processes.get(pid);
  }

  machine(): ProcMachine {
    return MACHINE;
  }

  network(): ProcNetwork {
    return this.networkNow;
  }
}
