import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture, until } from './engine-fixture.ts';

// Cells and the daemon are killed; what was acknowledged stays, and what is told is true.
const test = suite('crash');
const engine = new EngineFixture();

test.before(() => engine.importFixtures());
test.after(() => engine[Symbol.asyncDispose]());

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: it is gone.
    return false;
  }
}

const stateOf = (name: string): string =>
  engine.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', name);

test('the death of a cell ends its containers, and no others', async () => {
  // A second image lives in cells of its own.
  engine.run(['import', '-', 'other'], { input: await fixturesArchive() });
  engine.ok('run', '-d', '--name', 'victim', 'fixtures', '/behave', 'sleep', '60000');
  engine.ok('run', '-d', '--name', 'bystander', 'other', '/behave', 'sleep', '60000');
  const [victim, bystander] = ['victim', 'bystander'].map((name) =>
    Number(engine.ok('inspect', '-f', '{{.State.Pid}}', name)),
  );
  assert.ok(victim !== undefined && bystander !== undefined && victim !== bystander);
  process.kill(victim, 'SIGKILL');
  assert.is(engine.ok('wait', 'victim'), '137');
  assert.is(stateOf('victim'), 'exited 137');
  assert.match(
    engine.ok('ps', '-a', '--format', '{{.Names}}: {{.Status}}'),
    'victim: Exited (137)',
  );
  assert.is(stateOf('bystander'), 'running 0');
  assert.is(engine.run(['run', '--rm', 'fixtures', '/behave', 'exit', '5']).exitCode, 5);
  engine.ok('rm', '-f', 'victim', 'bystander');
});

test('the death of the daemon leaves no process, and the next one tells the truth', async () => {
  engine.ok('run', '--name', 'done', 'fixtures', '/behave', 'streams', '3');
  engine.ok('run', '-d', '--name', 'running', 'fixtures', '/behave', 'sleep', '60000');
  engine.ok('run', '-d', '--name', 'spinning', 'fixtures', '/behave', 'spin');
  engine.ok('run', '-d', '--rm', '--name', 'fleeting', 'fixtures', '/behave', 'sleep', '60000');
  engine.ok('create', '--name', 'fresh', 'fixtures', '/behave', 'exit', '0');
  const daemon = engine.daemonPid();
  const cells = ['running', 'spinning', 'fleeting'].map((name) =>
    Number(engine.ok('inspect', '-f', '{{.State.Pid}}', name)),
  );
  process.kill(daemon, 'SIGKILL');
  await until(() => !isAlive(daemon), 'the daemon is gone');
  const names = engine.ok('ps', '-a', '--format', '{{.Names}} {{.State}}').split('\n').sort();
  assert.equal(names, ['done exited', 'fresh created', 'running exited', 'spinning exited']);
  assert.is(stateOf('running'), 'exited 137');
  assert.is(stateOf('done'), 'exited 0');
  assert.is(engine.ok('logs', 'done'), 'out 0\nout 1\nout 2');
  assert.is(engine.ok('logs', 'spinning'), 'spinning');
  await until(() => cells.every((pid) => !isAlive(pid)), 'the cells are gone');
  assert.is(engine.ok('start', '-a', 'fresh'), '');
  engine.ok('rm', 'done', 'fresh', 'running', 'spinning');
  assert.equal(readdirSync(join(engine.dataRoot, 'containers')), []);
});

test('a second daemon on the same data root is told so', () => {
  engine.ok('ps');
  const host = `unix://${engine.path('second.sock')}`;
  const { exitCode, stderr } = engine.run(['--host', host, 'ps']);
  assert.is(exitCode, 1);
  assert.match(stderr, `data root ${engine.dataRoot} is in use by another wolffiad`);
});

test('start, status and stop', async () => {
  engine.ok('system', 'stop');
  assert.is(engine.run(['system', 'status']).exitCode, 3);
  assert.is(engine.ok('system', 'stop'), 'not running');
  assert.match(engine.ok('system', 'start'), /^started \(pid \d+\)/);
  assert.match(engine.ok('system', 'start'), /^already running/);
  assert.match(engine.ok('system', 'status'), /^running \(pid \d+\)/);
  engine.ok('run', '-d', '--name', 'polite', 'fixtures', '/behave', 'sleep', '60000');
  const pid = engine.daemonPid();
  assert.match(engine.ok('system', 'stop'), /^stopped/);
  assert.not(isAlive(pid));
  assert.is(stateOf('polite'), 'exited 143');
  engine.ok('rm', 'polite');
});

test('flags of the daemon reach it, or are refused', () => {
  engine.ok('system', 'stop');
  const broken = engine.write('broken.json', '{"registry-mirors": []}');
  const refused = engine.run(['system', 'start', '--config-file', broken]);
  assert.is(refused.exitCode, 1);
  assert.match(refused.stderr, `unable to configure the daemon with file ${broken}`);
  const config = engine.write('daemon.json', '{"insecure-registries": ["a.example"]}');
  const mirror = 'http://127.0.0.1:1';
  engine.ok('system', 'start', '--config-file', config, '--registry-mirror', mirror);
  const late = engine.run(['system', 'start', '--insecure-registry', 'b.example']);
  assert.is(late.exitCode, 1);
  assert.match(late.stderr, /the daemon runs already .*"wolffia system stop"/);
});

test('a daemon that cannot start says why, with the end of its log', () => {
  engine.ok('system', 'stop');
  const blocked = engine.write('blocked', 'a file in place of the data root');
  const { exitCode, stderr } = engine.run(['--data-root', blocked, 'ps']);
  assert.is(exitCode, 1);
  assert.match(stderr, blocked);
});

async function fixturesArchive(): Promise<Uint8Array> {
  const { RootFS } = JSON.parse(engine.ok('image', 'inspect', 'fixtures'))[0];
  const digits = String(RootFS.Layers[0]).slice('sha256:'.length);
  const bytes = readFileSync(join(engine.dataRoot, 'content', 'sha256', digits));
  // One block of zeros more: the same files under another digest.
  return Buffer.concat([bytes, new Uint8Array(512)]);
}

test.run();
