/**
 * What a container may use of the machine, and what it has used: the currency between the engine,
 * which settles and shows it, and the runtime, which enforces and measures it. Plain JSON.
 */
export interface Resources {
  /** Weight against the others when there is not enough CPU for all (`--cpu-shares`). */
  readonly cpuShares: number;
  /** CPU time in each period; absent: no limit (`--cpus`, `--cpu-quota` over `--cpu-period`). */
  readonly cpuBandwidth?: CpuBandwidth;
  /** `0-2,5`: the host's CPUs on which it may run (`--cpuset-cpus`). */
  readonly cpusetCpus?: string;
  /** Linear memories, tables and buffers of all its processes together (`--memory`). */
  readonly memoryBytes?: number;
  /** Its whole life's work, in units of fuel; it ends when they are used up (`--fuel`). */
  readonly fuel?: number;
  /** Units of fuel that it may use in a second; it waits when they are (`--fuel-per-second`). */
  readonly fuelPerSecond?: number;
  /** Processes and threads that may exist at once (`--pids-limit`). */
  readonly pidsLimit?: number;
}

export interface CpuBandwidth {
  readonly quotaMicroseconds: number;
  readonly periodMicroseconds: number;
}

export const DEFAULT_CPU_SHARES = 1024;
export const DEFAULT_CPU_PERIOD_MICROSECONDS = 100_000;

/**
 * Whom a container may share its process on the host with: `default` nobody while there are few
 * containers, `process` nobody ever, `dense` others from the start (`--isolation`).
 */
export const ISOLATIONS = ['default', 'process', 'dense'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** What the processes of a container have used since it was started. */
export interface Usage {
  /** Units of fuel: the same run uses the same number anywhere. */
  readonly fuel: number;
  readonly cpuNanoseconds: number;
  /** How long it could have run and had no quota left. */
  readonly throttledNanoseconds: number;
  /** Periods of its CPU quota that passed, and those in which it was throttled. */
  readonly periodCount: number;
  readonly throttledPeriodCount: number;
  /** Accounted now, and at most so far. */
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  /** How often it was refused memory. */
  readonly memoryFailureCount: number;
  /** Those that run; gone ones are in the sums above. */
  readonly processes: readonly ProcessUsage[];
}

export interface ProcessUsage {
  readonly pid: number;
  readonly command: string;
  readonly fuel: number;
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}
