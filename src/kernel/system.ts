import type { Clock } from '../base/clock.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import type { ControlGroup } from './control-group.ts';
import { FileLocks } from './file-locks.ts';
import { Pipes } from './pipe-ends.ts';
import { ProcessTable } from './process-table.ts';
import type { ProgramLoader } from './program.ts';
import type { Scheduler } from './scheduler.ts';

export interface SystemOptions {
  /** The container's files; borrowed. */
  readonly files: FileTree;
  readonly group: ControlGroup;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** What guests' clocks show is rounded down to this. */
  readonly clockGrainNs: bigint;
  /** Fills with random bytes fit for keys. */
  readonly fillRandom: (target: Uint8Array) => void;
  readonly loader: ProgramLoader;
  readonly hostname: string;
  /** How many processes and threads there may be at once; undefined: thousands. */
  readonly pidsLimit?: number | undefined;
}

/**
 * What all processes of a container have in common: a small Unix system of its own, on files,
 * clocks and a scheduler that it is given.
 */
export class System {
  readonly files: FileTree;
  readonly group: ControlGroup;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly clockGrainNs: bigint;
  readonly fillRandom: (target: Uint8Array) => void;
  readonly loader: ProgramLoader;
  readonly processes: ProcessTable;
  readonly pipes: Pipes;
  /** Of fcntl(2), owned by processes. */
  readonly recordLocks = new FileLocks();
  /** Of flock(2), owned by open file descriptions. */
  readonly fileLocks = new FileLocks();
  /** When it came up, by the clock of the day and by the monotonic one. */
  readonly startedNs: bigint;
  readonly startedMs: number;
  hostname: string;

  constructor(options: SystemOptions) {
    this.files = options.files;
    this.group = options.group;
    this.scheduler = options.scheduler;
    this.clock = options.clock;
    this.startedNs = options.clock.realtimeNs();
    this.startedMs = options.clock.monotonicMs();
    this.clockGrainNs = options.clockGrainNs;
    this.fillRandom = options.fillRandom;
    this.loader = options.loader;
    this.hostname = options.hostname;
    this.pipes = new Pipes(options.group.memory);
    this.processes = new ProcessTable(options.pidsLimit, options.scheduler.threads);
  }

  /** A time as guests may see it: by a fine clock guests of a shared cell spy on each other. */
  coarse(timeNs: bigint): bigint {
    return timeNs - (timeNs % this.clockGrainNs);
  }
}
