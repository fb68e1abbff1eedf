/**
 * What containers use: `State.Wolffia` of inspect, `GET /containers/{id}/stats` and `…/top`. Times
 * are nanoseconds, sizes bytes.
 */

/** Our own part of `State`. What the last run used stays until the next one. */
export interface ContainerUsageResponse {
  /** The one that is in force: never empty. */
  readonly Isolation: string;
  /** All but `Isolation` is absent before the first start, and when the account was lost. */
  readonly Fuel?: number;
  readonly CpuNanoseconds?: number;
  readonly ThrottledNanoseconds?: number;
  readonly MemoryBytes?: number;
  readonly MemoryPeakBytes?: number;
  /** How often it was refused memory. */
  readonly MemoryFailures?: number;
  /** Those that run. */
  readonly Processes?: readonly ProcessUsageResponse[];
}

export interface ProcessUsageResponse {
  readonly Pid: number;
  readonly Command: string;
  readonly Fuel: number;
  readonly CpuNanoseconds: number;
  readonly MemoryBytes: number;
}

export interface CpuStatsResponse {
  readonly cpu_usage: {
    readonly total_usage: number;
    readonly usage_in_kernelmode: number;
    readonly usage_in_usermode: number;
  };
  /** Of all CPUs together, idle or not, since the machine started. */
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data: {
    readonly periods: number;
    readonly throttled_periods: number;
    readonly throttled_time: number;
  };
}

/** The fields of cgroup v1 and v2 are not there: nothing of them applies. */
export interface MemoryStatsResponse {
  readonly usage?: number;
  readonly max_usage?: number;
  readonly stats?: Readonly<Record<string, number>>;
  /** How often memory was refused. */
  readonly failcnt?: number;
  /** The machine's memory when the container has no limit. */
  readonly limit?: number;
}

/** `GET /containers/{id}/stats`: one object, or one a second as a stream. */
export interface ContainerStatsResponse {
  /** With a leading slash. */
  readonly name: string;
  readonly id: string;
  /** `ZERO_TIME` in the answer for a container that does not run, as in `preread` of the first. */
  readonly read: string;
  readonly preread: string;
  readonly pids_stats: { readonly current?: number };
  readonly blkio_stats: BlockIoStatsResponse;
  readonly num_procs: number;
  readonly storage_stats: Readonly<Record<string, number>>;
  readonly cpu_stats: CpuStatsResponse;
  readonly precpu_stats: CpuStatsResponse;
  readonly memory_stats: MemoryStatsResponse;
  /** Our own; absent when it does not run. */
  readonly wolffia?: {
    readonly fuel: number;
    readonly processes: readonly ProcessUsageResponse[];
  };
}

/** Not counted: clients show it as 0. */
export interface BlockIoStatsResponse {
  readonly io_service_bytes_recursive: null;
  readonly io_serviced_recursive: null;
  readonly io_queue_recursive: null;
  readonly io_service_time_recursive: null;
  readonly io_wait_time_recursive: null;
  readonly io_merged_recursive: null;
  readonly io_time_recursive: null;
  readonly sectors_recursive: null;
}

/** `GET /containers/{id}/top`: a table. */
export interface ContainerTopResponse {
  readonly Titles: readonly string[];
  readonly Processes: readonly (readonly string[])[];
}
