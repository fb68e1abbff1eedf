import { DEFAULT_REGISTRY } from '../spec/reference.ts';
import type { AuthResponse, RegistryAuth } from '../wire/registry-auth.ts';
import type { Command } from './command.ts';
import { CredentialStore, keyOf } from './credentials/credential-store.ts';
import type { AuthEntry } from './credentials/docker-config.ts';
import { authOf } from './credentials/registry-auth.ts';
import type { EngineClient } from './engine-client.ts';
import type { Flags } from './flags.ts';
import { ask, askSecret } from './prompt.ts';
import type { Terminal } from './terminal.ts';

/** No registry has a longer one. */
const MAX_PASSWORD_BYTES = 64 * 1024;

export const LOGIN: Command = {
  name: 'login',
  usage: '[OPTIONS] [SERVER]',
  summary: 'Authenticate to a registry, Docker Hub if no server is specified',
  flags: [
    {
      name: 'password',
      short: 'p',
      kind: 'text',
      summary: 'Password or Personal Access Token (PAT)',
    },
    {
      name: 'password-stdin',
      kind: 'boolean',
      summary: 'Take the Password or Personal Access Token (PAT) from stdin',
    },
    { name: 'username', short: 'u', kind: 'text', summary: 'Username' },
  ],
  arguments: { least: 0, most: 1 },
  run: async ({ engine, terminal }, flags, [server = DEFAULT_REGISTRY]) => {
    checkFlags(flags, terminal);
    const store = new CredentialStore(terminal.env);
    const isAsked = flags.has('username') || flags.has('password');
    const known = isAsked ? undefined : await store.find(server);
    if (known && (await isStillGood(engine, terminal, server, known))) return 0;
    const entry = await readCredentials(flags, terminal);
    const status = await logIn(engine, server, entry, store, terminal);
    terminal.stdout.write(`${status}\n`);
    return 0;
  },
};

/** # Errors: an Error in Docker's words. */
function checkFlags(flags: Flags, { stderr }: Terminal): void {
  const isFromStdin = flags.isOn('password-stdin');
  if (flags.has('password')) {
    if (isFromStdin) {
      throw new Error('conflicting options: cannot specify both --password and --password-stdin');
    }
    stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
  }
  if (isFromStdin && !flags.text('username')) {
    throw new Error('the --password-stdin option requires --username to be set');
  }
}

/** Whether what is kept does; what does not is asked for anew. */
async function isStillGood(
  engine: EngineClient,
  terminal: Terminal,
  server: string,
  known: AuthEntry,
): Promise<boolean> {
  const who = known.username === '' ? '' : ` [Username: ${known.username}]`;
  terminal.stdout.write(`Authenticating with existing credentials...${who}\n`);
  try {
    const { Status } = await authenticate(engine, authOf(server, known));
    terminal.stdout.write(
      `\nTo log in with a different account, run 'wolffia logout' first\n\n${Status}\n`,
    );
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const reason = thrown.message.replace(/^Error response from daemon: /, '');
    terminal.stderr.write(`Login did not succeed, error: ${reason}\n`);
    return false;
  }
}

async function readCredentials(flags: Flags, terminal: Terminal): Promise<AuthEntry> {
  const isFromStdin = flags.isOn('password-stdin');
  const given = { username: flags.text('username'), password: flags.text('password') };
  const isComplete = given.username && (given.password || isFromStdin);
  if (!isComplete && !terminal.stdin.isTTY) {
    throw new Error('Error: Cannot perform an interactive login from a non TTY device');
  }
  const username = given.username || (await ask(terminal, 'Username: '));
  if (username === '') throw new Error('Error: Non-null Username Required');
  const password = isFromStdin
    ? await readPassword(terminal)
    : given.password || (await askSecret(terminal, 'Password: '));
  if (password === '') throw new Error('Error: Password Required');
  return { username, password };
}

/** All of standard input, without the line's end. */
export async function readPassword({ stdin }: Terminal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.length;
    if (size > MAX_PASSWORD_BYTES) throw new Error('Error: the password is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
}

async function logIn(
  engine: EngineClient,
  server: string,
  entry: AuthEntry,
  store: CredentialStore,
  { stderr }: Terminal,
): Promise<string> {
  const { Status, IdentityToken } = await authenticate(engine, authOf(server, entry));
  // A token is kept instead of the password.
  await store.save(
    server,
    IdentityToken ? { ...entry, password: '', identityToken: IdentityToken } : entry,
  );
  const file = store.plainFileOf(server);
  if (file !== undefined) {
    stderr.write(
      [
        '',
        `WARNING! Your credentials are stored unencrypted in '${file}'.`,
        'Configure a credential helper to remove this warning. See',
        'https://docs.docker.com/go/credential-store/',
        '',
        '',
      ].join('\n'),
    );
  }
  return Status;
}

function authenticate(engine: EngineClient, json: RegistryAuth): Promise<AuthResponse> {
  return engine.call<AuthResponse>('POST', '/auth', { json });
}

export const LOGOUT: Command = {
  name: 'logout',
  usage: '[SERVER]',
  summary: 'Log out from a registry, Docker Hub if no server is specified',
  flags: [],
  arguments: { least: 0, most: 1 },
  run: async ({ terminal }, _flags, [server = DEFAULT_REGISTRY]) => {
    terminal.stdout.write(`Removing login credentials for ${keyOf(server)}\n`);
    try {
      await new CredentialStore(terminal.env).erase(server);
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      terminal.stderr.write(`WARNING: could not erase credentials: ${thrown.message}\n`);
      return 1;
    }
    return 0;
  },
};
