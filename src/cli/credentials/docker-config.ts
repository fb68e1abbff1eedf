import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/engine-error.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the file has of one registry. */
export interface AuthEntry {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/** Where Docker's clients keep a user's configuration. */
export function dockerConfigDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return env['DOCKER_CONFIG'] || join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.docker');
}

/**
 * `config.json` of a user's Docker configuration, as far as it is about registries. What else is in
 * it stays as it is. https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
 */
export class DockerConfig {
  readonly path: string;

  constructor(directory: string) {
    this.path = join(directory, 'config.json');
  }

  /** By the names that the user or docker gave them, often addresses. Errors: see `#read`. */
  entries(): ReadonlyMap<string, AuthEntry> {
    const auths = objectOf(this.#read()['auths']);
    return new Map(Object.entries(auths).map(([name, entry]) => [name, entryOf(objectOf(entry))]));
  }

  /** The helper for a registry, else the one for all; undefined: the file itself has them. */
  helperOf(server: string): string | undefined {
    const config = this.#read();
    const helpers = objectOf(config['credHelpers']);
    const own = Object.hasOwn(helpers, server) ? helpers[server] : undefined;
    return textOf(own) || textOf(config['credsStore']) || undefined;
  }

  /** An entry without secrets notes that a helper has them. */
  setEntry(server: string, entry: AuthEntry | undefined): void {
    this.#changeAuths((auths) => ({ ...auths, [server]: entry ? encodeEntry(entry) : {} }));
  }

  removeEntries(servers: readonly string[]): void {
    this.#changeAuths((auths) =>
      Object.fromEntries(Object.entries(auths).filter(([name]) => !servers.includes(name))),
    );
  }

  /** Empty when there is no file. Errors: an Error that names it, when it is no JSON object. */
  #read(): Json {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (thrown) {
      if (isAbsent(thrown)) return {};
      throw new Error(`cannot read ${this.path}: ${messageOf(thrown)}`, { cause: thrown });
    }
    let value: unknown;
    try {
      value = JSON.parse(text.trim() === '' ? '{}' : text);
    } catch {
      // The parser's own words may have a secret in them.
      throw new Error(`${this.path} is no valid JSON: mend it, or move it away`);
    }
    if (isObject(value)) return value;
    throw new Error(`${this.path} holds no object: mend it, or move it away`);
  }

  #changeAuths(change: (auths: Json) => Json): void {
    const config = this.#read();
    this.#write({ ...config, auths: change(objectOf(config['auths'])) });
  }

  /** For its owner alone; whoever reads it meanwhile has the old one or the new one. */
  #write(config: Json): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const target = resolved(this.path);
    const folder = mkdtempSync(`${target}-`);
    try {
      const next = join(folder, 'config.json');
      const fd = openSync(next, 'wx', 0o600);
      try {
        writeFileSync(fd, JSON.stringify(config, undefined, '\t'));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(next, target);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** A link to a file that is kept elsewhere stays one. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    if (isAbsent(thrown)) return path;
    throw thrown;
  }
}

/** `auth` is what counts; the two fields are what people write by hand. */
function entryOf(entry: Json): AuthEntry {
  const [username, password] = decodePair(textOf(entry['auth'])) ?? [
    textOf(entry['username']),
    textOf(entry['password']),
  ];
  const identityToken = textOf(entry['identitytoken']);
  const registryToken = textOf(entry['registrytoken']);
  return {
    username,
    password,
    ...(identityToken ? { identityToken } : {}),
    ...(registryToken ? { registryToken } : {}),
  };
}

function encodeEntry({ username, password, identityToken, registryToken }: AuthEntry): Json {
  return {
    auth: Buffer.from(`${username}:${password}`).toString('base64'),
    ...(identityToken ? { identitytoken: identityToken } : {}),
    ...(registryToken ? { registrytoken: registryToken } : {}),
  };
}

/** `username:password` in base64; the name has no colon. */
function decodePair(auth: string): [username: string, password: string] | undefined {
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  // Older clients padded it with zeros.
  return [text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, '')];
}

function isAbsent(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
