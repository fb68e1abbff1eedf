import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { packageSuite, sourceOf } from './package-suite.ts';

/**
 * CPython's own tests, of Debian's source package of the same series (3.11): the image's library,
 * which is inside of the program, has none. How many of each must pass; the rest are skipped by
 * themselves where WASI lacks what they test.
 */
const SUITES = { test_tempfile: 94, test_os: 135, test_io: 400 } as const;

/** The program's stack is too small for the recursion that they want to be refused. */
const TOO_DEEP = ['test_recursive_repr'];

const TIMEOUT_MS = 250_000;

const RUNNER = `
import sys, unittest
def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test
wanted = unittest.TestSuite(
    test for test in flat(unittest.defaultTestLoader.loadTestsFromName('test.' + sys.argv[1]))
    if test.id().split('.')[-1] not in ${JSON.stringify(TOO_DEEP)})
result = unittest.TextTestRunner(stream=sys.stderr).run(wanted)
print(result.testsRun - len(result.skipped), len(result.failures) + len(result.errors))
`;

packageSuite('python', (test, engine) => {
  for (const [name, least] of Object.entries(SUITES)) {
    test(`its own ${name}`, async () => {
      const library = join(await sourceOf('python3.11', 'bookworm'), 'Lib');
      const folder = engine.path('library');
      mkdirSync(folder, { recursive: true });
      cpSync(join(library, 'test'), join(folder, 'test'), { recursive: true });
      copyFileSync(join(library, '_pyio.py'), join(folder, '_pyio.py'));
      const volume = `${folder}:/opt/tests:ro`;
      const run = ['run', '--rm', '-v', volume, '-e', 'PYTHONPATH=/opt/tests', 'python'];
      const { stdout, stderr } = engine.run([...run, '-c', RUNNER, name], {
        timeoutMs: TIMEOUT_MS,
      });
      const [ran = 0, failed] = (stdout.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
      assert.is(failed, 0, stderr.slice(-4000));
      assert.ok(ran >= least, `${ran} tests`);
    });
  }
});
