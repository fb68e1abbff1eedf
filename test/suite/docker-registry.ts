import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Who may use a registry with `hasPassword`. */
export const REGISTRY_USER = { username: 'ada', password: 'a secret of Ada' };
/** The line of htpasswd for that, by bcrypt of the least cost. */
const HTPASSWD = 'ada:$2y$05$ThisSaltIsForTestsOnlutQsNsOIXsKWsbMdrAQfN9ExH5DTzBOe';

/** Longer than any test: it ends by itself when whoever started it was killed. */
const LIFETIME_S = 600;

export interface DockerRegistryOptions {
  readonly hasPassword?: boolean;
  /** HTTPS: paths of PEM files; clients need a certificate of `clientAuthority`, if given. */
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    readonly clientAuthority?: string;
  };
}

/** Why there is none on this machine; undefined when there is. */
export function dockerRegistryAbsence(): string | undefined {
  const { status } = spawnSync('docker-registry', ['--version']);
  return status === 0 ? undefined : "there is no docker-registry (Debian's package of that name)";
}

/**
 * The registry of the distribution project, as Debian packages it, on a port of loopback that the
 * kernel chooses. Its content is in a folder of its own, and removed at the end.
 */
export class DockerRegistry implements AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly directory: string;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, directory: string, host: string) {
    this.#process = child;
    this.directory = directory;
    this.host = host;
  }

  static async start({ hasPassword, tls }: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const directory = mkdtempSync(join(tmpdir(), 'wolffia-registry-'));
    const passwords = join(directory, 'htpasswd');
    writeFileSync(passwords, `${HTPASSWD}\n`);
    const config = {
      version: '0.1',
      log: { accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(directory, 'content') },
        delete: { enabled: true },
      },
      http: {
        addr: '127.0.0.1:0',
        secret: 'for tests',
        ...(tls
          ? {
              tls: {
                certificate: tls.certificate,
                key: tls.key,
                ...(tls.clientAuthority ? { clientcas: [tls.clientAuthority] } : {}),
              },
            }
          : {}),
      },
      ...(hasPassword ? { auth: { htpasswd: { realm: 'test', path: passwords } } } : {}),
    };
    // JSON is YAML.
    const configFile = join(directory, 'config.yml');
    writeFileSync(configFile, JSON.stringify(config));
    const child = spawn(
      'timeout',
      ['-k', '5', String(LIFETIME_S), 'docker-registry', 'serve', configFile],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    return new DockerRegistry(child, directory, await addressOf(child));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null;
    const ended = hasEnded ? undefined : once(this.#process, 'exit');
    this.#process.kill();
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** As it says in its log. What it says afterwards is read, too, so that it never waits for that. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (address) resolve(address);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`docker-registry ended: ${log}`)));
  });
}
