import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { EngineFixture } from '../e2e/engine-fixture.ts';
import { complaintOf, importSuite, programsOf } from './wasi-testsuite.ts';

// The WASI test suite, as far as it is about preview1 and wasi-threads, in containers.

const DIRECTORY_VARIABLE = 'WOLFFIA_WASI_TESTSUITE';
const directory =
  process.env[DIRECTORY_VARIABLE] ??
  join(cacheDirectoryOf(process.env, process.platform), 'wasi-testsuite');

const OWN_VARIABLES = 'a container has variables of its own: PATH, HOSTNAME, HOME, PWD';
const COARSE_TIMES = 'Node takes times as doubles, which hold steps of 238 ns today';

/** Programs that are left out, and why; see docs/reference/system-calls.md. */
const SKIPPED: Readonly<Record<string, string>> = {
  'assemblyscript: environ_get-multiple-variables': OWN_VARIABLES,
  'assemblyscript: environ_sizes_get-multiple-variables': OWN_VARIABLES,
  'assemblyscript: environ_sizes_get-no-variables': OWN_VARIABLES,
  'rust: fd_filestat_set': COARSE_TIMES,
  'rust: path_filestat': COARSE_TIMES,
  'rust: symlink_filestat': COARSE_TIMES,
};

const test = suite('WASI test suite');

if (!existsSync(directory)) {
  console.log(
    `skipped: the WASI test suite: it is not in the cache, and ${DIRECTORY_VARIABLE} names no ` +
      'directory with it (node scripts/wasi-testsuite.ts brings it there)',
  );
} else {
  const engine = new EngineFixture();
  const programs = programsOf(directory);
  test.before(async () => {
    const suites = new Set(programs.map((program) => program.suite));
    for (const name of suites) await importSuite(engine, directory, name);
  });
  test.after(() => engine[Symbol.asyncDispose]());
  for (const program of programs) {
    const title = `${program.suite}: ${program.name}`;
    const reason = SKIPPED[title];
    if (reason !== undefined) {
      console.log(`skipped: ${title}: ${reason}`);
      continue;
    }
    test(title, async () => {
      assert.is(await complaintOf(engine, program), undefined);
    });
  }
}

test.run();
