/**
 * What `/version`, `/info`, `/_ping` and our own `/wolffia/…` routes answer.
 *
 * Stopping the daemon: `POST /wolffia/shutdown` (no body). It stops the running containers, closes
 * the state and removes the socket, and then answers 204; the process is gone within moments. There
 * is no signal to send, so that it works the same on Windows.
 */
export const SHUTDOWN_PATH = '/wolffia/shutdown';

/** The line that the daemon prints on its standard output once it answers on its socket. */
export const READINESS_LINE = 'wolffiad ready';

export interface VersionResponse {
  readonly Platform: { readonly Name: string };
  readonly Components: readonly VersionComponent[];
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
  readonly GitCommit: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion: string;
  readonly BuildTime: string;
}

export interface VersionComponent {
  readonly Name: string;
  readonly Version: string;
  readonly Details: Readonly<Record<string, string>>;
}

export interface InfoResponse {
  readonly ID: string;
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly ContainersPaused: number;
  readonly ContainersStopped: number;
  readonly Images: number;
  readonly Driver: string;
  readonly DriverStatus: readonly (readonly [string, string])[];
  readonly Plugins: {
    readonly Volume: readonly string[];
    readonly Network: readonly string[];
    readonly Authorization: null;
    readonly Log: readonly string[];
  };
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly CpuCfsPeriod: boolean;
  readonly CpuCfsQuota: boolean;
  readonly CPUShares: boolean;
  readonly CPUSet: boolean;
  readonly PidsLimit: boolean;
  readonly OomKillDisable: boolean;
  readonly IPv4Forwarding: boolean;
  readonly Debug: boolean;
  readonly NFd: number;
  readonly NGoroutines: number;
  readonly SystemTime: string;
  readonly LoggingDriver: string;
  readonly CgroupDriver: string;
  readonly NEventsListener: number;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly OSVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly IndexServerAddress: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  /** The data root. */
  readonly DockerRootDir: string;
  readonly HttpProxy: string;
  readonly HttpsProxy: string;
  readonly NoProxy: string;
  readonly Name: string;
  readonly Labels: readonly string[];
  readonly ExperimentalBuild: boolean;
  readonly ServerVersion: string;
  readonly Runtimes: Readonly<Record<string, { readonly path: string }>>;
  readonly DefaultRuntime: string;
  readonly Swarm: { readonly LocalNodeState: 'inactive' };
  readonly LiveRestoreEnabled: boolean;
  readonly Isolation: string;
  readonly InitBinary: string;
  readonly SecurityOptions: readonly string[];
  readonly Warnings: readonly string[];
  /** Our own: the daemon's process and where it listens. */
  readonly Wolffia: {
    readonly Pid: number;
    readonly Socket: string;
    readonly LogPath: string;
    readonly NodeVersion: string;
    readonly Cells: CellsResponse;
    readonly Hardening: readonly HardeningResponse[];
  };
}

/** The processes on the host in which containers run. */
export interface CellsResponse {
  readonly Count: number;
  /** Those that wait for a container. */
  readonly Spare: number;
  /** Containers that run. */
  readonly Tasks: number;
}

/** What keeps containers from the host beyond WebAssembly itself. */
export interface HardeningResponse {
  readonly Name: string;
  /** Absent: in force. */
  readonly MissingBecause?: string;
}
