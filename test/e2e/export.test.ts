import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture } from './engine-fixture.ts';

// A container's files as an archive, through both clients, compared with what the guest sees.
const test = suite('export');
const engine = new EngineFixture();

const CHANGES = [
  'cd /tmp',
  'mkdir -p deep/er',
  'echo new > deep/er/file',
  'ln deep/er/file second',
  'ln -s deep/er soft',
  'chmod 4711 second',
  'rm /etc/motd 2>/dev/null',
  'rm /bin/cp',
  'echo "#!/bin/sh" > /bin/mine && chmod 755 /bin/mine',
  'echo changed >> /etc/passwd',
].join('; ');

/** What the guest sees, in the words of `ls -R`, without what is mounted. */
const LIST =
  'cd / && find . \\( -path ./proc -o -path ./dev -o -path ./sys \\) -prune -o -print | sort';

test.before(() => {
  engine.ok('run', '--name', 'changed', 'base', 'sh', '-c', CHANGES);
});
test.after(() => engine[Symbol.asyncDispose]());

const hasTar = spawnSync('tar', ['--version']).stdout?.toString().includes('GNU tar') === true;
const hasDocker = spawnSync('docker', ['--version']).status === 0;

test('what is exported is what the guest sees', () => {
  assert.is(engine.ok('export', '-o', 'changed.tar', 'changed'), '');
  if (!hasTar) {
    process.stdout.write('skipped: no GNU tar here to list the archive\n');
    return;
  }
  const tar = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('tar', args, { cwd: engine.directory });
    assert.is(status, 0, stderr.toString());
    return stdout.toString();
  };
  const mounts = /^(?:dev|proc|sys)(?:\/|$)/;
  const listed = tar('tf', 'changed.tar')
    .trimEnd()
    .split('\n')
    .map((name) => name.replace(/\/$/, ''))
    .filter((name) => !mounts.test(name));
  engine.ok('import', 'changed.tar', 'again');
  const seen = engine
    .ok('run', '--rm', 'again', '/bin/sh', '-c', LIST)
    .split('\n')
    .map((name) => name.replace(/^\.\/?/, ''))
    .filter((name) => name !== '');
  assert.equal(listed.toSorted(), seen.toSorted());
  assert.ok(listed.includes('tmp/deep/er/file') && listed.includes('tmp/soft'));
  assert.not(listed.includes('bin/cp'));
  assert.is(tar('xOf', 'changed.tar', 'tmp/deep/er/file'), 'new\n');
  assert.match(tar('xOf', 'changed.tar', 'etc/passwd'), /^root:[\s\S]*changed\n$/);
  assert.match(
    tar('tvf', 'changed.tar', 'tmp/second'),
    /^h.*tmp\/second link to tmp\/deep\/er\/file/m,
  );
  assert.match(tar('tvf', 'changed.tar', 'tmp/deep/er/file'), /^-rws--x--x (?:root|0)\/(?:root|0)/);
});

test('an image of it runs', () => {
  const script = 'cat /tmp/second; /bin/mine; echo $?; [ -e /bin/cp ] || echo gone';
  assert.is(engine.ok('run', '--rm', 'again', '/bin/sh', '-c', script), 'new\n0\ngone');
});

test('to standard output, under its longer name, the same bytes', () => {
  const { exitCode, stdout } = engine.run(['container', 'export', 'changed']);
  assert.is(exitCode, 0);
  assert.is(Buffer.from(stdout).length > 10_000, true);
  const shell = `${engine.commandLine} export changed > piped.tar`;
  const { status } = spawnSync('sh', ['-c', shell], { cwd: engine.directory, env: engine.env() });
  assert.is(status, 0);
  const whole = readFileSync(engine.path('changed.tar'));
  assert.ok(readFileSync(engine.path('piped.tar')).equals(whole));
});

test('docker export', () => {
  if (!hasDocker) {
    process.stdout.write('skipped: no docker command here\n');
    return;
  }
  const { status, stderr } = spawnSync('docker', ['export', '-o', 'docker.tar', 'changed'], {
    cwd: engine.directory,
    env: { ...engine.env(), DOCKER_HOST: `unix://${engine.socketPath}` },
  });
  assert.is(status, 0, stderr.toString());
  const [ours, theirs] = ['changed.tar', 'docker.tar'].map((name) =>
    readFileSync(engine.path(name)),
  );
  assert.ok(ours && theirs?.equals(ours));
});

test('a container that runs is exported as it is at the moment', () => {
  engine.ok('run', '-d', '--name', 'busy', 'base', 'sh', '-c', 'while :; do date > /tmp/now; done');
  engine.ok('exec', 'busy', 'sh', '-c', 'echo by exec > /tmp/note');
  engine.ok('export', '-o', 'busy.tar', 'busy');
  engine.ok('rm', '-f', 'busy');
  engine.ok('import', 'busy.tar', 'busy-again');
  assert.is(engine.ok('run', '--rm', 'busy-again', '/bin/cat', '/tmp/note'), 'by exec');
});

test('refusals', () => {
  const refusal = (...args: readonly string[]): string => {
    const { exitCode, stderr } = engine.run(args);
    assert.is(exitCode, 1);
    return stderr.trimEnd();
  };
  const missing = 'Error response from daemon: No such container: nothing';
  assert.is(refusal('export', 'nothing'), missing);
  assert.is(refusal('export', '-o', 'nothing.tar', 'nothing'), missing);
  assert.not(existsSync(engine.path('nothing.tar')));
  assert.is(
    refusal('export', '-o', 'no/where.tar', 'changed'),
    'failed to export container: invalid output path: stat no: no such file or directory',
  );
  assert.is(
    refusal('export', '-o', '.', 'changed'),
    'failed to export container: cannot write to a directory',
  );
  assert.not(readdirSync(engine.directory).some((name) => name.endsWith('.partial')));
});

test.run();
