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
    test(`${program.suite}: ${program.name}`, async () => {
      assert.is(await complaintOf(engine, program), undefined);
    });
  }
}

test.run();
