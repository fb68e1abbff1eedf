import type { ContainerInspect } from '../wire/container.ts';
import type {
  ExecCreateRequest,
  ExecCreateResponse,
  ExecInspect,
  ExecStartRequest,
} from '../wire/exec.ts';
import { AttachedStreams } from './attached-streams.ts';
import type { Command, CommandContext } from './command.ts';
import { DETACH_KEYS_FLAG, detachKeysOf } from './detach-keys-flag.ts';
import { ENVIRONMENT_FLAGS, environmentOf } from './environment-flags.ts';
import { requireTerminal } from './terminal.ts';
import { consoleSizeOf, followWindow } from './window-follower.ts';

export const EXEC: Command = {
  name: 'exec',
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  summary: 'Execute a command in a running container',
  flags: [
    ...ENVIRONMENT_FLAGS,
    DETACH_KEYS_FLAG,
    {
      name: 'detach',
      short: 'd',
      kind: 'boolean',
      summary: 'Detached mode: run command in the background',
    },
    {
      name: 'interactive',
      short: 'i',
      kind: 'boolean',
      summary: 'Keep STDIN open even if not attached',
    },
    { name: 'privileged', kind: 'boolean', summary: 'Give extended privileges to the command' },
    { name: 'tty', short: 't', kind: 'boolean', summary: 'Allocate a pseudo-TTY' },
    { name: 'user', short: 'u', kind: 'text', summary: 'Username or UID' },
    {
      name: 'workdir',
      short: 'w',
      kind: 'text',
      summary: 'Working directory inside the container',
    },
  ],
  isInterspersed: false,
  arguments: { least: 2, most: Number.POSITIVE_INFINITY },
  run: async ({ engine, terminal }, flags, [name = '', ...command]) => {
    const container = `/containers/${encodeURIComponent(name)}`;
    const isDetached = flags.isOn('detach');
    const hasTerminal = flags.isOn('tty');
    const takesInput = flags.isOn('interactive') && !isDetached;
    // Asked before anything is noted: that there is none is the first thing to be told.
    await engine.call<ContainerInspect>('GET', `${container}/json`);
    if (hasTerminal && takesInput) requireTerminal(terminal);
    const detachKeys = detachKeysOf(flags, terminal);
    if (flags.isOn('privileged')) {
      terminal.stderr.write('WARNING: Privileged mode is not obeyed.\n');
    }
    const request: ExecCreateRequest = {
      Cmd: command,
      Env: environmentOf(flags, terminal),
      User: flags.text('user'),
      WorkingDir: flags.text('workdir'),
      Privileged: flags.isOn('privileged'),
      Tty: hasTerminal,
      ...(hasTerminal ? consoleSizeOf(terminal) : {}),
      DetachKeys: detachKeys,
      AttachStdin: takesInput,
      AttachStdout: !isDetached,
      AttachStderr: !isDetached,
    };
    const { Id: id } = await engine.call<ExecCreateResponse>('POST', `${container}/exec`, {
      json: request,
    });
    const start: ExecStartRequest = { Detach: isDetached, Tty: hasTerminal };
    if (isDetached) {
      await engine.call('POST', `/exec/${id}/start`, { json: start });
      return 0;
    }
    return runExec({ engine, terminal }, id, start, { takesInput, hasTerminal, detachKeys });
  },
};

async function runExec(
  { engine, terminal }: Pick<CommandContext, 'engine' | 'terminal'>,
  id: string,
  start: ExecStartRequest,
  options: { takesInput: boolean; hasTerminal: boolean; detachKeys: string },
): Promise<number> {
  const json = { ...start, ...(options.hasTerminal ? consoleSizeOf(terminal) : {}) };
  const connection = await engine.hijack(`/exec/${id}/start`, { json });
  using streams = new AttachedStreams(terminal, connection, options);
  if (options.hasTerminal) streams.onDispose(followWindow(engine, terminal, `/exec/${id}`));
  streams.beginInput();
  await streams.ended;
  const { ExitCode: exitCode } = await engine.call<ExecInspect>('GET', `/exec/${id}/json`);
  if (exitCode === null) throw new Error(`the connection to exec ${id} was lost`);
  return exitCode;
}
