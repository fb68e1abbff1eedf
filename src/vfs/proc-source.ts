import type { Attributes } from './contract.ts';

/**
 * What /proc tells, and whoever knows it implements: the kernel. Every call is answered with the
 * state of that moment.
 */
export interface ProcSource {
  /** The process, and its thread, whose system call is under way. */
  selfPid(): number;
  selfTid(): number;
  /** In ascending order; the dead that nobody has waited for among them. */
  pids(): readonly number[];
  process(pid: number): ProcProcess | undefined;
  machine(): ProcMachine;
  network(): ProcNetwork;
}

/** One character of proc_pid_stat(5): running, sleeping, stopped, zombie. */
export type ProcState = 'R' | 'S' | 'T' | 'Z';

export interface ProcProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly group: number;
  readonly session: number;
  /** Its controlling terminal (Linux's `makedev`); 0 for none. */
  readonly terminal: number;
  /** Of the terminal; -1 for none. */
  readonly foregroundGroup: number;
  readonly state: ProcState;
  /** What runs, without its directories. */
  readonly name: string;
  /** Empty for a zombie, as all that a program had. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Absolute path; undefined when there is none any more. */
  readonly executable: string | undefined;
  readonly workingDirectory: string | undefined;
  /** Real, effective, saved, and that for files. */
  readonly uids: readonly [number, number, number, number];
  readonly gids: readonly [number, number, number, number];
  readonly groups: readonly number[];
  readonly umask: number;
  readonly threadIds: readonly number[];
  readonly userMs: number;
  readonly systemMs: number;
  readonly childrenUserMs: number;
  readonly childrenSystemMs: number;
  /** Since the container's start. */
  readonly startedMs: number;
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly signals: ProcSignals;
  /** Linux's resources by number, of which there are 16. */
  readonly limits: readonly ProcLimit[];
  readonly fds: () => readonly ProcFd[];
  readonly io: ProcIo;
  /** As a parent would get it; 0 while it lives. */
  readonly exitStatus: number;
}

/** Sets of signals: signal N is bit N - 1. */
export interface ProcSignals {
  readonly pending: bigint;
  readonly sharedPending: bigint;
  readonly blocked: bigint;
  readonly ignored: bigint;
  readonly caught: bigint;
}

/** Undefined: unlimited. */
export interface ProcLimit {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

export interface ProcIo {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly readCalls: number;
  readonly writeCalls: number;
}

export interface ProcFd {
  readonly fd: number;
  /** What the link shows: an absolute path, or a name such as `pipe:[7]`. */
  readonly target: string;
  /** Whether `target` leads to the file; else opening the link gives the open file itself. */
  readonly isPath: boolean;
  readonly attributes: () => Attributes;
  readonly position: number;
  /** Linux's flags of open(2). */
  readonly flags: number;
}

export interface ProcMachine {
  readonly hostname: string;
  /** Of the kernel that programs are told of. */
  readonly release: string;
  readonly version: string;
  readonly cpuCount: number;
  readonly cpuModel: string;
  readonly cpuMhz: number;
  /** What the container may use, at most; and uses of it. */
  readonly totalMemoryBytes: number;
  readonly usedMemoryBytes: number;
  /** Of that, files in memory. */
  readonly sharedMemoryBytes: number;
  readonly uptimeMs: number;
  /** Of all processors together. */
  readonly busyMs: number;
  /** Nanoseconds since the epoch. */
  readonly startedNs: bigint;
  /** Over one, five and fifteen minutes. */
  readonly loads: readonly [number, number, number];
  readonly lastPid: number;
  /** How many processes were made so far. */
  readonly forkCount: number;
  readonly pidMax: number;
  readonly maxFiles: number;
  /** 36 characters; the one stays the same, the other is new at every call. */
  readonly bootId: string;
  readonly newUuid: () => string;
}

export interface ProcNetwork {
  readonly interfaces: readonly ProcInterface[];
  readonly sockets: readonly ProcSocket[];
  readonly routes: readonly ProcRoute[];
  readonly neighbours: readonly ProcNeighbour[];
}

export interface ProcTraffic {
  readonly bytes: number;
  readonly packets: number;
}

export interface ProcInterface {
  readonly name: string;
  readonly index: number;
  readonly received: ProcTraffic;
  readonly sent: ProcTraffic;
  /** 16 bytes each. */
  readonly addresses6: readonly { readonly address: Uint8Array; readonly prefixLength: number }[];
}

/** An address of 4 or 16 bytes in network order, and a port. */
export interface ProcEndpoint {
  readonly address: Uint8Array;
  readonly port: number;
}

export interface ProcSocket {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6';
  readonly local: ProcEndpoint;
  readonly remote: ProcEndpoint;
  /** Linux's number: 1 established, 7 closed (and UDP), 10 listening. */
  readonly state: number;
  readonly sendQueueBytes: number;
  readonly receiveQueueBytes: number;
  readonly uid: number;
  readonly inode: number;
}

/** Addresses of 4 bytes in network order. */
export interface ProcRoute {
  readonly interface: string;
  readonly destination: Uint8Array;
  readonly gateway: Uint8Array;
  readonly mask: Uint8Array;
  readonly metric: number;
}

export interface ProcNeighbour {
  readonly interface: string;
  readonly address: Uint8Array;
  /** `02:42:…` */
  readonly hardwareAddress: string;
}

/** Of a container without a network: the loopback alone. */
export const LOOPBACK_ONLY: ProcNetwork = {
  interfaces: [
    {
      name: 'lo',
      index: 1,
      received: { bytes: 0, packets: 0 },
      sent: { bytes: 0, packets: 0 },
      addresses6: [
        {
          address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
          prefixLength: 128,
        },
      ],
    },
  ],
  sockets: [],
  routes: [],
  neighbours: [],
};
