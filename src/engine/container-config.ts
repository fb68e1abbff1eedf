import { EngineError } from '../base/engine-error.ts';
import { parseSignal } from '../base/signals.ts';
import type { Image } from '../image/contract.ts';
import { type ContainerId, shortId } from './container-id.ts';
import type { ContainerConfig, Mount } from './container-record.ts';
import type { CreateRequest } from './create-request.ts';
import type { ResourceLimits } from './resource-limits.ts';
import type { StorageOptions } from './storage-options.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_STOP_SIGNAL = 'SIGTERM';

/** Linux's HOST_NAME_MAX. */
const MAX_HOSTNAME_LENGTH = 64;

/**
 * Merges the request over the image's configuration, by Docker's rules.
 *
 * # Errors
 * - invalid-argument: no command, a bad variable, a relative working directory, an unknown signal
 */
export function mergeConfig(
  id: ContainerId,
  request: CreateRequest,
  image: Image,
  mounts: readonly Mount[],
  storage: StorageOptions,
  limits: ResourceLimits,
): ContainerConfig {
  const config = image.config;
  const { entrypoint, command } = mergeCommand(request, image);
  return {
    imageReference: request.image,
    imageId: image.id,
    entrypoint,
    command,
    env: mergeEnv(request.env, config.Env ?? []),
    workingDirectory: parseWorkingDirectory(request.workingDirectory || config.WorkingDir || '/'),
    user: request.user || config.User || '',
    hostname: parseHostname(request.hostname || shortId(id)),
    domainname: request.domainname ?? '',
    labels: { ...config.Labels, ...request.labels },
    exposedPorts: [
      ...new Set([...Object.keys(config.ExposedPorts ?? {}), ...request.exposedPorts]),
    ],
    stopSignal: parseStopSignal(request.stopSignal || config.StopSignal || DEFAULT_STOP_SIGNAL),
    ...(request.stopTimeoutSeconds === undefined
      ? {}
      : { stopTimeoutSeconds: request.stopTimeoutSeconds }),
    hasTerminal: request.hasTerminal,
    ...(request.window ? { window: request.window } : {}),
    opensStdin: request.opensStdin,
    closesStdinOnce: request.closesStdinOnce,
    attachesStdin: request.attachesStdin,
    attachesStdout: request.attachesStdout,
    attachesStderr: request.attachesStderr,
    isAutoRemoved: request.isAutoRemoved,
    isInit: request.isInit,
    binds: request.binds,
    mounts,
    storage,
    networkMode: request.networkMode,
    restartPolicy: request.restartPolicy,
    limits,
  };
}

/** The program's arguments. */
export function commandLine(config: ContainerConfig): readonly string[] {
  return [...config.entrypoint, ...config.command];
}

/**
 * The program's environment: what every container has, then the configured one. HOME is the
 * runtime's to add: it knows the user's.
 */
export function taskEnv(config: ContainerConfig): readonly string[] {
  return environment(config, config.hasTerminal, config.env);
}

/** Of a program beside the container's own: it gets what that one gets, and `env` over it. */
export function execEnv(
  config: ContainerConfig,
  hasTerminal: boolean,
  env: readonly string[],
): readonly string[] {
  return environment(config, hasTerminal, [...config.env, ...env]);
}

/** A later entry for a name takes the place of an earlier one; without `=` it takes it away. */
function environment(
  config: ContainerConfig,
  hasTerminal: boolean,
  entries: readonly string[],
): readonly string[] {
  const variables = new Map<string, string>();
  variables.set('PATH', `PATH=${DEFAULT_PATH}`);
  variables.set('HOSTNAME', `HOSTNAME=${config.hostname}`);
  if (hasTerminal) variables.set('TERM', 'TERM=xterm');
  for (const entry of entries) {
    if (entry.includes('=')) variables.set(variableName(entry), entry);
    else variables.delete(entry);
  }
  return [...variables.values()];
}

/**
 * An entrypoint in the request takes the image's command away, too; a command alone does not touch
 * the entrypoint.
 */
function mergeCommand(request: CreateRequest, image: Image) {
  const requested = request.entrypoint ?? [];
  let command = request.command ?? [];
  if (requested.length === 0 && command.length === 0) command = image.config.Cmd ?? [];
  let entrypoint = request.entrypoint ?? image.config.Entrypoint ?? [];
  if (entrypoint.length === 1 && entrypoint[0] === '') entrypoint = [];
  if (entrypoint.length + command.length === 0) {
    throw new EngineError('invalid-argument', 'no command specified');
  }
  return { entrypoint, command };
}

function mergeEnv(requested: readonly string[], ofImage: readonly string[]): readonly string[] {
  const bad = requested.find((entry) => variableName(entry) === '' || entry.includes('\0'));
  if (bad !== undefined) {
    throw new EngineError('invalid-argument', `invalid environment variable: ${bad}`);
  }
  const names = new Set(requested.map(variableName));
  return [...requested, ...ofImage.filter((entry) => !names.has(variableName(entry)))];
}

function variableName(entry: string): string {
  const end = entry.indexOf('=');
  return end < 0 ? entry : entry.slice(0, end);
}

function parseWorkingDirectory(path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path;
  throw new EngineError(
    'invalid-argument',
    `the working directory '${path}' is invalid, it needs to be an absolute path`,
  );
}

function parseHostname(name: string): string {
  if (name.length <= MAX_HOSTNAME_LENGTH && !/[\s\0/]/.test(name)) return name;
  throw new EngineError('invalid-argument', `invalid hostname: ${name}`);
}

function parseStopSignal(name: string): string {
  if (parseSignal(name) !== undefined) return name;
  throw new EngineError('invalid-argument', `invalid signal: ${name}`);
}
