import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileSource } from '../suite/compile-source.ts';
import { DockerRegistry, dockerRegistryAbsence, REGISTRY_USER } from '../suite/docker-registry.ts';
import { type CommandResult, EngineFixture } from './engine-fixture.ts';

// Images between an engine, a registry and files, by our own commands and by docker's.
const test = suite('image commands');
const engine = new EngineFixture();
const config = engine.path('docker');

function wolffia(...args: readonly string[]): CommandResult {
  return engine.run(args, { env: { DOCKER_CONFIG: config } });
}

function ok(...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = wolffia(...args);
  assert.is(exitCode, 0, stderr);
  return stdout.trimEnd();
}

function docker(...args: readonly string[]): CommandResult {
  const { status, stdout, stderr } = spawnSync('docker', args, {
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socketPath}`, DOCKER_CONFIG: config },
    cwd: engine.directory,
    timeout: 60_000,
  });
  return { exitCode: status ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
}

function idOf(name: string): string {
  return ok('image', 'inspect', '-f', '{{.Id}}', name);
}

const RUN = ['run', '--rm'];
const PROGRAM = ['/behave', 'streams', '1'];

test.before(() => engine.importFixtures());
test.after(() => engine[Symbol.asyncDispose]());

test('a module is run by its path, and again', async () => {
  engine.write('tool.wasm', await compileSource('wasm/fixtures/behave.c'));
  const count = ok('images', '-q').split('\n').length;
  for (const path of ['./tool.wasm', 'tool.wasm', engine.path('tool.wasm')]) {
    assert.is(ok('run', '--rm', path, 'streams', '1'), 'out 0');
  }
  assert.is(wolffia('run', '--rm', './tool.wasm', 'exit', '7').exitCode, 7);
  assert.is(ok('images', '-q').split('\n').length, count + 1, 'the same image each time');
  const missing = wolffia('run', './nothing.wasm');
  assert.is(missing.exitCode, 127);
  assert.match(missing.stderr, 'cannot run ./nothing.wasm: no such file or directory');
});

test('saved and loaded, as a file and as a folder: the same image', () => {
  const id = idOf('fixtures');
  ok('save', '-o', 'fixtures.tar', 'fixtures');
  ok('save', '-o', 'layout/', 'fixtures');
  assert.is(statSync(engine.path('fixtures.tar')).mode & 0o777, 0o600);
  assert.match(readFileSync(engine.path('layout/oci-layout'), 'utf8'), 'imageLayoutVersion');
  for (const source of ['fixtures.tar', 'layout']) {
    ok('rmi', 'fixtures');
    assert.is(ok('load', '-i', source), 'Loaded image: fixtures:latest');
    assert.is(idOf('fixtures'), id);
    assert.is(ok(...RUN, 'fixtures', ...PROGRAM), 'out 0');
  }
});

test('an image for another platform is not taken', () => {
  const wanted = ['--pull', 'never', '--platform', 'linux/amd64', 'fixtures', ...PROGRAM];
  const { exitCode, stderr } = wolffia(...RUN, ...wanted);
  assert.is(exitCode, 125);
  assert.match(stderr, 'was found but does not provide the specified platform (linux/amd64)');
  assert.is(ok(...RUN, '--platform', 'wasi/wasm', 'fixtures', ...PROGRAM), 'out 0');
});

test('df, prune and fsck', () => {
  assert.match(ok('system', 'df'), /^Images +2 +0 /m);
  assert.match(ok('image', 'prune', '-f'), /^deleted: sha256:.*\n\nTotal reclaimed space: \d/m);
  assert.match(ok('system', 'prune', '-f'), 'Total reclaimed space: 0B');
  assert.match(ok('system', 'df', '-v'), /^fixtures +latest /m);
  assert.match(ok('system', 'fsck'), /^Checked \d+ pieces of content, .*: 0 losses, 0 notes$/);
});

const absence = dockerRegistryAbsence();
if (absence === undefined) {
  let registry: DockerRegistry;
  let name: string;
  test.before(async () => {
    registry = await DockerRegistry.start({ hasPassword: true });
    name = `${registry.host}/team/fixtures`;
  });
  test.after(() => registry?.[Symbol.asyncDispose]());

  const logIn = (): CommandResult => {
    const { username, password } = REGISTRY_USER;
    return engine.run(['login', '-u', username, '--password-stdin', registry.host], {
      input: `${password}\n`,
      env: { DOCKER_CONFIG: config },
    });
  };

  test('who is not logged in cannot push; who is, can', () => {
    ok('tag', 'fixtures', `${name}:v1`);
    ok('tag', 'fixtures', `${name}:v2`);
    const refused = wolffia('push', `${name}:v1`);
    assert.is(refused.exitCode, 1);
    assert.match(refused.stderr, /no basic auth credentials|authentication required|unauthorized/);
    const wrong = wolffia('login', '-u', 'ada', '-p', 'wrong', registry.host);
    assert.is(wrong.exitCode, 1);
    assert.match(logIn().stdout, 'Login Succeeded');
    assert.match(ok('push', `${name}:v1`), /^v1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
    assert.is(ok('push', '-aq', name), name);
  });

  test('pulled, the same image', () => {
    const id = idOf(`${name}:v1`);
    assert.match(ok('pull', `${name}:v1`), `Status: Image is up to date for ${name}:v1`);
    ok('rmi', `${name}:v1`, `${name}:v2`, 'fixtures');
    assert.match(ok('images', '--digests', name), /^REPOSITORY[^\n]*$/);
    const fresh = wolffia(...RUN, `${name}:v1`, ...PROGRAM);
    assert.is(fresh.stdout, 'out 0\n');
    assert.match(fresh.stderr, `Unable to find image '${name}:v1' locally\n`);
    assert.match(fresh.stderr, `Status: Downloaded newer image for ${name}:v1\n`);
    assert.is(idOf(`${name}:v1`), id);
    assert.match(ok('pull', '-a', name), new RegExp(`^${name}$`, 'm'));
    assert.is(idOf(`${name}:v2`), id);
    const digest = ok('images', '--digests', '--format', '{{.Digest}}', `${name}:v1`);
    assert.match(digest, /^sha256:/);
    assert.match(ok('pull', '-q', `${name}@${digest}`), `${name}@${digest}`);
    ok('tag', `${name}:v1`, 'fixtures');
  });

  test('manifests and repositories of the registry', () => {
    const manifest = JSON.parse(ok('manifest', 'inspect', `${name}:v1`));
    assert.is(manifest.config.digest, idOf(`${name}:v1`));
    const described = JSON.parse(ok('manifest', 'inspect', '-v', `${name}:v1`));
    assert.is(described.Ref, `${name}:v1`);
    assert.equal(described.Descriptor.platform, { os: 'wasi', architecture: 'wasm' });
    assert.match(ok('search', `${registry.host}/fixt`), /team\/fixtures/);
    const absent = wolffia('pull', `${name}:nothing`);
    assert.is(absent.exitCode, 1);
    assert.match(absent.stderr, `${name}:nothing not found`);
  });

  test('logged out', () => {
    assert.is(ok('logout', registry.host), `Removing login credentials for ${registry.host}`);
    assert.is(wolffia('pull', `${name}:v1`).exitCode, 1);
  });

  if (spawnSync('docker', ['--version']).status === 0) {
    test('docker does the same with this engine', () => {
      logIn();
      const pushed = docker('push', `${name}:v1`);
      assert.is(pushed.exitCode, 0, pushed.stderr);
      assert.match(pushed.stdout, /^v1: digest: sha256:/m);
      const id = idOf(`${name}:v1`);
      assert.is(docker('rmi', `${name}:v1`).exitCode, 0);
      const pulled = docker('pull', `${name}:v1`);
      assert.is(pulled.exitCode, 0, pulled.stderr);
      assert.is(idOf(`${name}:v1`), id);
      assert.is(docker('save', '-o', 'docker.tar', `${name}:v1`).exitCode, 0);
      assert.match(docker('load', '-i', 'docker.tar').stdout, `Loaded image: ${name}:v1`);
      const [history] = docker('history', '-q', '--no-trunc', `${name}:v1`).stdout.split('\n');
      assert.is(history, id);
      assert.match(docker('system', 'df').stdout, /^Images +\d/m);
    });
  }
} else {
  test.after(() => {
    process.stdout.write(`skipped: what needs a registry: ${absence}\n`);
  });
}

test.run();
