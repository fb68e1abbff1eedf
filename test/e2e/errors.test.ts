import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture } from './engine-fixture.ts';

// Bad input gets Docker's message and exit code, and leaves nothing behind.
const test = suite('errors');
const engine = new EngineFixture();

test.before(() => engine.importFixtures());
test.after.each(() => {
  assert.is(engine.ok('ps', '-aq'), '', 'nothing is left');
  assert.equal(readdirSync(join(engine.dataRoot, 'containers')), []);
});
test.after(() => engine[Symbol.asyncDispose]());

function failure(args: readonly string[]): { exitCode: number; stderr: string } {
  const { exitCode, stdout, stderr } = engine.run(args);
  assert.is(stdout, '');
  return { exitCode, stderr };
}

test('a missing image', () => {
  const { exitCode, stderr } = failure(['run', '--rm', '127.0.0.1:1/no-such-image']);
  assert.is(exitCode, 125);
  assert.match(stderr, "Unable to find image '127.0.0.1:1/no-such-image:latest' locally\n");
  assert.match(stderr, '127.0.0.1:1: connection refused');
  const never = failure(['run', '--rm', '--pull', 'never', '127.0.0.1:1/no-such-image']);
  assert.is(never.exitCode, 125);
  assert.match(
    never.stderr,
    'Error response from daemon: No such image: 127.0.0.1:1/no-such-image:latest',
  );
  assert.is(failure(['run', '--rm', 'Upper/Case']).exitCode, 125);
  assert.match(failure(['run', '--rm', 'Upper/Case']).stderr, 'invalid reference format');
});

test('a program that is not there, or is none', () => {
  const missing = failure(['run', '--rm', 'fixtures', '/nothing']);
  assert.is(missing.exitCode, 127);
  assert.match(missing.stderr, 'exec: "/nothing": stat /nothing: no such file or directory');
  const unnamed = failure(['run', '--rm', 'fixtures', 'nothing']);
  assert.is(unnamed.exitCode, 127);
  assert.match(unnamed.stderr, 'exec: "nothing": executable file not found in $PATH');
  const text = failure(['run', '--rm', 'fixtures', '/text']);
  assert.is(text.exitCode, 126);
  assert.match(text.stderr, 'exec: "/text": exec format error');
  const truncated = failure(['run', '--rm', 'fixtures', '/truncated']);
  assert.is(truncated.exitCode, 126);
  assert.match(truncated.stderr, 'exec format error');
  const directory = failure(['run', '--rm', 'fixtures', '/dev']);
  assert.is(directory.exitCode, 126);
});

test('a program that asks for what nobody provides', () => {
  // (module (import "moon" "light" (func)) (memory (export "memory") 1) (func (export "_start")))
  const bytes = [
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 14, 1, 4, 0x6d, 0x6f, 0x6f, 0x6e, 5,
    0x6c, 0x69, 0x67, 0x68, 0x74, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 19, 2, 6, 0x6d, 0x65, 0x6d,
    0x6f, 0x72, 0x79, 2, 0, 6, 0x5f, 0x73, 0x74, 0x61, 0x72, 0x74, 0, 1, 10, 4, 1, 2, 0, 0x0b,
  ];
  const path = engine.write('bin/moon', Uint8Array.from(bytes));
  chmodSync(path, 0o755);
  const { exitCode, stderr } = failure([
    'run',
    '--rm',
    '-v',
    `${engine.path('bin')}:/b`,
    'fixtures',
    '/b/moon',
  ]);
  assert.is(exitCode, 126);
  assert.match(stderr, 'moon');
  assert.match(stderr, 'light');
});

test('mounts that cannot be', () => {
  const mount = (specification: string): { exitCode: number; stderr: string } =>
    failure(['run', '--rm', '--mount', specification, 'fixtures', '/behave']);
  const missing = mount(`type=bind,source=${engine.path('nowhere')},target=/d`);
  assert.is(missing.exitCode, 125);
  assert.match(missing.stderr, 'bind source path does not exist');
  engine.write('file', 'x');
  const volume = `${engine.path('file')}/below:/d`;
  const below = failure(['run', '--rm', '-v', volume, 'fixtures', '/behave']);
  assert.is(below.exitCode, 125);
  assert.match(below.stderr, engine.path('file'));
  assert.is(failure(['run', '--rm', '-v', 'a:b:c:d', 'fixtures', '/behave']).exitCode, 125);
  assert.match(
    failure(['run', '--rm', '-v', '/x:/', 'fixtures', '/behave']).stderr,
    "destination can't be '/'",
  );
  const onFile = failure(['run', '--rm', '-v', `${engine.directory}:/behave`, 'fixtures', '/cat']);
  assert.is(onFile.exitCode, 125);
  assert.match(onFile.stderr, 'error mounting at /behave');
  assert.not(existsSync(engine.path('nowhere')));
});

test('a name in use', () => {
  const id = engine.ok('create', '--name', 'taken', 'fixtures', '/behave');
  const { exitCode, stderr } = failure(['run', '--name', 'taken', 'fixtures', '/behave']);
  assert.is(exitCode, 125);
  assert.match(
    stderr,
    `Conflict. The container name "/taken" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
  engine.ok('rm', 'taken');
});

test('containers that are not there, or are not in the right state', () => {
  for (const verb of ['start', 'stop', 'kill', 'rm', 'wait', 'logs']) {
    const { exitCode, stderr } = failure([verb, 'nobody']);
    assert.is(exitCode, 1);
    assert.match(stderr, 'Error response from daemon: No such container: nobody');
  }
  engine.ok('create', '--name', 'idle', 'fixtures', '/behave');
  assert.match(failure(['kill', 'idle']).stderr, 'is not running');
  assert.match(failure(['kill', '-s', 'SIGNOPE', 'idle']).stderr, /[Ii]nvalid signal: SIGNOPE/);
  engine.ok('rm', 'idle');
  const inspected = engine.run(['inspect', 'nobody']);
  assert.equal([inspected.exitCode, inspected.stderr], [1, 'Error: No such object: nobody\n']);
});

test('flags and commands that do not exist', () => {
  const flag = failure(['run', '--colour', 'fixtures']);
  assert.is(flag.exitCode, 125);
  assert.match(flag.stderr, 'unknown flag: --colour');
  assert.match(failure(['run']).stderr, '"wolffia run" requires at least 1 argument.');
  assert.match(failure(['ps', 'x']).stderr, '"wolffia ps" accepts no arguments.');
  assert.match(failure(['grow']).stderr, 'unknown command: wolffia grow');
});

test('what the engine cannot do is said, and not left out', () => {
  const { exitCode, stderr } = failure(['run', '--rm', '-v', '/anonymous', 'fixtures', '/behave']);
  assert.is(exitCode, 125);
  assert.match(stderr, 'does not support anonymous volumes');
});

test('a bad archive to import', () => {
  const bad = engine.run(['import', '-', 'bad'], { input: 'this is no tar archive' });
  assert.is(bad.exitCode, 1);
  assert.match(bad.stderr, 'no valid tar archive');
  assert.is(engine.ok('images', '-q', 'bad'), '');
  assert.equal(readdirSync(join(engine.dataRoot, 'content', 'incoming')), []);
});

test('an image that a container uses', () => {
  engine.ok('create', '--name', 'user', 'fixtures', '/behave');
  const { exitCode, stderr } = failure(['rmi', 'fixtures']);
  assert.is(exitCode, 1);
  assert.match(stderr, 'conflict: unable to remove repository reference "fixtures"');
  engine.ok('rm', 'user');
});

test('a socket that cannot be used', async () => {
  const other = engine.path('no-socket');
  writeFileSync(other, '');
  const dataRoot = engine.path('other-root');
  const file = engine.run(['--data-root', dataRoot, '--host', `unix://${other}`, 'ps']);
  assert.is(file.exitCode, 1);
  assert.match(file.stderr, other);

  if (process.getuid?.() === 0) {
    process.stdout.write('skipped: a socket without permission: root has every permission\n');
  } else {
    const denied = engine.path('denied.sock');
    const server = createServer().listen(denied);
    await new Promise((resolve) => server.once('listening', resolve));
    chmodSync(denied, 0);
    const result = engine.run(['--host', `unix://${denied}`, 'ps']);
    server.close();
    assert.is(result.exitCode, 1);
    assert.match(result.stderr, 'permission denied while trying to connect');
  }
  const long = engine.run(['--host', `unix:///${'long/'.repeat(40)}s`, 'ps']);
  assert.match(long.stderr, "the socket's path is longer than");
  const scheme = engine.run(['--host', 'tcp://127.0.0.1:1', 'ps']);
  assert.match(scheme.stderr, 'unable to parse host');
});

test.run();
