import { spawn, spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandResult, EngineFixture, until } from './engine-fixture.ts';

// The stock docker command against our socket.
const test = suite('docker');
const engine = new EngineFixture();

function env(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DOCKER_HOST: `unix://${engine.socketPath}`,
    DOCKER_CONFIG: engine.path('docker'),
  };
}

function docker(args: readonly string[], input = ''): CommandResult {
  const options = { env: env(), cwd: engine.directory, input, timeout: 60_000, maxBuffer: 1 << 26 };
  const { status, stdout, stderr } = spawnSync('docker', args, options);
  return { exitCode: status ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
}

function ok(...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = docker(args);
  assert.is(exitCode, 0, stderr);
  return stdout.trimEnd();
}

const isInstalled = spawnSync('docker', ['--version']).status === 0;
if (isInstalled) {
  test.before(() => engine.importFixtures());
  test.after(() => engine[Symbol.asyncDispose]());

  test('version and info', () => {
    assert.is(
      ok('version', '-f', '{{.Server.Version}} {{.Server.Os}}'),
      `0.1.0 ${process.platform}`,
    );
    assert.is(ok('info', '-f', '{{.Driver}} {{.DefaultRuntime}}'), 'wolffia wasm');
  });

  test('run: streams and exit codes', () => {
    const streams = docker(['run', '--rm', 'fixtures', '/behave', 'streams', '2']);
    assert.equal(streams, { exitCode: 0, stdout: 'out 0\nout 1\n', stderr: 'err 0\nerr 1\n' });
    assert.is(docker(['run', '--rm', 'fixtures', '/behave', 'exit', '9']).exitCode, 9);
    assert.is(docker(['run', '--rm', 'fixtures', '/behave', 'trap']).exitCode, 134);
    const cat = docker(['run', '-i', '--rm', 'fixtures', '/cat'], 'through docker');
    assert.is(cat.stdout, 'through docker');
    const input = 'duckweed\n'.repeat(200_000);
    assert.ok(docker(['run', '-i', '--rm', 'fixtures', '/cat'], input).stdout === input);
  });

  test('run: failures', () => {
    const missing = docker(['run', '--rm', 'fixtures', 'nothing']);
    assert.is(missing.exitCode, 127);
    assert.match(missing.stderr, 'executable file not found in $PATH');
    const image = docker(['run', '--rm', '127.0.0.1:1/no-such-image']);
    assert.is(image.exitCode, 125);
    assert.match(image.stderr, '127.0.0.1:1: connection refused');
  });

  test('the life of a container', async () => {
    const id = ok(
      'run',
      '-d',
      '--name',
      'life',
      '-l',
      'a=b',
      'fixtures',
      '/behave',
      'sleep',
      '3000',
    );
    assert.is(ok('ps', '-q', '--no-trunc', '--filter', 'label=a=b'), id);
    assert.is(ok('logs', '-f', 'life'), 'sleeping\nslept');
    assert.is(ok('wait', 'life'), '0');
    assert.match(ok('ps', '-a', '--format', '{{.Status}}'), /^Exited \(0\)/);
    assert.is(ok('inspect', '-f', '{{.Name}} {{.State.Status}}', id.slice(0, 10)), '/life exited');
    ok('start', 'life');
    assert.is(ok('kill', 'life'), 'life');
    assert.is(ok('wait', 'life'), '137');
    ok('rename', 'life', 'after');
    assert.is(ok('rm', 'after'), 'after');
    assert.is(ok('ps', '-aq'), '');
  });

  test('attach joins what runs', async () => {
    ok('run', '-d', '-i', '--name', 'open', 'fixtures', '/cat');
    const child = spawn('docker', ['attach', 'open'], { env: env(), cwd: engine.directory });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stdin.write('one\n');
    await until(() => output === 'one\n', 'the echo');
    const ended = new Promise((resolve) => child.once('close', resolve));
    ok('kill', 'open');
    await ended;
    assert.is(ok('logs', 'open'), 'one');
    ok('rm', 'open');
  });

  test('images', () => {
    assert.match(ok('images', '--format', '{{.Repository}}:{{.Tag}}'), 'fixtures:latest');
    ok('tag', 'fixtures', 'registry.example:5000/team/fixtures:v1');
    assert.match(ok('rmi', 'registry.example:5000/team/fixtures:v1'), 'Untagged');
    assert.is(ok('image', 'inspect', '-f', '{{.Os}}/{{.Architecture}}', 'fixtures'), 'wasi/wasm');
    const pulled = docker(['pull', '-q', 'hello-world']);
    assert.is(pulled.exitCode, 0, pulled.stderr);
    assert.match(ok('run', '--rm', 'hello-world'), 'Hello from Wolffia!');
  });

  test('prune', () => {
    ok('create', '--name', 'stale', 'fixtures', '/behave');
    assert.match(ok('container', 'prune', '-f'), 'Deleted Containers');
    assert.is(ok('ps', '-aq'), '');
    assert.match(ok('system', 'prune', '-f'), 'Total reclaimed space: ');
  });
} else {
  process.stdout.write('skipped: the docker command is not installed (Debian: docker-cli)\n');
  test.skip('docker is not installed', () => {});
}

test.run();
