import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveDirectory } from '../../src/archive/directory-archive.ts';
import { compileSource, compileUnixSource } from '../suite/compile-source.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const cli = join(root, 'bin', 'wolffia.cjs');

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const COMMAND_TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** An engine of its own, in a folder of its own, started by the first command as a user would. */
export class EngineFixture implements AsyncDisposable {
  /** For bind mounts and the like. */
  readonly directory: string;
  readonly dataRoot: string;

  constructor() {
    this.directory = realpathSync(mkdtempSync(join(tmpdir(), 'wolffia-test-')));
    this.dataRoot = join(this.directory, 'data-root');
  }

  get socketPath(): string {
    return join(this.dataRoot, 'wolffia.sock');
  }

  /** Runs one command of the CLI to its end. */
  run(args: readonly string[], options: RunOptions = {}): CommandResult {
    const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [cli, ...args], {
      cwd: this.directory,
      env: this.env(options.env),
      input: options.input ?? '',
      timeout: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT,
    });
    if (error) throw error;
    if (signal) throw new Error(`wolffia ${args.join(' ')} ended by ${signal}`);
    return { exitCode: status ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** As `run`; throws when the command fails. Answers its output without the last newline. */
  ok(...args: readonly string[]): string {
    const { exitCode, stdout, stderr } = this.run(args);
    if (exitCode === 0) return stdout.replace(/\n$/, '');
    throw new Error(`wolffia ${args.join(' ')} exited with ${exitCode}: ${stderr}`);
  }

  /** Starts a command and leaves it running. */
  start(args: readonly string[], stdio: 'pipe' | 'ignore' = 'pipe') {
    return spawn(process.execPath, [cli, ...args], {
      cwd: this.directory,
      env: this.env(),
      stdio: [stdio, 'pipe', 'pipe'],
    });
  }

  env(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
    return { ...process.env, WOLFFIA_DATA_ROOT: this.dataRoot, WOLFFIA_HOST: '', ...more };
  }

  /** Our command, for a shell. */
  get commandLine(): string {
    return `${process.execPath} ${cli}`;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Imports C programs of wasm/fixtures (behave, cat, terminal, …) as the image `fixtures`. */
  async importFixtures(): Promise<void> {
    const files = this.path('fixtures');
    mkdirSync(files, { recursive: true });
    for (const name of ['behave', 'cat', 'wordcount']) {
      writeFileSync(join(files, name), await fixtureProgram(name), { mode: 0o755 });
    }
    const terminal = await compileUnixSource('wasm/fixtures/terminal.c');
    writeFileSync(join(files, 'terminal'), terminal, { mode: 0o755 });
    writeFileSync(join(files, 'text'), 'no program\n', { mode: 0o755 });
    const program = await fixtureProgram('behave');
    writeFileSync(join(files, 'plain'), program, { mode: 0o644 });
    writeFileSync(join(files, 'truncated'), program.subarray(0, program.length / 2), {
      mode: 0o755,
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of archiveDirectory(files)) chunks.push(chunk);
    const result = this.run(['import', '-', 'fixtures'], { input: Buffer.concat(chunks) });
    if (result.exitCode !== 0) throw new Error(result.stderr);
  }

  /** Imports an image of these files, all of them executable, and a /tmp. */
  async importFolder(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    const folder = this.path(`image-of-${name}`);
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: 0o755 });
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of archiveDirectory(folder)) chunks.push(chunk);
    const result = this.run(['import', '-', name], { input: Buffer.concat(chunks) });
    if (result.exitCode !== 0) throw new Error(result.stderr);
  }

  /** The daemon's process, by its own word. */
  daemonPid(): number {
    return Number(this.ok('info', '--format', '{{.Wolffia.Pid}}'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.run(['system', 'stop']);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A program of wasm/fixtures, compiled or from the cache. */
function fixtureProgram(name: string): Promise<Uint8Array> {
  return compileSource(`wasm/fixtures/${name}.c`);
}

/** Waits until `isTrue` is, asking again and again; for what happens in another process. */
export async function until(
  isTrue: () => boolean,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
