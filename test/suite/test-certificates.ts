import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why none can be made on this machine; undefined when they can. */
export function opensslAbsence(): string | undefined {
  const { status, stdout } = spawnSync('openssl', ['version']);
  // `req -CA` is of OpenSSL 3.
  return status === 0 && /^OpenSSL [3-9]/.test(String(stdout)) ? undefined : 'no openssl 3';
}

/** An authority that nobody knows, a server's certificate for loopback, and a client's. */
export class TestCertificates implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'wolffia-certificates-'));

  constructor() {
    this.#make('authority', ['-subj', '/CN=Test authority']);
    const signed = ['-CA', this.authority, '-CAkey', join(this.directory, 'authority.key')];
    const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
    this.#make('server', ['-subj', '/CN=localhost', '-addext', names, ...signed]);
    this.#make('client', ['-subj', '/CN=ada', ...signed]);
    this.#make('stranger', ['-subj', '/CN=Another authority']);
  }

  get authority(): string {
    return join(this.directory, 'authority.crt');
  }

  /** An authority that has signed nothing of this. */
  get stranger(): string {
    return join(this.directory, 'stranger.crt');
  }

  get server() {
    return this.#pair('server');
  }

  get client() {
    return this.#pair('client');
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #pair(name: string) {
    return {
      certificate: join(this.directory, `${name}.crt`),
      key: join(this.directory, `${name}.key`),
    };
  }

  #make(name: string, args: readonly string[]): void {
    const { certificate, key } = this.#pair(name);
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const options = ['req', '-x509', ...curve, '-days', '2', '-keyout', key, '-out', certificate];
    const { status, stderr } = spawnSync('openssl', [...options, ...args]);
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
  }
}
