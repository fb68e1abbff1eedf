import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture } from './engine-fixture.ts';

// What a container may write, and where: --read-only, --tmpfs, --shm-size, --storage-opt.
const test = suite('storage');
const engine = new EngineFixture();

test.before(() => engine.importFixtures());
test.after(() => engine[Symbol.asyncDispose]());

const FULL = 'No space left on device';

function fill(options: readonly string[], path: string, kib: number): string {
  return engine.ok('run', '--rm', ...options, 'fixtures', '/behave', 'fill', path, String(kib));
}

test('what a container may write is bounded', () => {
  assert.is(fill(['--storage-opt', 'size=1m'], '/file', 2000), `1024 ${FULL}`);
  assert.is(fill([], '/file', 2000), '2000 ');
  const limit = ['--storage-opt', 'size=64k'];
  engine.ok('create', '--name', 'twice', ...limit, 'fixtures', '/behave', 'fill', '/file', '50');
  for (let run = 0; run < 2; run++) {
    engine.ok('start', 'twice');
    engine.ok('wait', 'twice');
  }
  // What is there from before counts.
  assert.is(engine.ok('logs', 'twice'), `50 \n14 ${FULL}`);
  engine.ok('rm', 'twice');
});

test('file systems in memory are of the size that was asked for', () => {
  assert.is(fill(['--tmpfs', '/a/b:size=32k'], '/a/b/file', 100), `32 ${FULL}`);
  assert.is(fill(['--mount', 'type=tmpfs,dst=/t,tmpfs-size=8k'], '/t/file', 100), `8 ${FULL}`);
  assert.is(fill(['--shm-size', '16k'], '/dev/shm/file', 100), `16 ${FULL}`);
  assert.is(fill([], '/dev/shm/file', 100), '100 ');
});

test('what they hold is the container’s memory', () => {
  assert.match(fill(['-m', '6m', '--tmpfs', '/t'], '/t/file', 100_000), /^\d{4} Out of memory/);
});

test('a read-only container writes nowhere but where something is mounted', () => {
  const directory = engine.path('bind');
  engine.write('bind/there', '');
  const options = ['--read-only', '--tmpfs', '/new', '-v', `${directory}:/also/new`];
  assert.is(fill(options, '/new/file', 10), '10 ');
  assert.is(fill(options, '/also/new/file', 10), '10 ');
  assert.is(fill(options, '/dev/shm/file', 10), '10 ');
  const refused = engine.run(['run', '--rm', ...options, 'fixtures', '/behave', 'fill', '/x', '1']);
  assert.equal([refused.exitCode, refused.stderr], [1, '/x: Read-only file system\n']);
});

test('inspect shows them', () => {
  const options = ['--read-only', '--tmpfs', '/t:size=8k', '--storage-opt', 'size=1G'];
  engine.ok('create', '--name', 'shown', ...options, 'fixtures', '/behave');
  const [{ HostConfig: host }] = JSON.parse(engine.ok('inspect', 'shown'));
  assert.is(host.ReadonlyRootfs, true);
  assert.equal(host.Tmpfs, { '/t': 'size=8k' });
  assert.equal(host.StorageOpt, { size: '1G' });
  assert.is(host.ShmSize, 64 << 20);
  engine.ok('rm', 'shown');
});

test('nonsense is refused', () => {
  const refusal = (...options: readonly string[]): string =>
    engine.run(['create', ...options, 'fixtures', '/behave']).stderr;
  assert.match(refusal('--storage-opt', 'foo=1'), /unknown storage option: foo/);
  assert.match(refusal('--tmpfs', '/t:bogus'), /Invalid tmpfs option "bogus"/);
  assert.match(refusal('--tmpfs', 't'), /mount path must be absolute/);
});

test.run();
