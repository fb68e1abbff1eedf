import { rfc3339Nano } from '../base/clock.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import { isolationOf } from '../engine/resource-limits.ts';
import type { ProcessUsage, Usage } from '../spec/resources.ts';
import { ZERO_TIME } from '../wire/container.ts';
import type {
  ContainerStatsResponse,
  ContainerTopResponse,
  ContainerUsageResponse,
  CpuStatsResponse,
  MemoryStatsResponse,
  ProcessUsageResponse,
} from '../wire/container-usage.ts';

/** What of the machine the shares of containers are measured against. */
export interface Machine {
  readonly cpuCount: number;
  readonly memorySizeBytes: number;
  /** Time of all CPUs together, idle or not. */
  readonly cpuNanoseconds: () => number;
}

/** `State.Wolffia` of inspect; `usage` is undefined when it is not known. */
export function usageResponse(
  { config }: ContainerRecord,
  usage: Usage | undefined,
): ContainerUsageResponse {
  return {
    Isolation: isolationOf(config.limits),
    ...(usage
      ? {
          Fuel: usage.fuel,
          CpuNanoseconds: usage.cpuNanoseconds,
          ThrottledNanoseconds: usage.throttledNanoseconds,
          MemoryBytes: usage.memoryBytes,
          MemoryPeakBytes: usage.peakMemoryBytes,
          MemoryFailures: usage.memoryFailureCount,
          Processes: usage.processes.map(processResponse),
        }
      : {}),
  };
}

/** The state of a container at one moment, as its next sample needs it. */
export interface StatsSample {
  readonly read: string;
  readonly cpu: CpuStatsResponse;
}

export const NO_SAMPLE: StatsSample = {
  read: ZERO_TIME,
  cpu: {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  },
};

/** Takes the machine's clock close to the container's, so that their ratio is true. */
export function takeSample(usage: Usage, realtimeNs: bigint, machine: Machine): StatsSample {
  return {
    read: rfc3339Nano(realtimeNs),
    cpu: {
      cpu_usage: {
        total_usage: usage.cpuNanoseconds,
        // All of it is the program's own: the kernel that serves it is not told apart.
        usage_in_kernelmode: 0,
        usage_in_usermode: usage.cpuNanoseconds,
      },
      system_cpu_usage: machine.cpuNanoseconds(),
      online_cpus: machine.cpuCount,
      throttling_data: {
        periods: usage.periodCount,
        throttled_periods: usage.throttledPeriodCount,
        throttled_time: usage.throttledNanoseconds,
      },
    },
  };
}

/** The answer for a container that runs. */
export function statsResponse(
  record: ContainerRecord,
  usage: Usage,
  sample: StatsSample,
  previous: StatsSample,
  machine: Machine,
): ContainerStatsResponse {
  return {
    ...idleStatsResponse(record),
    read: sample.read,
    preread: previous.read,
    pids_stats: { current: usage.processes.length },
    cpu_stats: sample.cpu,
    precpu_stats: previous.cpu,
    memory_stats: memoryStats(record, usage, machine),
    wolffia: { fuel: usage.fuel, processes: usage.processes.map(processResponse) },
  };
}

/** The answer for a container that does not run. */
export function idleStatsResponse({ id, name }: ContainerRecord): ContainerStatsResponse {
  return {
    name: `/${name}`,
    id,
    read: ZERO_TIME,
    preread: ZERO_TIME,
    pids_stats: {},
    blkio_stats: {
      io_service_bytes_recursive: null,
      io_serviced_recursive: null,
      io_queue_recursive: null,
      io_service_time_recursive: null,
      io_wait_time_recursive: null,
      io_merged_recursive: null,
      io_time_recursive: null,
      sectors_recursive: null,
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: NO_SAMPLE.cpu,
    precpu_stats: NO_SAMPLE.cpu,
    memory_stats: {},
  };
}

function memoryStats(
  { config }: ContainerRecord,
  usage: Usage,
  machine: Machine,
): MemoryStatsResponse {
  const { memoryBytes } = config.limits;
  return {
    usage: usage.memoryBytes,
    max_usage: usage.peakMemoryBytes,
    stats: {},
    failcnt: usage.memoryFailureCount,
    limit:
      memoryBytes > 0 ? Math.min(memoryBytes, machine.memorySizeBytes) : machine.memorySizeBytes,
  };
}

/**
 * `top`: our processes are no processes of the host, so that what `ps` could tell of them is not
 * there; `ps_args` are of no use.
 */
export function topResponse(usage: Usage): ContainerTopResponse {
  return {
    Titles: ['PID', 'FUEL', 'TIME', 'MEM', 'CMD'],
    Processes: usage.processes.map(({ pid, fuel, cpuNanoseconds, memoryBytes, command }) => [
      String(pid),
      String(fuel),
      cpuTime(cpuNanoseconds),
      `${Math.ceil(memoryBytes / 1024)}K`,
      command,
    ]),
  };
}

/** `hh:mm:ss`, as `ps` tells it, with hundredths: most programs of ours take less than a second. */
export function cpuTime(nanoseconds: number): string {
  const hundredths = Math.floor(nanoseconds / 10_000_000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(hundredths / 100);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${clock.map(pad).join(':')}.${pad(hundredths % 100)}`;
}

function processResponse(process: ProcessUsage): ProcessUsageResponse {
  return {
    Pid: process.pid,
    Command: process.command,
    Fuel: process.fuel,
    CpuNanoseconds: process.cpuNanoseconds,
    MemoryBytes: process.memoryBytes,
  };
}
