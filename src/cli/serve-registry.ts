import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../base/engine-error.ts';
import { humanSize } from '../base/human-size.ts';
import { MAX_JSON_MESSAGE_BYTES } from '../wire/json-message.ts';
import {
  type AccessLine,
  MAX_PEM_LENGTH,
  parseRegistryServeLine,
  REGISTRY_SERVE_PATH,
  type RegistryServeBody,
} from '../wire/registry-serve.ts';
import { type Command, type CommandContext, CommandError } from './command.ts';
import { type Flags, UsageError } from './flags.ts';
import { readPassword } from './login.ts';
import { readLines } from './read-progress.ts';

const DEFAULT_LISTEN = '127.0.0.1:5000';
const OVER = 'the registry is closed: the daemon has ended';

export const SERVE_REGISTRY: Command = {
  name: 'serve-registry',
  usage: '[OPTIONS]',
  summary: 'Serve the images of this engine as a registry, until interrupted',
  flags: [
    {
      name: 'insecure',
      kind: 'boolean',
      summary: 'Allow an address that others can reach without TLS: they can read and change all',
    },
    {
      name: 'listen',
      kind: 'text',
      placeholder: 'address:port',
      summary: `Address to listen on (default ${DEFAULT_LISTEN}); port 0 is a free one`,
    },
    { name: 'password-stdin', kind: 'boolean', summary: "Take the user's password from stdin" },
    { name: 'read-only', kind: 'boolean', summary: 'Refuse pushes and deletions' },
    { name: 'tls-cert', kind: 'text', placeholder: 'file', summary: 'Certificate (chain) in PEM' },
    { name: 'tls-key', kind: 'text', placeholder: 'file', summary: "The certificate's key in PEM" },
    { name: 'user', kind: 'text', summary: 'Demand this user name, and --password-stdin' },
  ],
  arguments: { least: 0, most: 0 },
  run: async (context, flags) => {
    const { terminal, engine } = context;
    const json = await bodyOf(context, flags);
    const response = await engine.stream('POST', REGISTRY_SERVE_PATH, { json });
    let isInterrupted = false;
    const stops = ['SIGINT', 'SIGTERM'].map((name) =>
      terminal.onSignal(name, () => {
        isInterrupted = true;
        response.destroy();
      }),
    );
    try {
      for await (const line of readLines(response, MAX_JSON_MESSAGE_BYTES)) {
        show(line, context, json);
      }
    } catch (thrown) {
      if (!isInterrupted) throw new CommandError(1, OVER, { cause: thrown });
    } finally {
      for (const stop of stops) stop();
    }
    if (isInterrupted) return 0;
    throw new CommandError(1, OVER);
  },
};

async function bodyOf(context: CommandContext, flags: Flags): Promise<RegistryServeBody> {
  const certificate = flags.text('tls-cert');
  const key = flags.text('tls-key');
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UsageError('--tls-cert and --tls-key go together');
  }
  const username = flags.text('user');
  if ((username !== undefined) !== flags.isOn('password-stdin')) {
    throw new UsageError('--user and --password-stdin go together');
  }
  if (username?.includes(':')) throw new UsageError('a user name has no colon');
  return {
    Listen: flags.text('listen') ?? DEFAULT_LISTEN,
    ReadOnly: flags.isOn('read-only'),
    Insecure: flags.isOn('insecure'),
    ...(certificate === undefined || key === undefined
      ? {}
      : { Tls: { Certificate: pemIn(context, certificate), Key: pemIn(context, key) } }),
    ...(username === undefined
      ? {}
      : { Credentials: { Username: username, Password: await passwordOf(context) } }),
  };
}

function pemIn({ terminal }: CommandContext, path: string): string {
  try {
    return readFileSync(resolve(terminal.workingDirectory, path), 'latin1').slice(
      0,
      MAX_PEM_LENGTH,
    );
  } catch (thrown) {
    throw new CommandError(1, `cannot read ${path}: ${messageOf(thrown)}`);
  }
}

async function passwordOf({ terminal }: CommandContext): Promise<string> {
  const password = await readPassword(terminal);
  if (password !== '') return password;
  throw new CommandError(1, 'the password is empty');
}

function show(text: string, { terminal }: CommandContext, body: RegistryServeBody): void {
  const line = parseRegistryServeLine(text);
  if (!line) return;
  if (!('url' in line)) {
    terminal.stdout.write(`${accessText(line)}\n`);
    return;
  }
  const isOpen = body.Insecure && !line.url.startsWith('https:');
  if (isOpen && !/\/\/(?:127\.|\[::1\])/.test(line.url)) {
    terminal.stderr.write(
      'WARNING: without TLS whoever is on the network can read and change what passes by.\n',
    );
  }
  const mode = body.ReadOnly ? ' (read only)' : '';
  terminal.stdout.write(`Serving images on ${line.url}${mode}\n`);
}

const MILLISECONDS_BELOW = 10_000;

/** What a client has sent may be anything: only what can be seen is shown. */
function accessText({ remote, method, path, status, bytes, milliseconds }: AccessLine): string {
  const time =
    milliseconds < MILLISECONDS_BELOW
      ? `${milliseconds.toFixed(1)}ms`
      : `${(milliseconds / 1000).toFixed(1)}s`;
  const text = `${remote} ${method} ${path} ${status} ${humanSize(bytes)} ${time}`;
  return text.replaceAll(/[^ -~]/g, '?');
}
