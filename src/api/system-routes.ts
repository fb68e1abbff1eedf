import { rfc3339Nano } from '../base/clock.ts';
import { isLive } from '../engine/container-state.ts';
import type { Engine } from '../engine/engine.ts';
import {
  type HardeningResponse,
  type InfoResponse,
  SHUTDOWN_PATH,
  type VersionResponse,
} from '../wire/system.ts';
import { API_VERSION, MIN_API_VERSION } from '../wire/versions.ts';
import type { Exchange } from './exchange.ts';
import { type Route, route } from './route.ts';

/** What the daemon knows of itself and its machine. */
export interface SystemFacts {
  readonly version: string;
  readonly buildTime: string;
  readonly os: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly nodeVersion: string;
  readonly hostname: string;
  readonly cpuCount: number;
  readonly memorySizeBytes: number;
  readonly daemonPid: number;
  readonly socketPath: string;
  readonly logPath: string;
  /** Begins the daemon's end; returns at once. */
  readonly shutdown: () => void;
}

export function systemRoutes(engine: Engine, facts: SystemFacts): readonly Route[] {
  return [
    route('GET', '/_ping', (exchange) => ping(exchange)),
    route('HEAD', '/_ping', (exchange) => ping(exchange)),
    route('GET', '/version', (exchange) => exchange.json(200, versionOf(facts))),
    route('GET', '/info', (exchange) => exchange.json(200, infoOf(engine, facts))),
    route('POST', SHUTDOWN_PATH, (exchange) => {
      exchange.empty(204);
      facts.shutdown();
    }),
  ];
}

function ping(exchange: Exchange): void {
  exchange.text('OK');
}

function versionOf(facts: SystemFacts): VersionResponse {
  return {
    Platform: { Name: 'Wolffia Engine' },
    Components: [
      {
        Name: 'Engine',
        Version: facts.version,
        Details: {
          ApiVersion: API_VERSION,
          MinAPIVersion: MIN_API_VERSION,
          Os: facts.os,
          Arch: facts.architecture,
          KernelVersion: facts.kernelVersion,
          BuildTime: facts.buildTime,
          GitCommit: '',
          GoVersion: '',
          Experimental: 'false',
        },
      },
      { Name: 'node', Version: facts.nodeVersion, Details: {} },
    ],
    Version: facts.version,
    ApiVersion: API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    Os: facts.os,
    Arch: facts.architecture,
    KernelVersion: facts.kernelVersion,
    GoVersion: '',
    GitCommit: '',
    BuildTime: facts.buildTime,
  };
}

function infoOf(engine: Engine, facts: SystemFacts): InfoResponse {
  const records = engine.containers.all();
  const live = records.filter(({ state }) => isLive(state)).length;
  const paused = records.filter(({ state }) => state.status === 'paused').length;
  const runtime = engine.runtimeFacts();
  const hardening = runtime.hardening.map(({ name, missingBecause }) => ({
    Name: name,
    ...(missingBecause === undefined ? {} : { MissingBecause: missingBecause }),
  }));
  return {
    ID: facts.hostname,
    Containers: records.length,
    // As Docker counts: a paused container is not among the running ones here.
    ContainersRunning: live - paused,
    ContainersPaused: paused,
    ContainersStopped: records.length - live,
    Images: engine.images.list().length,
    Driver: 'wolffia',
    DriverStatus: [],
    Plugins: { Volume: [], Network: [], Authorization: null, Log: ['local'] },
    MemoryLimit: true,
    SwapLimit: false,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: runtime.canPinCpus,
    PidsLimit: true,
    OomKillDisable: false,
    IPv4Forwarding: false,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: rfc3339Nano(engine.clock.realtimeNs()),
    LoggingDriver: 'local',
    CgroupDriver: 'none',
    NEventsListener: 0,
    KernelVersion: facts.kernelVersion,
    OperatingSystem: `Wolffia on ${facts.os}`,
    OSVersion: '',
    OSType: 'linux',
    Architecture: facts.architecture,
    IndexServerAddress: '',
    NCPU: facts.cpuCount,
    MemTotal: facts.memorySizeBytes,
    DockerRootDir: engine.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: facts.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: facts.version,
    Runtimes: { wasm: { path: '' } },
    DefaultRuntime: 'wasm',
    Swarm: { LocalNodeState: 'inactive' },
    LiveRestoreEnabled: false,
    Isolation: '',
    InitBinary: '',
    SecurityOptions: [
      'name=rootless',
      'name=wasm',
      ...hardening.filter(isInForce).map(({ Name }) => `name=${Name.replaceAll(/[\s,=]+/g, '-')}`),
    ],
    Warnings: runtime.canPinCpus ? [] : ['WARNING: No cpuset support'],
    Wolffia: {
      Pid: facts.daemonPid,
      Socket: facts.socketPath,
      LogPath: facts.logPath,
      NodeVersion: facts.nodeVersion,
      Cells: {
        Count: runtime.cellCount,
        Spare: runtime.spareCellCount,
        Tasks: runtime.taskCount,
      },
      Hardening: hardening,
    },
  };
}

function isInForce({ MissingBecause }: HardeningResponse): boolean {
  return MissingBecause === undefined;
}
