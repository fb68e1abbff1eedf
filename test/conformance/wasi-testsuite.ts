import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archiveDirectory } from '../../src/archive/directory-archive.ts';
import type { EngineFixture } from '../e2e/engine-fixture.ts';

/** A program of the suite, and what its specification asks (`doc/specification.md` there). */
export interface SuiteProgram {
  readonly suite: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly exitCode: number;
  /** Undefined: nothing is said of it. */
  readonly stdout: string | undefined;
}

/** The suites in a directory, which `scripts/wasi-testsuite.ts` brings there. */
export function programsOf(directory: string): SuiteProgram[] {
  const suites = readdirSync(directory).filter((name) =>
    existsSync(join(directory, name, 'manifest.json')),
  );
  return suites.flatMap((suite) =>
    readdirSync(join(directory, suite))
      .filter((file) => file.endsWith('.wasm'))
      .sort()
      .map((file) => readProgram(directory, suite, basename(file, '.wasm'))),
  );
}

function readProgram(directory: string, suite: string, name: string): SuiteProgram {
  const path = join(directory, suite, `${name}.json`);
  const specification = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const { args = [], env = {}, exit_code: exitCode = 0, stdout } = specification;
  return { suite, name, args, env, exitCode, stdout };
}

/** Where the programs stand in the image of their suite: out of the way of what they look at. */
const PROGRAMS = 'programs';

/** Imports a suite as an image: the root that its programs expect, and themselves. */
export async function importSuite(
  engine: EngineFixture,
  directory: string,
  suite: string,
): Promise<void> {
  const from = join(directory, suite);
  const root = engine.path(suite);
  mkdirSync(join(root, PROGRAMS), { recursive: true });
  const files = join(from, 'fs-tests.dir');
  if (existsSync(files)) cpSync(files, root, { recursive: true });
  for (const file of readdirSync(from).filter((name) => name.endsWith('.wasm'))) {
    cpSync(join(from, file), join(root, PROGRAMS, file));
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of archiveDirectory(root)) chunks.push(chunk);
  const { exitCode, stderr } = engine.run(['import', '-', suite], { input: Buffer.concat(chunks) });
  if (exitCode !== 0) throw new Error(stderr);
}

/** Some programs of the threads suite read from a standard input that nothing comes from. */
const TIMEOUT_MS = 60_000;

/** Runs a program in a container of its own; answers what is wrong, or nothing. */
export async function complaintOf(
  engine: EngineFixture,
  program: SuiteProgram,
): Promise<string | undefined> {
  const { suite, name, args, env, exitCode, stdout } = program;
  const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const child = engine.start([
    ...['run', '--rm', '-i', ...variables, suite],
    ...[`/${PROGRAMS}/${name}.wasm`, ...args],
  ]);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString();
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  child.stdin?.destroy();
  if (code !== exitCode) return `exit code ${code}, not ${exitCode}: ${output.stderr}`;
  if (stdout !== undefined && output.stdout !== stdout) return `printed ${output.stdout}`;
  return undefined;
}
