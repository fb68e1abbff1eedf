import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { packageSuite, sourceOf } from './package-suite.ts';

/** jq's own: files of programs, inputs and outputs, which `jq --run-tests` reads. */
const FILES = {
  'jq.test': 447,
  'man.test': 224,
  'onig.test': 40,
  'manonig.test': 17,
  'base64.test': 7,
  'optional.test': 3,
} as const;

packageSuite('jq', (test, engine) => {
  for (const [file, least] of Object.entries(FILES)) {
    test(`its own ${file}`, async () => {
      const volume = `${join(await sourceOf('jq'), 'tests')}:/tests:ro`;
      const run = ['run', '--rm', '-e', 'PAGER=less', '-v', volume, 'jq'];
      const { stdout, exitCode } = engine.run([
        ...run,
        ...['-L', '/tests/modules', '--run-tests', `/tests/${file}`],
      ]);
      const [, passed, total] = /(\d+) of (\d+) tests passed/.exec(stdout) ?? [];
      assert.is(passed, total, stdout.slice(-2000));
      assert.ok(Number(passed) >= least, `${passed} tests`);
      assert.is(exitCode, 0);
    });
  }

  test('standard input, a file by a relative path, and an exit code', () => {
    engine.write('data/a.json', '{"a": [1, {"b": "x1y22"}]}');
    const volume = `${engine.path('data')}:/data`;
    const run = ['run', '-i', '--rm', '-v', volume, '-w', '/data', 'jq'];
    const piped = engine.run([...run, '-c', '[.a[1].b | scan("[0-9]+")]'], {
      input: '{"a": [1, {"b": "x1y22"}]}',
    });
    assert.is(piped.stdout, '["1","22"]\n');
    assert.is(engine.ok(...run, '.a[0]', 'a.json'), '1');
    assert.is(engine.run([...run, '-e', '.none'], { input: '{}' }).exitCode, 1);
    assert.is(engine.run([...run, '.', 'absent.json']).exitCode, 2);
  });
});
