import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectoryOf } from '../images/cache-directory.ts';

// Brings the WASI test suite's programs for preview1 into the cache, where
// test/conformance/wasi-testsuite.test.ts finds them.
//   node scripts/wasi-testsuite.ts REPOSITORY
// REPOSITORY: https://github.com/WebAssembly/wasi-testsuite, or a directory with a clone of it. Its
// branches `prod/…` hold the compiled programs.

/** What is taken: the branch, its folder, and its name here. */
const SUITES = [
  ['prod/testsuite-base', 'tests/c/testsuite/wasm32-wasip1', 'c'],
  ['prod/testsuite-base', 'tests/rust/testsuite/wasm32-wasip1', 'rust'],
  ['prod/testsuite-base', 'tests/assemblyscript/testsuite/wasm32-wasip1', 'assemblyscript'],
  ['prod/testsuite-all', 'tests/proposals/wasi-threads', 'threads'],
] as const;

function git(directory: string, ...args: readonly string[]): void {
  const { status, error } = spawnSync('git', ['-C', directory, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`git ${args.join(' ')} exited with ${status}`);
}

function bring(repository: string, target: string): void {
  const clone = mkdtempSync(join(tmpdir(), 'wolffia-wasi-testsuite-'));
  const incoming = `${target}.incoming`;
  try {
    rmSync(incoming, { recursive: true, force: true });
    git(clone, 'init', '--quiet');
    for (const [branch, folder, name] of SUITES) {
      git(clone, 'fetch', '--quiet', '--depth=1', repository, branch);
      git(clone, 'checkout', '--quiet', 'FETCH_HEAD', '--', folder);
      cpSync(join(clone, folder), join(incoming, name), { recursive: true });
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(incoming, target);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
}

const [repository] = process.argv.slice(2);
if (repository === undefined) {
  process.stderr.write('usage: node scripts/wasi-testsuite.ts REPOSITORY\n');
  process.exitCode = 2;
} else {
  const target = join(cacheDirectoryOf(process.env, process.platform), 'wasi-testsuite');
  bring(repository, target);
  process.stdout.write(`${target}\n`);
}
