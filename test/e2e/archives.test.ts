import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileSource } from '../suite/compile-source.ts';
import { EngineFixture } from './engine-fixture.ts';

// Images go to other tools and come back, as archives.
const test = suite('archives and other tools');
const engine = new EngineFixture();
const other = new EngineFixture();

const TOOL_TIMEOUT_MS = 60_000;
const SAID = 'a text for standard output';

test.before(async () => {
  engine.write('cat.wasm', await compileSource('wasm/fixtures/cat.c'));
  engine.ok('import', '-c', 'ENV A=1', engine.path('cat.wasm'), 'ours:v1');
  engine.ok('save', '-o', engine.path('ours.tar'), 'ours:v1');
});

test.after(async () => {
  await engine[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

function isMissing(tool: string): boolean {
  if (!spawnSync(tool, ['--version']).error) return false;
  process.stdout.write(`skipped: there is no ${tool} on this machine\n`);
  return true;
}

/** Runs another tool in the engine's folder, which is its home, too. */
function tool(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: engine.directory,
    env: { ...process.env, HOME: engine.directory, XDG_RUNTIME_DIR: engine.directory },
    timeout: TOOL_TIMEOUT_MS,
  });
  if (error) throw error;
  if (status === 0) return stdout.toString();
  throw new Error(`${program} ${args.join(' ')} exited with ${status}: ${stderr}`);
}

function skopeo(...args: readonly string[]): string {
  return tool('skopeo', '--insecure-policy', ...args);
}

/** With its storage in the engine's folder. */
function storageTool(program: 'buildah' | 'podman', ...args: readonly string[]): string {
  const folders = ['--root', engine.path('storage'), '--runroot', engine.path('storage-run')];
  return tool(program, ...folders, '--storage-driver', 'vfs', ...args);
}

function idOf(reference: string, at = engine): string {
  return at.ok('inspect', '--type', 'image', '-f', '{{.Id}}', reference);
}

/** Loads an archive or folder, sees that its program runs, and answers the image's id. */
function loadAndRun(path: string, ...command: readonly string[]): string {
  const [, name = ''] = /^Loaded image(?: ID)?: (.*)$/m.exec(other.ok('load', '-i', path)) ?? [];
  const run = other.run(['run', '-i', '--rm', name, ...command], { input: SAID });
  assert.is(run.exitCode, 0, run.stderr);
  assert.is(run.stdout, SAID);
  const id = idOf(name, other);
  other.ok('rmi', '-f', id);
  return id;
}

test('our own archive, in another engine', () => {
  assert.is(loadAndRun(engine.path('ours.tar')), idOf('ours:v1'));
});

test('skopeo reads ours, and we read what it writes', () => {
  if (isMissing('skopeo')) return;
  const inspected = skopeo('inspect', '--config', 'oci-archive:ours.tar:v1');
  assert.is(JSON.parse(inspected).architecture, 'wasm');
  assert.equal(JSON.parse(skopeo('inspect', '--config', 'docker-archive:ours.tar')).config.Env, [
    'A=1',
  ]);
  const id = idOf('ours:v1');
  skopeo('copy', 'oci-archive:ours.tar', 'oci:skopeo-layout:latest');
  assert.is(loadAndRun(engine.path('skopeo-layout')), id);
  skopeo('copy', 'oci-archive:ours.tar', 'oci-archive:skopeo-oci.tar:some/name:v1');
  assert.is(loadAndRun(engine.path('skopeo-oci.tar')), id);
  skopeo('copy', 'docker-archive:ours.tar', 'docker-archive:skopeo-docker.tar:some/name:v1');
  assert.is(loadAndRun(engine.path('skopeo-docker.tar')), id);
});

test('umoci unpacks ours, and we read what it writes', () => {
  if (isMissing('umoci')) return;
  engine.ok('save', '-o', `${engine.path('ours-layout')}/`, 'ours:v1');
  // Not `umoci unpack`: that makes a bundle for runc, and refuses other systems than Linux.
  tool('umoci', 'raw', 'unpack', '--rootless', '--image', 'ours-layout:v1', 'rootfs');
  assert.is(engine.read('rootfs/module.wasm'), engine.read('cat.wasm'));
  engine.ok('import', '--platform', 'linux/amd64', engine.path('cat.wasm'), 'linux:v1');
  engine.ok('save', '-o', `${engine.path('linux-layout')}/`, 'linux:v1');
  tool('umoci', 'unpack', '--rootless', '--image', 'linux-layout:v1', 'bundle');
  assert.is(engine.read('bundle/rootfs/module.wasm'), engine.read('cat.wasm'));

  tool('umoci', 'init', '--layout', 'umoci-layout');
  tool('umoci', 'new', '--image', 'umoci-layout:latest');
  tool('umoci', 'insert', '--rootless', '--image', 'umoci-layout:latest', 'cat.wasm', '/cat.wasm');
  loadAndRun(engine.path('umoci-layout'), '/cat.wasm');
});

test('buildah reads ours, and we read what it writes', () => {
  if (isMissing('buildah')) return;
  storageTool('buildah', 'pull', '--policy', 'always', 'docker-archive:ours.tar');
  const id = idOf('ours:v1');
  assert.match(storageTool('buildah', 'images', '--no-trunc', '--quiet'), id);
  const container = storageTool('buildah', 'from', 'scratch').trim();
  storageTool('buildah', 'copy', container, 'cat.wasm', '/cat.wasm');
  storageTool('buildah', 'config', '--entrypoint', '["/cat.wasm"]', container);
  storageTool('buildah', 'commit', container, 'theirs');
  storageTool('buildah', 'push', 'theirs', 'oci-archive:buildah-oci.tar:some/name:v1');
  storageTool('buildah', 'push', 'theirs', 'docker-archive:buildah-docker.tar:some/name:v1');
  const theirs = loadAndRun(engine.path('buildah-oci.tar'));
  assert.is(loadAndRun(engine.path('buildah-docker.tar')), theirs);
});

test('podman loads ours, and we read what it saves', () => {
  if (isMissing('podman')) return;
  assert.match(storageTool('podman', 'load', '-i', 'ours.tar'), 'docker.io/library/ours:v1');
  const id = idOf('ours:v1');
  for (const format of ['docker-archive', 'oci-archive']) {
    const path = engine.path(`podman-${format}.tar`);
    storageTool('podman', 'save', '--format', format, '-o', path, 'docker.io/library/ours:v1');
    assert.is(loadAndRun(path), id, format);
  }
});

test('the docker client saves from us, and loads into us', () => {
  if (isMissing('docker')) return;
  const docker = (at: EngineFixture, ...args: readonly string[]): string => {
    return tool('docker', '--host', `unix://${at.socketPath}`, ...args);
  };
  docker(engine, 'save', '-o', 'docker.tar', 'ours:v1');
  assert.is(engine.read('docker.tar'), engine.read('ours.tar'));
  other.ok('info');
  assert.match(docker(other, 'load', '-i', 'docker.tar'), 'Loaded image: ours:v1');
  assert.is(idOf('ours:v1', other), idOf('ours:v1'));
});

test('what another form of an image holds is read by other tools', () => {
  if (isMissing('skopeo')) return;
  engine.ok('image', 'convert', '--to', 'artifact', 'ours:v1', 'artifact:v1');
  engine.ok('save', '-o', engine.path('artifact.tar'), 'artifact:v1');
  skopeo('copy', 'oci-archive:artifact.tar', 'oci:artifact-layout:latest');
  assert.is(loadAndRun(engine.path('artifact-layout')), idOf('artifact:v1'));
});

test.run();
