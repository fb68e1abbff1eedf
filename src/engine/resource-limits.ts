import { EngineError, messageOf } from '../base/engine-error.ts';
import {
  type CpuBandwidth,
  DEFAULT_CPU_PERIOD_MICROSECONDS,
  DEFAULT_CPU_SHARES,
  ISOLATIONS,
  type Isolation,
  type Resources,
} from '../spec/resources.ts';
import type { ContainerId } from './container-id.ts';
import { parseCpuList } from './cpu-list.ts';

/**
 * From the limits that a request asks for to those that the runtime enforces. Three shapes:
 *
 * - `LimitsRequest`, what a client said. Absent, zero and the empty string all mean "not said".
 * - `ResourceLimits`, what was settled. It is stored with the container and shown by inspect in the
 *   words of the request, because `--cpus` and `--cpu-quota` must not be told back as each other.
 * - `Resources`, what the runtime is told.
 *
 * The rules and their words are those of Docker's daemon on a kernel that accounts for memory and
 * not for swap (`verifyPlatformContainerResources` in moby's daemon_unix.go).
 */
export interface LimitsRequest {
  readonly cpuShares?: number;
  readonly nanoCpus?: number;
  readonly cpuPeriodMicroseconds?: number;
  /** Negative: no limit. */
  readonly cpuQuotaMicroseconds?: number;
  readonly cpusetCpus?: string;
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly memorySwapBytes?: number;
  /** -1 is how clients say "not said". */
  readonly memorySwappiness?: number;
  readonly isOomKillDisabled?: boolean;
  readonly isolation?: string;
  /** Negative: no limit. */
  readonly fuel?: number;
  /** Negative: no limit. */
  readonly fuelPerSecond?: number;
  /** Unlike elsewhere zero is said: it means no limit, as negative numbers do. */
  readonly pidsLimit?: number;
}

/** Zero and the empty string stand for "no limit, and the default". Plain JSON. */
export interface ResourceLimits {
  readonly cpuShares: number;
  readonly nanoCpus: number;
  readonly cpuPeriodMicroseconds: number;
  readonly cpuQuotaMicroseconds: number;
  readonly cpusetCpus: string;
  readonly memoryBytes: number;
  /** Recorded and shown only: it would matter where the host is short of memory. */
  readonly memoryReservationBytes: number;
  /** Memory and swap together, recorded and shown only; -1 says that there is no limit of swap. */
  readonly memorySwapBytes: number;
  readonly isolation: '' | Isolation;
  readonly fuel: number;
  readonly fuelPerSecond: number;
  readonly pidsLimit: number;
}

export const NO_LIMITS: ResourceLimits = {
  cpuShares: 0,
  nanoCpus: 0,
  cpuPeriodMicroseconds: 0,
  cpuQuotaMicroseconds: 0,
  cpusetCpus: '',
  memoryBytes: 0,
  memoryReservationBytes: 0,
  memorySwapBytes: 0,
  isolation: '',
  fuel: 0,
  fuelPerSecond: 0,
  pidsLimit: 0,
};

/** The CPUs that containers may use here. */
export interface HostCpus {
  readonly count: number;
  /** `0-7` */
  readonly list: string;
  /** Whether a container can be kept to some of them. */
  readonly canPin: boolean;
}

export interface SettledLimits {
  readonly limits: ResourceLimits;
  /** For the user, in Docker's words where it has some. */
  readonly warnings: readonly string[];
}

/** # Errors: invalid-argument, in Docker's words. */
export function settleLimits(request: LimitsRequest, cpus: HostCpus): SettledLimits {
  const warnings = checkRequest(request, cpus, { isUpdate: false });
  return { limits: merge(NO_LIMITS, request), warnings };
}

/**
 * The limits after an update: what it does not say stays.
 *
 * # Errors
 * - invalid-argument: those of `settleLimits`
 * - conflict: what it says does not go with what is set already
 */
export function updateLimits(
  id: ContainerId,
  current: ResourceLimits,
  request: LimitsRequest,
  cpus: HostCpus,
): SettledLimits {
  const warnings = checkRequest(request, cpus, { isUpdate: true });
  const asked = (value: number | undefined): boolean => value !== undefined && value > 0;
  const conflicts: readonly (readonly [boolean, string])[] = [
    [
      asked(request.nanoCpus) && current.cpuPeriodMicroseconds > 0,
      'Nano CPUs cannot be updated as CPU Period has already been set',
    ],
    [
      asked(request.nanoCpus) && current.cpuQuotaMicroseconds > 0,
      'Nano CPUs cannot be updated as CPU Quota has already been set',
    ],
    [
      asked(request.cpuPeriodMicroseconds) && current.nanoCpus > 0,
      'CPU Period cannot be updated as NanoCPUs has already been set',
    ],
    [
      asked(request.cpuQuotaMicroseconds) && current.nanoCpus > 0,
      'CPU Quota cannot be updated as NanoCPUs has already been set',
    ],
  ];
  const found = conflicts.find(([isConflict]) => isConflict);
  if (found) {
    const reason = `Conflicting options: ${found[1]}`;
    throw new EngineError('conflict', `Cannot update container ${id}: ${reason}`);
  }
  return { limits: merge(current, request), warnings };
}

/** What the runtime enforces. */
export function resourcesOf(limits: ResourceLimits): Resources {
  const bandwidth = bandwidthOf(limits);
  return {
    cpuShares: sharesOf(limits.cpuShares),
    ...(bandwidth ? { cpuBandwidth: bandwidth } : {}),
    ...(limits.cpusetCpus === '' ? {} : { cpusetCpus: limits.cpusetCpus }),
    ...(limits.memoryBytes > 0 ? { memoryBytes: limits.memoryBytes } : {}),
    ...(limits.fuel > 0 ? { fuel: limits.fuel } : {}),
    ...(limits.fuelPerSecond > 0 ? { fuelPerSecond: limits.fuelPerSecond } : {}),
    ...(limits.pidsLimit > 0 ? { pidsLimit: limits.pidsLimit } : {}),
  };
}

export function isolationOf({ isolation }: ResourceLimits): Isolation {
  return isolation === '' ? 'default' : isolation;
}

/** The kernel's bounds; it clamps what is outside without a word. */
const MIN_CPU_SHARES = 2;
const MAX_CPU_SHARES = 262_144;

function sharesOf(cpuShares: number): number {
  if (cpuShares === 0) return DEFAULT_CPU_SHARES;
  return Math.min(Math.max(cpuShares, MIN_CPU_SHARES), MAX_CPU_SHARES);
}

function bandwidthOf(limits: ResourceLimits): CpuBandwidth | undefined {
  if (limits.nanoCpus > 0) {
    const periodMicroseconds = DEFAULT_CPU_PERIOD_MICROSECONDS;
    const quota = Math.floor((limits.nanoCpus * periodMicroseconds) / 1e9);
    return { quotaMicroseconds: Math.max(1, quota), periodMicroseconds };
  }
  if (limits.cpuQuotaMicroseconds <= 0) return undefined;
  return {
    quotaMicroseconds: limits.cpuQuotaMicroseconds,
    periodMicroseconds: limits.cpuPeriodMicroseconds || DEFAULT_CPU_PERIOD_MICROSECONDS,
  };
}

function merge(current: ResourceLimits, request: LimitsRequest): ResourceLimits {
  const unlimited = (value: number | undefined, before: number): number =>
    value !== undefined && value < 0 ? 0 : value || before;
  const memoryBytes = request.memoryBytes || current.memoryBytes;
  // Nothing accounts for swap: a limit of memory stands alone.
  const memorySwapBytes = request.memoryBytes
    ? -1
    : request.memorySwapBytes || current.memorySwapBytes;
  return {
    cpuShares: request.cpuShares || current.cpuShares,
    nanoCpus: request.nanoCpus || current.nanoCpus,
    cpuPeriodMicroseconds: request.cpuPeriodMicroseconds || current.cpuPeriodMicroseconds,
    cpuQuotaMicroseconds: request.cpuQuotaMicroseconds || current.cpuQuotaMicroseconds,
    cpusetCpus: request.cpusetCpus || current.cpusetCpus,
    memoryBytes,
    memoryReservationBytes: request.memoryReservationBytes || current.memoryReservationBytes,
    memorySwapBytes,
    isolation: request.isolation ? parseIsolation(request.isolation) : current.isolation,
    fuel: unlimited(request.fuel, current.fuel),
    fuelPerSecond: unlimited(request.fuelPerSecond, current.fuelPerSecond),
    pidsLimit: Math.max(0, request.pidsLimit ?? current.pidsLimit),
  };
}

function parseIsolation(text: string): Isolation {
  const isolation = ISOLATIONS.find((known) => known === text.toLowerCase());
  if (isolation) return isolation;
  throw new EngineError(
    'invalid-argument',
    `invalid isolation '${text}': it is one of ${ISOLATIONS.join(', ')}`,
  );
}

function checkRequest(
  request: LimitsRequest,
  cpus: HostCpus,
  { isUpdate }: { readonly isUpdate: boolean },
): readonly string[] {
  if (request.isolation) parseIsolation(request.isolation);
  return [
    ...checkMemory(request, isUpdate),
    ...checkCpu(request, cpus.count),
    ...checkCpuset(request.cpusetCpus ?? '', cpus),
  ];
}

const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

const NO_SWAP_LIMIT =
  'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.';
const NO_SWAPPINESS =
  'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.';
const NO_OOM_KILL_DISABLE =
  'Your kernel does not support OomKillDisable. OomKillDisable discarded.';

function checkMemory(request: LimitsRequest, isUpdate: boolean): readonly string[] {
  const {
    memoryBytes: memory = 0,
    memorySwapBytes: swap = 0,
    memoryReservationBytes: reservation = 0,
  } = request;
  if (memory !== 0 && memory < MIN_MEMORY_BYTES) {
    throw invalid('Minimum memory limit allowed is 6MB');
  }
  // Docker asks this only where swap is accounted for; nonsense is nonsense everywhere.
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0 && !isUpdate) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (reservation > 0 && reservation < MIN_MEMORY_BYTES) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  const isSwappinessGiven = (request.memorySwappiness ?? -1) !== -1;
  return [
    ...(swap > 0 ? [NO_SWAP_LIMIT] : []),
    ...(isSwappinessGiven ? [NO_SWAPPINESS] : []),
    ...(request.isOomKillDisabled ? [NO_OOM_KILL_DISABLE] : []),
  ];
}

function checkCpu(request: LimitsRequest, cpuCount: number): readonly string[] {
  const {
    nanoCpus = 0,
    cpuPeriodMicroseconds: period = 0,
    cpuQuotaMicroseconds: quota = 0,
    cpuShares = 0,
  } = request;
  if (nanoCpus > 0 && period > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (nanoCpus > 0 && quota > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  }
  if (nanoCpus < 0 || nanoCpus > cpuCount * 1e9) {
    throw invalid(
      `range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`,
    );
  }
  if (cpuShares < 0) {
    throw invalid(`invalid CPU shares (${cpuShares}): value must be a positive integer`);
  }
  if (period !== 0 && (period < 1_000 || period > 1_000_000)) {
    throw invalid(
      'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    );
  }
  if (quota > 0 && quota < 1_000) {
    throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  }
  return [];
}

function checkCpuset(list: string, cpus: HostCpus): readonly string[] {
  if (list === '') return [];
  let requested: readonly number[];
  try {
    requested = parseCpuList(list);
  } catch (thrown) {
    throw invalid(`Invalid value ${list} for cpuset cpus: ${messageOf(thrown)}`);
  }
  const available = parseCpuList(cpus.list);
  if (!requested.every((cpu) => available.includes(cpu))) {
    throw invalid(`Requested CPUs are not available - requested ${list}, available: ${cpus.list}`);
  }
  if (cpus.canPin) return [];
  return [
    `Cpuset ${list} is not obeyed: pinning needs Linux and its taskset command (util-linux).`,
  ];
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
