import type { ContainerUsageResponse } from './container-usage.ts';

/**
 * What `/containers/…` answers. Field names are Docker's; times are RFC 3339 with nanoseconds
 * unless said otherwise, and `0001-01-01T00:00:00Z` (Go's zero time) stands for "never".
 */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** The `filters` that `GET /containers/json` knows. */
export const CONTAINER_LIST_FILTERS = ['id', 'name', 'status', 'label', 'ancestor', 'exited'];
/** The `filters` that `POST /containers/prune` knows. */
export const CONTAINER_PRUNE_FILTERS = ['label', 'label!', 'until'];

/** `condition` of `POST /containers/{id}/wait`. */
export const WAIT_CONDITIONS = ['not-running', 'next-exit', 'removed'] as const;
export type WaitConditionName = (typeof WAIT_CONDITIONS)[number];

/** Docker's; not all of them happen to our containers. */
export const CONTAINER_STATUSES = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const;
export type ContainerStatusName = (typeof CONTAINER_STATUSES)[number];

export interface ContainerSummary {
  readonly Id: string;
  /** Each with a leading slash. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly Command: string;
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly Ports: readonly PortSummary[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: ContainerStatusName;
  /** For people: `Up 5 minutes`, `Exited (0) 3 hours ago`. */
  readonly Status: string;
  readonly HostConfig: { readonly NetworkMode: string };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, EndpointSettings>> };
  readonly Mounts: readonly MountPoint[];
}

export interface PortSummary {
  readonly IP?: string;
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

export interface MountPoint {
  readonly Type: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
}

export interface EndpointSettings {
  readonly IPAMConfig: null;
  readonly Links: null;
  readonly Aliases: null;
  readonly MacAddress: string;
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly DNSNames: null;
}

export interface ContainerStateResponse {
  readonly Status: ContainerStatusName;
  readonly Running: boolean;
  readonly Paused: boolean;
  readonly Restarting: boolean;
  readonly OOMKilled: boolean;
  readonly Dead: boolean;
  /** Of the host's process in which it runs; 0 when it does not. */
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  readonly StartedAt: string;
  readonly FinishedAt: string;
  /** Our own. */
  readonly Wolffia: ContainerUsageResponse;
}

export interface ContainerConfigResponse {
  readonly Hostname: string;
  readonly Domainname: string;
  readonly User: string;
  readonly AttachStdin: boolean;
  readonly AttachStdout: boolean;
  readonly AttachStderr: boolean;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Tty: boolean;
  readonly OpenStdin: boolean;
  readonly StdinOnce: boolean;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[] | null;
  readonly Image: string;
  readonly Volumes: Readonly<Record<string, object>> | null;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly OnBuild: null;
  readonly Labels: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly StopTimeout?: number;
}

export interface HostConfigResponse {
  readonly Binds: readonly string[] | null;
  readonly ContainerIDFile: string;
  readonly LogConfig: {
    readonly Type: string;
    readonly Config: Readonly<Record<string, string>>;
  };
  readonly NetworkMode: string;
  readonly PortBindings: Readonly<Record<string, readonly object[]>>;
  readonly RestartPolicy: { readonly Name: string; readonly MaximumRetryCount: number };
  readonly AutoRemove: boolean;
  readonly VolumeDriver: string;
  readonly VolumesFrom: null;
  readonly Mounts?: readonly object[];
  readonly CapAdd: null;
  readonly CapDrop: null;
  readonly Dns: readonly string[];
  readonly ExtraHosts: null;
  readonly IpcMode: string;
  readonly Links: null;
  readonly PidMode: string;
  readonly Privileged: boolean;
  readonly Init?: boolean;
  readonly ConsoleSize: readonly [height: number, width: number];
  readonly PublishAllPorts: boolean;
  readonly ReadonlyRootfs: boolean;
  readonly SecurityOpt: null;
  readonly ShmSize: number;
  readonly StorageOpt: Readonly<Record<string, string>> | null;
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly Runtime: string;
  readonly Isolation: string;
  readonly CpuShares: number;
  readonly NanoCpus: number;
  readonly CpuPeriod: number;
  readonly CpuQuota: number;
  readonly CpuRealtimePeriod: number;
  readonly CpuRealtimeRuntime: number;
  readonly CpusetCpus: string;
  readonly CpusetMems: string;
  readonly Memory: number;
  readonly MemoryReservation: number;
  /** -1: no limit of swap. */
  readonly MemorySwap: number;
  readonly MemorySwappiness: null;
  readonly OomKillDisable: null;
  /** Null: no limit. */
  readonly PidsLimit: number | null;
  readonly Ulimits: null;
  /** Our own; 0: no limit. */
  readonly Wolffia: { readonly Fuel: number; readonly FuelPerSecond: number };
}

export interface NetworkSettingsResponse {
  readonly Bridge: string;
  readonly SandboxID: string;
  readonly SandboxKey: string;
  readonly Ports: Readonly<Record<string, readonly object[] | null>>;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly MacAddress: string;
  readonly Networks: Readonly<Record<string, EndpointSettings>>;
}

/** `GET /containers/{id}/json` */
export interface ContainerInspect {
  readonly Id: string;
  readonly Created: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly State: ContainerStateResponse;
  /** The image's id. */
  readonly Image: string;
  readonly ResolvConfPath: string;
  readonly HostnamePath: string;
  readonly HostsPath: string;
  readonly LogPath: string;
  /** With a leading slash. */
  readonly Name: string;
  readonly RestartCount: number;
  readonly Driver: string;
  readonly Platform: string;
  readonly MountLabel: string;
  readonly ProcessLabel: string;
  readonly AppArmorProfile: string;
  /** Of those that are not over; null when there are none. */
  readonly ExecIDs: readonly string[] | null;
  readonly HostConfig: HostConfigResponse;
  readonly GraphDriver: { readonly Data: Readonly<Record<string, string>>; readonly Name: string };
  readonly Mounts: readonly MountPoint[];
  readonly Config: ContainerConfigResponse;
  readonly NetworkSettings: NetworkSettingsResponse;
}

/** `POST /containers/{id}/wait`: the headers come at once, this body when the condition is met. */
export interface ContainerWaitResponse {
  readonly StatusCode: number;
  readonly Error?: { readonly Message: string };
}

/** `POST /containers/prune` */
export interface ContainersPruneResponse {
  readonly ContainersDeleted: readonly string[];
  readonly SpaceReclaimed: number;
}
