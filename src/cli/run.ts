import { rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../base/engine-error.ts';
import type { ContainerCreateRequest, ContainerCreateResponse } from '../wire/container-create.ts';
import { SIGNAL_PROXY_FLAG } from './attach.ts';
import { runAttached } from './attached-run.ts';
import { DetachedError } from './attached-streams.ts';
import { type Command, CommandError } from './command.ts';
import { attachmentOf, CREATE_FLAGS, createRequestOf } from './create-flags.ts';
import { DETACH_KEYS_FLAG, detachKeysOf } from './detach-keys-flag.ts';
import { type EngineClient, EngineResponseError } from './engine-client.ts';
import { type Flags, UsageError } from './flags.ts';
import { pullImage } from './pull-image.ts';
import { requireTerminal, type Terminal } from './terminal.ts';

/** Docker's exit codes for what kept a container from running. */
const ENGINE_FAILED = 125;
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

export const RUN: Command = {
  name: 'run',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image',
  flags: [
    ...CREATE_FLAGS,
    {
      name: 'detach',
      short: 'd',
      kind: 'boolean',
      summary: 'Run container in background and print container ID',
    },
    DETACH_KEYS_FLAG,
    SIGNAL_PROXY_FLAG,
  ],
  isInterspersed: false,
  arguments: { least: 1, most: Number.POSITIVE_INFINITY },
  run: async (context, flags, positionals) => {
    const { terminal } = context;
    const attachment = attachmentOf(flags, flags.isOn('detach'));
    const hasTerminal = flags.isOn('tty');
    if (attachment.stdin && hasTerminal) requireTerminal(terminal);
    const request = createRequestOf(flags, positionals, attachment, terminal);
    try {
      const detachKeys = detachKeysOf(flags, terminal);
      const { engine } = context;
      const id = await createContainer(engine, flags, request, terminal);
      const start = (): Promise<void> => engine.call('POST', `/containers/${id}/start`);
      const isAttached = attachment.stdin || attachment.stdout || attachment.stderr;
      if (isAttached) {
        return await runAttached(engine, terminal, {
          id,
          attachment,
          hasTerminal,
          isRemovedAtEnd: flags.isOn('rm'),
          detachKeys,
          proxiesSignals: flags.isOn('sig-proxy'),
          start,
        });
      }
      await start();
      terminal.stdout.write(`${id}\n`);
      return 0;
    } catch (thrown) {
      if (thrown instanceof UsageError) throw thrown;
      // The user has left; the container goes on.
      if (thrown instanceof DetachedError) return 0;
      const message = `wolffia: ${messageOf(thrown)}\n\nRun 'wolffia run --help' for more information`;
      throw new CommandError(exitCodeOfFailure(thrown), message, { cause: thrown });
    }
  },
};

export const CREATE: Command = {
  name: 'create',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create a new container',
  flags: CREATE_FLAGS,
  isInterspersed: false,
  arguments: { least: 1, most: Number.POSITIVE_INFINITY },
  run: async (context, flags, positionals) => {
    const attachment = attachmentOf(flags, false);
    const request = createRequestOf(flags, positionals, attachment, context.terminal);
    const { engine } = context;
    const id = await createContainer(engine, flags, request, context.terminal);
    context.terminal.stdout.write(`${id}\n`);
    return 0;
  },
};

async function createContainer(
  engine: EngineClient,
  flags: Flags,
  request: ContainerCreateRequest,
  terminal: Terminal,
): Promise<string> {
  const policy = flags.text('pull') ?? 'missing';
  if (!['always', 'missing', 'never'].includes(policy)) {
    throw new UsageError(
      `invalid pull option: '${policy}': must be one of "always", "missing" or "never"`,
    );
  }
  const reference = request.Image ?? '';
  const cidPath = flags.text('cidfile');
  if (cidPath !== undefined) reserveCidFile(cidPath);
  try {
    if (policy === 'always') await pullImage(engine, reference, terminal.stderr);
    const { Id: id, Warnings: warnings } = await createOrPull(
      engine,
      flags,
      request,
      policy,
      terminal,
    );
    for (const warning of warnings) terminal.stderr.write(`WARNING: ${warning}\n`);
    if (cidPath !== undefined) writeFileSync(cidPath, id);
    return id;
  } catch (thrown) {
    if (cidPath !== undefined) rmSync(cidPath, { force: true });
    throw thrown;
  }
}

async function createOrPull(
  engine: EngineClient,
  flags: Flags,
  request: ContainerCreateRequest,
  policy: string,
  terminal: Terminal,
): Promise<ContainerCreateResponse> {
  const create = (): Promise<ContainerCreateResponse> =>
    engine.call('POST', '/containers/create', {
      query: { name: flags.text('name') },
      json: request,
    });
  try {
    return await create();
  } catch (thrown) {
    const isMissing =
      thrown instanceof EngineResponseError &&
      thrown.status === 404 &&
      thrown.message.includes('No such image');
    if (!isMissing || policy !== 'missing') throw thrown;
    const reference = request.Image ?? '';
    const shown = /[:@]/.test(reference.slice(reference.lastIndexOf('/') + 1))
      ? reference
      : `${reference}:latest`;
    terminal.stderr.write(`Unable to find image '${shown}' locally\n`);
    await pullImage(engine, reference, terminal.stderr);
    return create();
  }
}

/** As docker: a file that is there already is somebody else's. */
function reserveCidFile(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx' });
  } catch (thrown) {
    throw new Error(
      `container ID file found, make sure the other container isn't running or delete ${path}`,
      { cause: thrown },
    );
  }
}

function exitCodeOfFailure(thrown: unknown): number {
  const message = messageOf(thrown);
  if (/executable file not found|no such file or directory/.test(message)) return NOT_FOUND;
  if (/permission denied|is a directory|exec format error/.test(message)) return CANNOT_RUN;
  return ENGINE_FAILED;
}
