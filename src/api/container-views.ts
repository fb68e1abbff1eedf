import { rfc3339Nano } from '../base/clock.ts';
import { humanDuration } from '../base/human-time.ts';
import { unreachable } from '../base/unreachable.ts';
import { commandLine } from '../engine/container-config.ts';
import type { ContainerRecord, Mount } from '../engine/container-record.ts';
import { type ContainerState, errorOf, exitCodeOf, isLive } from '../engine/container-state.ts';
import type { Usage } from '../spec/resources.ts';
import {
  type ContainerConfigResponse,
  type ContainerInspect,
  type ContainerStateResponse,
  type ContainerSummary,
  type HostConfigResponse,
  type MountPoint,
  type NetworkSettingsResponse,
  ZERO_TIME,
} from '../wire/container.ts';
import { usageResponse } from './usage-views.ts';

/** Containers in Docker's own spelling. */
export function containerSummary(record: ContainerRecord, nowNs: bigint): ContainerSummary {
  const { id, name, createdNs, config, state } = record;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: config.imageReference,
    ImageID: config.imageId,
    Command: commandLine(config).join(' '),
    Created: Number(createdNs / 1_000_000_000n),
    Ports: [],
    Labels: config.labels,
    State: state.status,
    Status: statusText(state, nowNs),
    HostConfig: { NetworkMode: config.networkMode },
    NetworkSettings: { Networks: {} },
    Mounts: config.mounts.map(mountPoint),
  };
}

/** `Up 3 seconds`, `Exited (0) 2 minutes ago`, `Created`: the STATUS column of ps. */
export function statusText(state: ContainerState, nowNs: bigint): string {
  switch (state.status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${humanDuration(nowNs - state.startedNs)}`;
    case 'paused':
      return `Up ${humanDuration(nowNs - state.startedNs)} (Paused)`;
    case 'exited':
      return `Exited (${state.exitCode}) ${humanDuration(nowNs - state.finishedNs)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      return unreachable(state);
  }
}

/** `usage` is undefined when it is not known. */
export function containerInspect(
  record: ContainerRecord,
  logPath: string,
  usage: Usage | undefined,
  execIds: readonly string[],
): ContainerInspect {
  const { id, name, createdNs, config } = record;
  const [path = '', ...args] = commandLine(config);
  return {
    Id: id,
    Created: rfc3339Nano(createdNs),
    Path: path,
    Args: args,
    State: stateResponse(record, usage),
    Image: config.imageId,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: logPath,
    Name: `/${name}`,
    RestartCount: 0,
    Driver: 'wolffia',
    Platform: 'wasi',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: execIds.length > 0 ? execIds : null,
    HostConfig: hostConfigResponse(record),
    GraphDriver: { Data: {}, Name: 'wolffia' },
    Mounts: config.mounts.map(mountPoint),
    Config: configResponse(record),
    NetworkSettings: NO_NETWORK,
  };
}

function hostConfigResponse({ config }: ContainerRecord): HostConfigResponse {
  const { limits, storage } = config;
  return {
    Binds: config.binds.length > 0 ? config.binds : null,
    ContainerIDFile: '',
    LogConfig: { Type: 'local', Config: {} },
    NetworkMode: config.networkMode,
    PortBindings: {},
    RestartPolicy: {
      Name: config.restartPolicy.name,
      MaximumRetryCount: config.restartPolicy.maximumRetryCount,
    },
    AutoRemove: config.isAutoRemoved,
    VolumeDriver: '',
    VolumesFrom: null,
    CapAdd: null,
    CapDrop: null,
    Dns: [],
    ExtraHosts: null,
    IpcMode: 'private',
    Links: null,
    PidMode: '',
    Privileged: false,
    ...(config.isInit ? { Init: true } : {}),
    ConsoleSize: [config.window?.rows ?? 0, config.window?.columns ?? 0],
    PublishAllPorts: false,
    ReadonlyRootfs: storage.isReadOnly,
    SecurityOpt: null,
    ShmSize: storage.shmSizeBytes,
    StorageOpt: orNull(storage.driverOptions),
    ...(Object.keys(storage.tmpfs).length > 0 ? { Tmpfs: storage.tmpfs } : {}),
    Runtime: 'wasm',
    Isolation: limits.isolation,
    CpuShares: limits.cpuShares,
    NanoCpus: limits.nanoCpus,
    CpuPeriod: limits.cpuPeriodMicroseconds,
    CpuQuota: limits.cpuQuotaMicroseconds,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: limits.cpusetCpus,
    CpusetMems: '',
    Memory: limits.memoryBytes,
    MemoryReservation: limits.memoryReservationBytes,
    MemorySwap: limits.memorySwapBytes,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: limits.pidsLimit > 0 ? limits.pidsLimit : null,
    Ulimits: null,
    Wolffia: { Fuel: limits.fuel, FuelPerSecond: limits.fuelPerSecond },
  };
}

/** Docker answers null for a map with nothing in it. */
function orNull<Value extends object>(map: Value): Value | null {
  return Object.keys(map).length > 0 ? map : null;
}

function configResponse({ config }: ContainerRecord): ContainerConfigResponse {
  return {
    Hostname: config.hostname,
    Domainname: config.domainname,
    User: config.user,
    AttachStdin: config.attachesStdin,
    AttachStdout: config.attachesStdout,
    AttachStderr: config.attachesStderr,
    ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
    Tty: config.hasTerminal,
    OpenStdin: config.opensStdin,
    StdinOnce: config.closesStdinOnce,
    Env: config.env,
    Cmd: config.command.length > 0 ? config.command : null,
    Image: config.imageReference,
    Volumes: null,
    WorkingDir: config.workingDirectory,
    Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : null,
    OnBuild: null,
    Labels: config.labels,
    StopSignal: config.stopSignal,
    ...(config.stopTimeoutSeconds === undefined ? {} : { StopTimeout: config.stopTimeoutSeconds }),
  };
}

const NO_NETWORK: NetworkSettingsResponse = {
  Bridge: '',
  SandboxID: '',
  SandboxKey: '',
  Ports: {},
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  MacAddress: '',
  Networks: {},
};

function stateResponse(record: ContainerRecord, usage: Usage | undefined): ContainerStateResponse {
  const { state } = record;
  const { status } = state;
  return {
    Status: status,
    Running: isLive(state),
    Paused: status === 'paused',
    Restarting: false,
    OOMKilled: status === 'exited' && state.isOutOfMemory,
    Dead: status === 'dead',
    Pid: isLive(state) ? state.hostPid : 0,
    ExitCode: exitCodeOf(state),
    Error: errorOf(state),
    StartedAt: 'startedNs' in state ? rfc3339Nano(state.startedNs) : ZERO_TIME,
    FinishedAt: status === 'exited' ? rfc3339Nano(state.finishedNs) : ZERO_TIME,
    Wolffia: usageResponse(record, usage),
  };
}

function mountPoint({ source, target, isReadOnly, mode, propagation }: Mount): MountPoint {
  return {
    Type: 'bind',
    Source: source,
    Destination: target,
    Mode: mode,
    RW: !isReadOnly,
    Propagation: propagation,
  };
}
