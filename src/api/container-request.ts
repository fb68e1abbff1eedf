import { EngineError } from '../base/engine-error.ts';
import type { CreateRequest, MountRequest } from '../engine/create-request.ts';
import type { LimitsRequest } from '../engine/resource-limits.ts';
import { clampWindow, type WindowSize } from '../spec/window-size.ts';
import {
  type ConsoleSize,
  type ContainerUpdateRequest,
  containerCreateRequest,
  containerUpdateRequest,
  type HostConfigRequest,
  type MountRequest as WireMount,
} from '../wire/container-create.ts';
import { parseBody } from '../wire/parse-body.ts';

/**
 * Reads the body of `POST /containers/create`.
 *
 * # Errors
 * - invalid-argument: it does not fit the schema; the message names the path
 * - not-implemented: it asks for what the engine cannot do, which would otherwise be silently
 *   missing
 */
export function readCreateRequest(body: unknown, name: string | null): CreateRequest {
  const request = parseBody(containerCreateRequest, body);
  const host = request.HostConfig ?? {};
  refuseUnsupported(host, request.Volumes ?? {});
  return {
    ...given('name', name),
    image: request.Image ?? '',
    ...given('entrypoint', request.Entrypoint),
    ...given('command', request.Cmd),
    env: request.Env ?? [],
    ...given('workingDirectory', request.WorkingDir),
    ...given('user', request.User),
    ...given('hostname', request.Hostname),
    ...given('domainname', request.Domainname),
    labels: request.Labels ?? {},
    exposedPorts: Object.keys(request.ExposedPorts ?? {}),
    ...given('stopSignal', request.StopSignal),
    ...given('stopTimeoutSeconds', request.StopTimeout),
    hasTerminal: request.Tty ?? false,
    ...given('window', windowOf(host.ConsoleSize)),
    opensStdin: request.OpenStdin ?? false,
    closesStdinOnce: request.StdinOnce ?? false,
    attachesStdin: request.AttachStdin ?? false,
    attachesStdout: request.AttachStdout ?? false,
    attachesStderr: request.AttachStderr ?? false,
    isAutoRemoved: host.AutoRemove ?? false,
    isInit: host.Init ?? false,
    isPrivileged: host.Privileged ?? false,
    binds: host.Binds ?? [],
    mounts: (host.Mounts ?? []).map(mountRequest),
    storage: {
      isReadOnly: host.ReadonlyRootfs ?? false,
      driverOptions: host.StorageOpt ?? {},
      tmpfs: host.Tmpfs ?? {},
      shmSizeBytes: host.ShmSize ?? 0,
    },
    networkMode: host.NetworkMode || 'none',
    restartPolicy: { name: 'no', maximumRetryCount: 0 },
    limits: { ...limitsRequest(host), ...given('isolation', host.Isolation) },
  };
}

/**
 * Reads the body of `POST /containers/{id}/update`. Errors: those of `readCreateRequest`.
 */
export function readUpdateRequest(body: unknown): LimitsRequest {
  const request = parseBody(containerUpdateRequest, body);
  refuse(unsupportedResources(request));
  return limitsRequest(request);
}

function limitsRequest(resources: ContainerUpdateRequest): LimitsRequest {
  return {
    ...given('cpuShares', resources.CpuShares),
    ...given('nanoCpus', resources.NanoCpus),
    ...given('cpuPeriodMicroseconds', resources.CpuPeriod),
    ...given('cpuQuotaMicroseconds', resources.CpuQuota),
    ...given('cpusetCpus', resources.CpusetCpus),
    ...given('memoryBytes', resources.Memory),
    ...given('memoryReservationBytes', resources.MemoryReservation),
    ...given('memorySwapBytes', resources.MemorySwap),
    ...given('memorySwappiness', resources.MemorySwappiness),
    ...given('isOomKillDisabled', resources.OomKillDisable),
    ...given('pidsLimit', resources.PidsLimit),
    ...given('fuel', resources.Wolffia?.Fuel),
    ...given('fuelPerSecond', resources.Wolffia?.FuelPerSecond),
  };
}

/** Docker's `[height, width]`; `[0, 0]` is what clients without a terminal say. */
export function windowOf(size: ConsoleSize | null | undefined): WindowSize | undefined {
  if (!size) return undefined;
  const [rows, columns] = size;
  return rows === 0 && columns === 0 ? undefined : clampWindow({ columns, rows });
}

/** A field when it was given: null and the empty string are Docker's "not given". */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { [Key in Name]?: Value } {
  const isGiven = value !== null && value !== undefined && value !== '';
  return (isGiven ? { [name]: value } : {}) as { [Key in Name]?: Value };
}

function mountRequest(mount: WireMount): MountRequest {
  return {
    type: mount.Type,
    source: mount.Source ?? '',
    target: mount.Target,
    isReadOnly: mount.ReadOnly ?? false,
    isSourceCreated: mount.BindOptions?.CreateMountpoint ?? false,
    tmpfsSizeBytes: mount.TmpfsOptions?.SizeBytes ?? 0,
    tmpfsMode: mount.TmpfsOptions?.Mode ?? 0,
  };
}

/** What a container would miss without a word, were it ignored. */
function refuseUnsupported(host: HostConfigRequest, volumes: object): void {
  refuse([
    [Object.keys(volumes).length > 0, 'anonymous volumes (use a bind mount: -v /host:/container)'],
    [Object.keys(host.PortBindings ?? {}).length > 0, 'published ports'],
    [host.PublishAllPorts === true, 'published ports'],
    [(host.VolumesFrom ?? []).length > 0, '--volumes-from'],
    ...unsupportedResources(host),
  ]);
}

type Refusal = readonly [isAsked: boolean, what: string];

function unsupportedResources(resources: ContainerUpdateRequest): readonly Refusal[] {
  const restart = resources.RestartPolicy?.Name ?? '';
  const realtime = [resources.CpuRealtimePeriod, resources.CpuRealtimeRuntime];
  return [
    [restart !== '' && restart !== 'no', 'restart policies'],
    [(resources.CpusetMems ?? '') !== '', '--cpuset-mems'],
    [realtime.some((microseconds) => (microseconds ?? 0) > 0), 'real-time scheduling'],
  ];
}

function refuse(asked: readonly Refusal[]): void {
  const found = asked.find(([isAsked]) => isAsked);
  if (!found) return;
  throw new EngineError('not-implemented', `this version of wolffia does not support ${found[1]}`);
}
