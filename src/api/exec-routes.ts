import { EngineError, messageOf } from '../base/engine-error.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecRecord, ExecRequest } from '../engine/exec-record.ts';
import type { TaskIo, TaskProcess } from '../runtime/contract.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../wire/detach-keys.ts';
import {
  type ExecCreateResponse,
  type ExecInspect,
  execCreateRequest,
  execStartRequest,
} from '../wire/exec.ts';
import { parseBody } from '../wire/parse-body.ts';
import { RAW_STREAM, streamContentType } from '../wire/stream-types.ts';
import { compareVersions } from '../wire/versions.ts';
import { given, windowOf } from './container-request.ts';
import type { Exchange } from './exchange.ts';
import { HijackedStream } from './hijacked-stream.ts';
import { type Route, route } from './route.ts';

/** The first version whose clients tell a terminal's size before it starts. */
const CONSOLE_SIZE_VERSION = '1.42';

/** Programs beside the first one of a container. */
export function execRoutes(engine: Engine): readonly Route[] {
  return [
    route('POST', '/containers/{id}/exec', async (exchange) => {
      const { id } = engine.containers.find(exchange.parameter(0));
      const request = readExecRequest(await exchange.jsonBody(), exchange.apiVersion);
      const { id: execId } = engine.execs.create(id, request);
      exchange.json(201, { Id: execId } satisfies ExecCreateResponse);
    }),

    route('POST', '/exec/{id}/start', (exchange) => startExec(exchange, engine)),

    route('POST', '/exec/{id}/resize', async (exchange) => {
      const window = { columns: exchange.whole('w') ?? 0, rows: exchange.whole('h') ?? 0 };
      await engine.execs.resize(exchange.parameter(0), window);
      exchange.empty(200);
    }),

    route('GET', '/exec/{id}/json', (exchange) => {
      exchange.json(200, execInspect(engine.execs.get(exchange.parameter(0))));
    }),
  ];
}

/** # Errors: invalid-argument. */
function readExecRequest(body: unknown, apiVersion: string): ExecRequest {
  const request = parseBody(execCreateRequest, body);
  // A bad one is told when it is made, not when it is too late.
  parseDetachKeys(request.DetachKeys ?? '');
  return {
    command: request.Cmd ?? [],
    env: request.Env ?? [],
    ...given('workingDirectory', request.WorkingDir),
    ...given('user', request.User),
    hasTerminal: request.Tty ?? false,
    ...given('window', knowsConsoleSize(apiVersion) ? windowOf(request.ConsoleSize) : undefined),
    attachesStdin: request.AttachStdin ?? false,
    attachesStdout: request.AttachStdout ?? false,
    attachesStderr: request.AttachStderr ?? false,
    isPrivileged: request.Privileged ?? false,
    ...given('detachKeys', request.DetachKeys),
  };
}

function knowsConsoleSize(apiVersion: string): boolean {
  return compareVersions(apiVersion, CONSOLE_SIZE_VERSION) >= 0;
}

const DISCARD: TaskIo = { write: () => undefined };

/**
 * `POST /exec/{id}/start`: runs it, with its streams on the connection unless it is detached. Why it
 * does not start is told on the connection once that is taken over, as Docker does: the exit code
 * tells the rest.
 */
async function startExec(exchange: Exchange, engine: Engine): Promise<void> {
  const body = parseBody(execStartRequest, await exchange.jsonBody());
  const { id, request } = engine.execs.getStartable(exchange.parameter(0));
  const window = knowsConsoleSize(exchange.apiVersion) ? windowOf(body.ConsoleSize) : undefined;
  if (body.Detach) {
    await engine.execs.start(id, DISCARD, { window });
    exchange.empty(200);
    return;
  }
  const isRaw = body.Tty ?? false;
  // Unlike with attach, a connection that was not upgraded is called raw, frames or not.
  const contentType = exchange.isUpgrade
    ? streamContentType(isRaw, exchange.apiVersion)
    : RAW_STREAM;
  const client = new HijackedStream(exchange.hijack(contentType), isRaw, {
    stdin: request.attachesStdin,
    stdout: request.attachesStdout,
    stderr: request.attachesStderr,
  });
  const io: TaskIo = { write: (stream, bytes) => client.send(stream, bytes) };
  const starting = engine.execs.start(id, io, { window });
  const detachKeys = parseDetachKeys(
    request.hasTerminal ? request.detachKeys || DEFAULT_DETACH_KEYS : '',
  );
  const coming = starting.catch((): undefined => undefined);
  void client.forwardInput(coming, { detachKeys, closesStdin: !request.hasTerminal });
  await finish(client, starting);
}

async function finish(client: HijackedStream, starting: Promise<TaskProcess>): Promise<void> {
  try {
    const { exited } = await starting;
    await exited;
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    await client.send('stdout', new TextEncoder().encode(`${messageOf(thrown)}\r\n`));
  }
  client.end();
}

function execInspect({ id, containerId, request, state }: ExecRecord): ExecInspect {
  const [entrypoint = '', ...args] = request.command;
  return {
    ID: id,
    Running: state.status === 'running' || state.status === 'starting',
    ExitCode: state.status === 'exited' ? state.exitCode : null,
    ProcessConfig: {
      tty: request.hasTerminal,
      entrypoint,
      arguments: args,
      privileged: request.isPrivileged,
      ...given('user', request.user),
    },
    OpenStdin: request.attachesStdin,
    OpenStdout: request.attachesStdout,
    OpenStderr: request.attachesStderr,
    CanRemove: false,
    ContainerID: containerId,
    DetachKeys: request.detachKeys ?? '',
    Pid: state.status === 'running' ? state.hostPid : 0,
  };
}
