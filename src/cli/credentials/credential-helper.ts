import { spawn } from 'node:child_process';
import { messageOf } from '../../base/engine-error.ts';

/** What a helper keeps of one registry. */
export interface HelperSecret {
  /** `<token>`: the secret is an identity token. */
  readonly username: string;
  readonly secret: string;
}

/** Some ask the user to unlock a key ring. */
const TIMEOUT_MS = 120_000;
/** Of what a helper answers: a name, a secret, an error. */
const MAX_OUTPUT_BYTES = 64 * 1024;
/** What helpers say, with whatever around it, when they do not know a registry. */
const NOT_FOUND = 'credentials not found in native keychain';

/**
 * A program `docker-credential-NAME` that keeps credentials where the operating system does. It is
 * told what to do by its argument, gets a registry's address or JSON on its standard input, and
 * answers JSON or an error on its standard output.
 * https://github.com/docker/docker-credential-helpers#development
 */
export class CredentialHelper {
  readonly #program: string;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  /** Errors: an Error when the name could be that of a file elsewhere. */
  constructor(name: string, environment: Readonly<Record<string, string | undefined>>) {
    if (!/^[\w.-]{1,100}$/.test(name)) {
      throw new Error(`invalid name of a credential helper: ${JSON.stringify(name)}`);
    }
    this.#program = `docker-credential-${name}`;
    this.#environment = environment;
  }

  /** Undefined when it has none. Errors: an Error that names the helper. */
  async get(server: string): Promise<HelperSecret | undefined> {
    const { isGood, output } = await this.#run('get', server);
    if (!isGood) {
      if (output.includes(NOT_FOUND)) return undefined;
      throw this.#error(output);
    }
    const { Username: username, Secret: secret } = this.#parse(output);
    if (typeof username === 'string' && typeof secret === 'string') return { username, secret };
    throw this.#error('no Username and Secret in its answer');
  }

  async store(server: string, { username, secret }: HelperSecret): Promise<void> {
    const input = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
    const { isGood, output } = await this.#run('store', input);
    if (!isGood) throw this.#error(output);
  }

  /** What it does not have is erased. */
  async erase(server: string): Promise<void> {
    const { isGood, output } = await this.#run('erase', server);
    if (!isGood && !output.includes(NOT_FOUND)) throw this.#error(output);
  }

  #parse(output: string): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(output);
      if (typeof value === 'object' && value !== null) return { ...value };
    } catch {
      // Its words would have a secret in them: they are not shown.
    }
    throw this.#error('its answer is no JSON');
  }

  #run(action: string, input: string): Promise<{ isGood: boolean; output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, [action], {
        env: { ...this.#environment },
        // What it has to say to the user beside its answer is for the user.
        stdio: ['pipe', 'pipe', 'inherit'],
        windowsHide: true,
      });
      let output = '';
      const fail = (reason: string): void => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        // Children of its own may go on to write.
        child.stdout.destroy();
        reject(this.#error(reason));
      };
      const timer = setTimeout(() => fail(`no answer within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.length > MAX_OUTPUT_BYTES) fail('its answer is too long');
      });
      // One that reads nothing closes its input, and how it ends tells why.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      child.once('error', (thrown) => fail(messageOf(thrown)));
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ isGood: code === 0, output });
      });
    });
  }

  #error(reason: string): Error {
    return new Error(`${this.#program}: ${reason.trim()}`);
  }
}
