import { messageOf } from '../base/engine-error.ts';
import { SIGNAL_PROXY_FLAG } from './attach.ts';
import { runAttached } from './attached-run.ts';
import { DetachedError } from './attached-streams.ts';
import { type Command, CommandError } from './command.ts';
import { createContainer, IMAGE_FLAGS } from './create-container.ts';
import { attachmentOf, CREATE_FLAGS, createRequestOf } from './create-flags.ts';
import { DETACH_KEYS_FLAG, detachKeysOf } from './detach-keys-flag.ts';
import { UsageError } from './flags.ts';
import { requireTerminal } from './terminal.ts';

/** Docker's exit codes for what kept a container from running. */
const ENGINE_FAILED = 125;
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

export const RUN: Command = {
  name: 'run',
  usage: '[OPTIONS] IMAGE|FILE.wasm [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image, or from a module',
  flags: [
    ...CREATE_FLAGS,
    ...IMAGE_FLAGS,
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
      const id = await createContainer(context, flags, request);
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
  usage: '[OPTIONS] IMAGE|FILE.wasm [COMMAND] [ARG...]',
  summary: 'Create a new container',
  flags: [...CREATE_FLAGS, ...IMAGE_FLAGS],
  isInterspersed: false,
  arguments: { least: 1, most: Number.POSITIVE_INFINITY },
  run: async (context, flags, positionals) => {
    const attachment = attachmentOf(flags, false);
    const request = createRequestOf(flags, positionals, attachment, context.terminal);
    const id = await createContainer(context, flags, request);
    context.terminal.stdout.write(`${id}\n`);
    return 0;
  },
};

function exitCodeOfFailure(thrown: unknown): number {
  const message = messageOf(thrown);
  if (/executable file not found|no such file or directory/.test(message)) return NOT_FOUND;
  if (/permission denied|is a directory|exec format error/.test(message)) return CANNOT_RUN;
  return ENGINE_FAILED;
}
