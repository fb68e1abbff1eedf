import { EngineError } from './engine-error.ts';

/**
 * What the paths depend on: flags first, then our own environment variables, then the XDG folders.
 */
export interface EnginePathsInput {
  readonly dataRootFlag: string | undefined;
  readonly hostFlag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
}

export interface EnginePaths {
  /** All that the engine keeps. */
  readonly dataRoot: string;
  /** `unix:///run/…/wolffia.sock`, or `npipe://…` on Windows. */
  readonly host: string;
  /** What to listen on or connect to. */
  readonly socketPath: string;
  readonly logPath: string;
}

/** Of `sockaddr_un`, its last null byte excepted; macOS has four bytes less. */
const MAX_SOCKET_PATH = 103;

/**
 * Where the engine lives for these flags and this environment. `DOCKER_HOST` is not looked at: it
 * names another engine. A data root of one's own has its socket inside, so that several engines do
 * not meet by accident.
 *
 * # Errors
 * invalid-argument: a host that is no local socket, or a path too long for one
 */
export function resolveEnginePaths(input: EnginePathsInput): EnginePaths {
  const { env, platform } = input;
  const isWindows = platform === 'win32';
  const separator = isWindows ? '\\' : '/';
  const join = (...parts: readonly string[]): string => parts.join(separator);
  const absolute = (path: string): string =>
    path.startsWith('/') || /^([A-Za-z]:)?[\\/]/.test(path)
      ? path
      : join(input.workingDirectory, path);

  const ownRoot = input.dataRootFlag || env['WOLFFIA_DATA_ROOT'];
  const dataHome = isWindows
    ? env['LOCALAPPDATA'] || join(input.homeDirectory, 'AppData', 'Local')
    : env['XDG_DATA_HOME'] || join(input.homeDirectory, '.local', 'share');
  const dataRoot = ownRoot ? absolute(ownRoot) : join(dataHome, 'wolffia');
  const logPath = join(dataRoot, 'wolffiad.log');

  const ownHost = input.hostFlag || env['WOLFFIA_HOST'];
  if (ownHost) return { dataRoot, logPath, host: ownHost, socketPath: parseHost(ownHost) };
  if (isWindows) {
    const name = ownRoot ? `-${dataRoot.replaceAll(/[^\w.-]/g, '-')}` : '';
    const socketPath = `\\\\.\\pipe\\wolffia-${env['USERNAME'] ?? 'user'}${name}`;
    return { dataRoot, logPath, host: `npipe://${socketPath.replaceAll('\\', '/')}`, socketPath };
  }
  const runtimeDirectory = env['XDG_RUNTIME_DIR'];
  const socketPath =
    ownRoot || !runtimeDirectory
      ? join(dataRoot, 'wolffia.sock')
      : join(runtimeDirectory, 'wolffia', 'wolffia.sock');
  return { dataRoot, logPath, host: `unix://${checkLength(socketPath)}`, socketPath };
}

function parseHost(host: string): string {
  if (host.startsWith('unix://')) return checkLength(host.slice('unix://'.length));
  if (host.startsWith('npipe://')) return host.slice('npipe://'.length).replaceAll('/', '\\');
  if (host.startsWith('/')) return checkLength(host);
  throw new EngineError(
    'invalid-argument',
    `unable to parse host "${host}": expected unix:///path/to/socket (or npipe:////./pipe/name on Windows)`,
  );
}

function checkLength(socketPath: string): string {
  if (new TextEncoder().encode(socketPath).length <= MAX_SOCKET_PATH) return socketPath;
  throw new EngineError(
    'invalid-argument',
    `the socket's path is longer than the ${MAX_SOCKET_PATH} bytes that systems allow: ${socketPath}; give a shorter one by --host unix:///…`,
  );
}
