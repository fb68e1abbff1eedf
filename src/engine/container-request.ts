import { EngineError } from '../base/engine-error.ts';
import { parseSignal } from '../base/signals.ts';
import type { ContainerConfig } from './container-record.ts';
import { type MountRequest, resolveMounts } from './container-mounts.ts';

/** What a user asks of a new container; what is undefined comes from the image. */
export interface ContainerRequest {
  readonly image: string;
  readonly hostname: string | undefined;
  readonly user: string | undefined;
  readonly env: readonly string[];
  readonly command: readonly string[] | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly workingDirectory: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  readonly hasTerminal: boolean;
  readonly opensStdin: boolean;
  readonly closesStdinOnce: boolean;
  readonly attaches: ContainerConfig['attaches'];
  readonly stopSignal: string | undefined;
  readonly stopTimeoutSeconds: number | undefined;
  readonly mounts: readonly MountRequest[];
  readonly isAutoRemoved: boolean;
}

/** The part of an image that containers are made from. */
export interface ImageDefaults {
  readonly id: string;
  readonly config: {
    readonly env: readonly string[];
    readonly cmd: readonly string[];
    readonly entrypoint: readonly string[];
    readonly workingDirectory: string;
    readonly user: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly exposedPorts: readonly string[];
    readonly stopSignal: string;
  };
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SHORT_ID_LENGTH = 12;

/**
 * A container's configuration out of the request and its image, as Docker merges them.
 *
 * # Errors
 * invalid-argument: no command; a bad environment entry, signal, working directory or mount
 */
export function configure(request: ContainerRequest, image: ImageDefaults, id: string): ContainerConfig {
  const { config } = image;
  const entrypoint = request.entrypoint ?? config.entrypoint;
  // An entrypoint of the user's own takes the image's command away: it would be arguments for another program.
  const command = request.command ?? (request.entrypoint ? [] : config.cmd);
  if (entrypoint.length + command.length === 0) {
    throw new EngineError('invalid-argument', 'no command specified');
  }
  const workingDirectory = request.workingDirectory || config.workingDirectory || '/';
  if (!workingDirectory.startsWith('/')) {
    throw new EngineError(
      'invalid-argument',
      `the working directory '${workingDirectory}' is invalid, it needs to be an absolute path`,
    );
  }
  const stopSignal = request.stopSignal || config.stopSignal || 'SIGTERM';
  if (parseSignal(stopSignal) === undefined) {
    throw new EngineError('invalid-argument', `invalid signal: ${stopSignal}`);
  }
  const hostname = request.hostname || id.slice(0, SHORT_ID_LENGTH);
  return {
    imageName: request.image,
    imageId: image.id,
    hostname,
    user: request.user || config.user,
    env: mergeEnvironment(defaultEnvironment(hostname, request.hasTerminal), config.env, request.env),
    entrypoint,
    command,
    workingDirectory,
    labels: { ...config.labels, ...request.labels },
    exposedPorts: [...new Set([...config.exposedPorts, ...request.exposedPorts])],
    hasTerminal: request.hasTerminal,
    opensStdin: request.opensStdin,
    closesStdinOnce: request.closesStdinOnce,
    attaches: request.attaches,
    stopSignal,
    stopTimeoutSeconds: request.stopTimeoutSeconds,
    mounts: resolveMounts(request.mounts),
    isAutoRemoved: request.isAutoRemoved,
  };
}

function defaultEnvironment(hostname: string, hasTerminal: boolean): readonly string[] {
  const env = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${hostname}`, 'HOME=/root'];
  return hasTerminal ? [...env, 'TERM=xterm'] : env;
}

/** Later lists win; an entry without `=` takes the variable away. Errors: invalid-argument for an empty name or a NUL. */
function mergeEnvironment(...lists: readonly (readonly string[])[]): readonly string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) {
    const equals = entry.indexOf('=');
    const name = equals < 0 ? entry : entry.slice(0, equals);
    if (name === '' || entry.includes('\0')) {
      throw new EngineError('invalid-argument', `invalid environment variable: ${entry}`);
    }
    if (equals < 0) merged.delete(name);
    else merged.set(name, entry);
  }
  return [...merged.values()];
}
