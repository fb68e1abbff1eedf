import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { debianAbsence } from '../../images/debian-source.ts';
import { randomShellScript } from '../fake/random-shell-script.ts';
import { EngineFixture } from './engine-fixture.ts';

// The shell of the image `base` against the machine's own dash: one script, one output.

const test = suite('shell');
const here = dirname(fileURLToPath(import.meta.url));
const DASH = '/usr/bin/dash';
const BUILD_TIMEOUT_MS = 250_000;
const SCRIPT_TIMEOUT_MS = 120_000;

/** Shells print where they are and what the user has: it is the same for both. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C',
  TZ: 'UTC',
};

const absence = existsSync(DASH) ? debianAbsence() : `there is no ${DASH} to compare with`;

/** Runs `sh script args` in a folder of its own on the machine, and in a container. */
function compare(engine: EngineFixture, script: string, args: readonly string[] = []): void {
  const folders = ['native', 'container'].map((name) => {
    const folder = engine.path(name);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    copyFileSync(engine.path(script), join(folder, script));
    writeFileSync(join(folder, 'fruit.txt'), 'apple\nbanana\ncherry\n');
    return folder;
  });
  const [nativeFolder = '', containerFolder = ''] = folders;
  const native = spawnSync(DASH, [script, ...args], {
    cwd: nativeFolder,
    env: ENVIRONMENT,
    argv0: 'sh',
    encoding: 'utf8',
    input: '',
    timeout: SCRIPT_TIMEOUT_MS,
  });
  const variables = Object.entries(ENVIRONMENT).flatMap(([name, value]) => [
    '--env',
    `${name}=${value}`,
  ]);
  const contained = engine.run(
    [
      ...['run', '--rm', '--volume', `${containerFolder}:/work`, '--workdir', '/work'],
      ...[...variables, 'base', 'sh', script, ...args],
    ],
    { timeoutMs: SCRIPT_TIMEOUT_MS },
  );
  assert.is(contained.stdout, native.stdout);
  assert.is(contained.stderr, native.stderr);
  assert.is(contained.exitCode, native.status);
}

if (absence !== undefined) {
  console.log(`skipped: ${absence}`);
} else {
  const engine = new EngineFixture();

  test.before(() => {
    const pulled = engine.run(['run', '--rm', 'base', 'true'], { timeoutMs: BUILD_TIMEOUT_MS });
    assert.is(pulled.exitCode, 0, pulled.stderr);
  });

  test.after(() => engine[Symbol.asyncDispose]());

  test('a script of what people do prints what dash prints', () => {
    copyFileSync(join(here, 'shell.sh'), engine.path('shell.sh'));
    compare(engine, 'shell.sh', ['abc', 'd']);
  });

  test('2,000 random commands print what dash prints', () => {
    engine.write('random.sh', randomShellScript(1, 2000));
    compare(engine, 'random.sh');
  });
}

test.run();
