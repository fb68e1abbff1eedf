import { rfc3339Nano } from '../base/clock.ts';
import { commandLine, type ContainerRecord, type ContainerState } from '../engine/container-record.ts';
import type { BindMount } from '../spec/mount.ts';
import {
  type ContainerInspect,
  type ContainerSummary,
  type ContainerState as WireState,
  type MountPoint,
  ZERO_TIME,
} from '../wire/container.ts';
import { humanDuration } from './human-time.ts';

/** Containers in Docker's own spelling. */
export function containerSummary(record: ContainerRecord, nowNs: bigint): ContainerSummary {
  const { id, name, createdNs, config, state } = record;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: config.imageName,
    ImageID: config.imageId,
    Command: commandLine(config).join(' '),
    Created: Number(createdNs / 1_000_000_000n),
    Ports: [],
    Labels: config.labels,
    State: state.status,
    Status: statusText(state, nowNs),
    HostConfig: { NetworkMode: 'none' },
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
    case 'exited':
      return `Exited (${state.exitCode}) ${humanDuration(nowNs - state.finishedNs)} ago`;
    case 'removing':
      return 'Removal In Progress';
  }
}

export function containerInspect(record: ContainerRecord, logPath: string): ContainerInspect {
  const { id, name, createdNs, config, state } = record;
  const [path = '', ...args] = commandLine(config);
  return {
    Id: id,
    Created: rfc3339Nano(createdNs),
    Path: path,
    Args: args,
    State: wireState(state),
    Image: config.imageId,
    Name: `/${name}`,
    RestartCount: 0,
    Driver: 'wolffia',
    Platform: 'wasi',
    LogPath: logPath,
    HostConfig: {
      Binds: config.mounts.map(({ source, target, isReadOnly }) =>
        [source, target, ...(isReadOnly ? ['ro'] : [])].join(':'),
      ),
      AutoRemove: config.isAutoRemoved,
      NetworkMode: 'none',
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      LogConfig: { Type: 'local', Config: {} },
    },
    Mounts: config.mounts.map(mountPoint),
    Config: {
      Hostname: config.hostname,
      User: config.user,
      AttachStdin: config.attaches.stdin,
      AttachStdout: config.attaches.stdout,
      AttachStderr: config.attaches.stderr,
      ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
      Tty: config.hasTerminal,
      OpenStdin: config.opensStdin,
      StdinOnce: config.closesStdinOnce,
      Env: config.env,
      Cmd: config.command,
      Image: config.imageName,
      WorkingDir: config.workingDirectory,
      Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : null,
      Labels: config.labels,
      StopSignal: config.stopSignal,
      ...(config.stopTimeoutSeconds === undefined ? {} : { StopTimeout: config.stopTimeoutSeconds }),
    },
    NetworkSettings: { Ports: {}, Networks: {} },
  };
}

function wireState(state: ContainerState): WireState {
  const isRunning = state.status === 'running';
  const hasEnded = state.status === 'exited';
  return {
    Status: state.status,
    Running: isRunning,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: isRunning ? state.hostPid : 0,
    ExitCode: 'exitCode' in state ? state.exitCode : 0,
    Error: 'error' in state ? state.error : '',
    StartedAt: isRunning || hasEnded ? rfc3339Nano(state.startedNs) : ZERO_TIME,
    FinishedAt: hasEnded ? rfc3339Nano(state.finishedNs) : ZERO_TIME,
  };
}

function mountPoint({ source, target, isReadOnly }: BindMount): MountPoint {
  return {
    Type: 'bind',
    Source: source,
    Destination: target,
    Mode: isReadOnly ? 'ro' : '',
    RW: !isReadOnly,
    Propagation: 'rprivate',
  };
}
