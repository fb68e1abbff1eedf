import { cpSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { packageSuite, sourceOf } from './package-suite.ts';

/** QuickJS's own. Left out: test_worker (there are no threads), test_bjson (a shared library). */
const FILES = ['bigint', 'builtin', 'closure', 'cyclic_import', 'language', 'loop', 'std'];
const TIMEOUT_MS = 120_000;

packageSuite('quickjs', (test, engine) => {
  for (const name of FILES) {
    test(`its own test_${name}.js`, async () => {
      cpSync(join(await sourceOf('quickjs'), 'tests'), engine.path('tests'), { recursive: true });
      const volume = `${engine.path('tests')}:/tests`;
      const run = ['run', '--rm', '-v', volume, '-w', '/tests', 'quickjs', '--std'];
      const { stdout, stderr, exitCode } = engine.run([...run, `test_${name}.js`], {
        timeoutMs: TIMEOUT_MS,
      });
      assert.is(stdout + stderr, '');
      assert.is(exitCode, 0);
    });
  }

  test('processes, and what they write', () => {
    const script = `print(os.exec(['sh', '-c', 'exit 3']), std.popen('echo a | tr a b', 'r').getline())`;
    assert.is(engine.ok('run', '--rm', 'quickjs', '--std', '-e', script), '3 b');
  });

  test('modules by relative paths, and standard input', () => {
    engine.write('data/main.mjs', "import { twice } from './twice.mjs';\nprint(twice(21));\n");
    engine.write('data/twice.mjs', 'export const twice = (value) => 2 * value;\n');
    const volume = `${engine.path('data')}:/data`;
    const run = ['run', '-i', '--rm', '-v', volume, '-w', '/data', 'quickjs'];
    assert.is(engine.ok(...run, 'main.mjs'), '42');
    const echo = 'print(std.in.readAsString().toUpperCase())';
    assert.is(engine.run([...run, '--std', '-e', echo], { input: 'abc' }).stdout, 'ABC\n');
  });
});
