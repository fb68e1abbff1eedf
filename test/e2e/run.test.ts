import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture, until } from './engine-fixture.ts';

// What a user of `docker run` expects of `wolffia run`.
const test = suite('run');
const engine = new EngineFixture();

test.before(() => engine.importFixtures());
test.after(() => engine[Symbol.asyncDispose]());

test('the exit code is the program’s own', () => {
  for (const code of [0, 3, 42, 255]) {
    const result = engine.run(['run', '--rm', 'fixtures', '/behave', 'exit', String(code)]);
    assert.is(result.exitCode, code);
  }
});

test('a program needs no executable bit, which hosts and archives of modules often do not keep', () => {
  assert.is(engine.run(['run', '--rm', 'fixtures', '/plain', 'exit', '7']).exitCode, 7);
});

test('traps end as the signals that Linux sends for them', () => {
  const exitCodeOf = (how: string): number =>
    engine.run(['run', '--rm', 'fixtures', '/behave', how]).exitCode;
  assert.is(exitCodeOf('trap'), 134);
  assert.is(exitCodeOf('divide'), 136);
  assert.is(exitCodeOf('wild'), 139);
  assert.is(exitCodeOf('overflow'), 139);
});

test('standard output and standard error stay apart and in order', () => {
  const { stdout, stderr } = engine.run(['run', '--rm', 'fixtures', '/behave', 'streams', '500']);
  const lines = (name: string): string =>
    Array.from({ length: 500 }, (_, index) => `${name} ${index}\n`).join('');
  assert.is(stdout, lines('out'));
  assert.is(stderr, lines('err'));
});

test('standard input is passed on, and ends', () => {
  const input = Buffer.alloc(3_000_000, 'duckweed ');
  const result = engine.run(['run', '-i', '--rm', 'fixtures', '/cat'], { input });
  assert.is(result.exitCode, 0);
  assert.ok(result.stdout === input.toString());
});

test('without -i standard input is empty', () => {
  const result = engine.run(['run', '--rm', 'fixtures', '/cat'], { input: 'unread' });
  assert.equal([result.exitCode, result.stdout], [0, '']);
});

test('environment, arguments, working directory and host name', () => {
  const env = engine.run(
    ['run', '--rm', '-e', 'A=1', '-e', 'FROM_HERE', '-h', 'pond', 'fixtures', '/behave', 'env'],
    { env: { FROM_HERE: 'yes' } },
  );
  const lines = env.stdout.split('\n');
  assert.ok(lines.includes('A=1'));
  assert.ok(lines.includes('FROM_HERE=yes'));
  assert.ok(lines.includes('HOSTNAME=pond'));
  assert.ok(lines.some((line) => line.startsWith('PATH=')));
  const args = engine.ok('run', '--rm', 'fixtures', '/behave', 'args', '-x', '', 'two words');
  assert.is(args, '/behave\nargs\n-x\n\ntwo words');
  engine.write('there/file', 'found');
  const volume = `${engine.path('there')}:/deep/data`;
  const read = engine.ok(
    'run',
    '--rm',
    '-v',
    volume,
    '-w',
    '/deep/data',
    'fixtures',
    '/behave',
    'read',
    'file',
  );
  assert.is(read, 'found');
});

test('an entrypoint of one’s own takes the image’s command away', () => {
  assert.is(
    engine.ok('run', '--rm', '--entrypoint', '/behave', 'fixtures', 'args', 'a'),
    '/behave\nargs\na',
  );
});

test('bind mounts are written through, unless they are read-only', () => {
  engine.write('shared/keep', '');
  const volume = `${engine.path('shared')}:/data`;
  engine.ok('run', '--rm', '-v', volume, 'fixtures', '/behave', 'write', '/data/new', 'hello');
  assert.is(readFileSync(engine.path('shared/new'), 'utf8'), 'hello');
  const refused = engine.run([
    'run',
    '--rm',
    '-v',
    `${volume}:ro`,
    'fixtures',
    '/behave',
    'write',
    '/data/x',
    '',
  ]);
  assert.is(refused.exitCode, 1);
  assert.match(refused.stderr, /Read-only file system/);
  const mount = `type=bind,source=${engine.path('shared')},target=/m,readonly`;
  assert.is(
    engine.ok('run', '--rm', '--mount', mount, 'fixtures', '/behave', 'read', '/m/new'),
    'hello',
  );
});

test('a missing source of -v is made', () => {
  engine.ok('run', '--rm', '-v', `${engine.path('made')}:/d`, 'fixtures', '/behave', 'exit', '0');
  assert.ok(existsSync(engine.path('made')));
});

test('a container keeps its files between runs, and apart from others', () => {
  engine.ok('create', '--name', 'keeper', 'fixtures', '/behave', 'write', '/note', 'kept');
  engine.ok('start', '-a', 'keeper');
  const other = engine.run(['run', '--rm', 'fixtures', '/behave', 'read', '/note']);
  assert.match(other.stderr, /No such file or directory/);
  assert.is(
    readFileSync(
      engine.path(
        `data-root/containers/${engine.ok('inspect', '-f', '{{.Id}}', 'keeper')}/upper/note`,
      ),
      'utf8',
    ),
    'kept',
  );
  engine.ok('rm', 'keeper');
});

test('detached: the id is printed, logs follow, wait tells the code', () => {
  const id = engine.ok('run', '-d', '--name', 'sleeper', 'fixtures', '/behave', 'sleep', '2000');
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(engine.ok('ps', '--format', '{{.Names}} {{.State}}'), 'sleeper running');
  assert.is(engine.ok('logs', '-f', 'sleeper'), 'sleeping\nslept');
  assert.is(engine.ok('wait', 'sleeper'), '0');
  assert.is(engine.ok('logs', '-n', '1', id.slice(0, 12)), 'slept');
  assert.match(engine.ok('logs', '-t', 'sleeper'), /^\d{4}-\d\d-\d\dT[\d:.]{18}Z sleeping\n/);
  assert.is(
    engine.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'sleeper'),
    'exited 0',
  );
  assert.is(engine.ok('rm', 'sleeper'), 'sleeper');
});

test('stop, kill and rm -f end what runs', () => {
  engine.ok('run', '-d', '--name', 'one', 'fixtures', '/behave', 'sleep', '60000');
  engine.ok('run', '-d', '--name', 'two', 'fixtures', '/behave', 'spin');
  engine.ok('run', '-d', '--name', 'three', 'fixtures', '/behave', 'spin');
  assert.is(engine.ok('stop', 'one'), 'one');
  assert.is(engine.ok('inspect', '-f', '{{.State.ExitCode}}', 'one'), '143');
  assert.is(engine.ok('kill', 'two'), 'two');
  assert.is(engine.ok('wait', 'two'), '137');
  const refused = engine.run(['rm', 'three']);
  assert.is(refused.exitCode, 1);
  assert.match(refused.stderr, 'cannot remove container "/three": container is running');
  assert.is(engine.ok('rm', '-f', 'one', 'two', 'three'), 'one\ntwo\nthree');
});

test('an interrupt goes to the container', async () => {
  const child = engine.start([
    'run',
    '--rm',
    '--name',
    'struck',
    'fixtures',
    '/behave',
    'sleep',
    '60000',
  ]);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until(() => output.includes('sleeping'), 'the container runs');
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  assert.is(await ended, 130);
  assert.is(engine.ok('ps', '-aq'), '');
});

test('restart runs it again', () => {
  engine.ok('run', '--name', 'again', 'fixtures', '/behave', 'streams', '1');
  engine.ok('restart', 'again');
  engine.ok('wait', 'again');
  assert.is(engine.ok('logs', 'again'), 'out 0\nout 0');
  engine.ok('rename', 'again', 'renamed');
  engine.ok('rm', 'renamed');
});

test.run();
