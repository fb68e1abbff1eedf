import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// Runs the test files, each in a process of its own, and ends with the line `N passed, N failed`.
//   npm test [-- PART…]    only files whose path contains one of the parts

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const FILE_TIMEOUT_MS = 300_000;

interface Result {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly output: string;
}

function testFiles(parts: readonly string[]): string[] {
  const found = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name).split(sep).join('/'));
  const wanted = found.filter(
    (file) => parts.length === 0 || parts.some((part) => file.includes(part)),
  );
  return wanted.sort();
}

function runFile(file: string): Promise<Result> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, file)], {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => {
      output += `\n${file} took longer than ${FILE_TIMEOUT_MS / 1000} s\n`;
      child.kill('SIGKILL');
    }, FILE_TIMEOUT_MS);
    child.once('close', (code) => {
      clearTimeout(timer);
      const passed = countOf(output, 'Passed');
      const total = countOf(output, 'Total');
      const skipped = countOf(output, 'Skipped');
      const skipsAll = total === 0 && /^skipped: /m.test(output);
      // A file that dies without a summary has failed at least once.
      const failed = Math.max(total - passed, code === 0 && (total > 0 || skipsAll) ? 0 : 1);
      const seconds = (performance.now() - started) / 1000;
      resolve({ file, passed, failed, skipped, seconds, output });
    });
  });
}

function countOf(output: string, label: string): number {
  const found = new RegExp(`^\\s*${label}:\\s+(\\d+)`, 'm').exec(output);
  return Number(found?.[1] ?? 0);
}

function report({ file, passed, failed, skipped, seconds, output }: Result): void {
  const mark = failed > 0 ? 'FAILED' : 'ok';
  const rest = skipped > 0 ? `, ${skipped} skipped` : '';
  process.stdout.write(
    `${mark.padEnd(7)}${relative('test', file)}  ${passed} passed${rest}  ${seconds.toFixed(1)} s\n`,
  );
  if (failed > 0) process.stdout.write(`${output}\n`);
  for (const line of output.split('\n')) {
    if (line.startsWith('skipped: ')) process.stdout.write(`       ${line}\n`);
  }
}

/**
 * Images that tests are about are built before any test is timed: the first time on a machine it
 * takes minutes. What fails here fails in the test that needs it.
 */
async function buildImages(files: readonly string[]): Promise<void> {
  const names = files.flatMap((file) => /\/packages\/([^/]+)\.test\.ts$/.exec(file)?.[1] ?? []);
  if (files.includes('test/e2e/shell.test.ts')) names.push('base');
  if (names.length === 0) return;
  const builder = spawn(process.execPath, [join(root, 'scripts', 'images.ts'), ...names], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await once(builder, 'close');
}

/** Those that look at shares of the CPU: beside another they would measure that, too. */
const ALONE = endToEndFiles('hostile', 'limits', 'placement', 'threads');
/** They begin first: at the end they would run on beside an idle core. */
const LONGEST = endToEndFiles('wolffia-cc', 'images');

function endToEndFiles(...names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => `test/e2e/${name}.test.ts`));
}

async function main(): Promise<void> {
  const files = testFiles(process.argv.slice(2));
  const endToEnd = files.filter((file) => file.startsWith('test/e2e/'));
  const results: Result[] = [];
  const work = async (queue: string[]): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file);
      report(result);
      results.push(result);
    }
  };
  const workTogether = (queue: string[]): Promise<unknown> =>
    Promise.all(Array.from({ length: availableParallelism() }, () => work(queue)));
  await workTogether(files.filter((file) => !endToEnd.includes(file)));
  await buildImages(endToEnd);
  const others = endToEnd.filter((file) => !ALONE.has(file) && !LONGEST.has(file));
  await workTogether([...endToEnd.filter((file) => LONGEST.has(file)), ...others]);
  await work(endToEnd.filter((file) => ALONE.has(file)));
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 || files.length === 0 ? 1 : 0;
}

await main();
