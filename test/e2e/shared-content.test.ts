import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DockerRegistry, dockerRegistryAbsence } from '../suite/docker-registry.ts';
import { layeredImage } from '../suite/layered-image.ts';
import { EngineFixture } from './engine-fixture.ts';

// Content is there once, wherever it goes: in other tools' hands, and under a hundred containers.
const test = suite('shared content');
const engine = new EngineFixture();
const NAME = 'shared/app:v1';
const CONTAINER_COUNT = 100;
const MAX_BYTES_PER_CONTAINER = 64 * 1024;
let imageId = '';

test.before(async () => {
  const options = { layerCount: 4, layerSizeBytes: 3_000_000, seed: 5, name: NAME };
  const archive = await (await layeredImage(options)).archive();
  const { exitCode, stderr } = engine.run(['load', '-q'], { input: archive });
  if (exitCode !== 0) throw new Error(stderr);
  imageId = engine.ok('image', 'inspect', '-f', '{{.Id}}', NAME);
});
test.after(() => engine[Symbol.asyncDispose]());

/** What the files of a folder take on disk, by their paths. */
function sizesIn(folder: string): Map<string, number> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512];
    }),
  );
}

function total(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function post(path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = { socketPath: engine.socketPath, method: 'POST', path, headers };
    const outgoing = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        if ((response.statusCode ?? 0) < 400) resolve(text);
        else reject(new Error(`${path}: ${response.statusCode} ${text}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

test('a hundred containers of an image add no copy of its layers', async () => {
  const content = join(engine.dataRoot, 'content');
  const before = sizesIn(content);
  const sizeBefore = total(sizesIn(engine.dataRoot));
  for (let index = 0; index < CONTAINER_COUNT; index++) {
    const { Id } = JSON.parse(await post('/containers/create', { Image: NAME }));
    await post(`/containers/${Id}/start`);
    assert.match(await post(`/containers/${Id}/wait`), '"StatusCode":0');
  }
  assert.equal(sizesIn(content), before);
  const grown = (total(sizesIn(engine.dataRoot)) - sizeBefore) / CONTAINER_COUNT;
  assert.ok(grown < MAX_BYTES_PER_CONTAINER, `${grown} bytes a container`);
  engine.ok('system', 'prune', '-f');
});

test('saved here, copied by skopeo to a registry, pulled: the same image', async () => {
  const absence =
    dockerRegistryAbsence() ??
    (spawnSync('skopeo', ['--version']).status === 0 ? undefined : 'there is no skopeo');
  if (absence) {
    process.stdout.write(`skipped: ${absence}\n`);
    return;
  }
  await using registry = await DockerRegistry.start();
  const archive = engine.path('saved.tar');
  engine.ok('save', '-o', archive, NAME);
  const target = `docker://${registry.host}/copied/app:v2`;
  const copied = spawnSync('skopeo', [
    'copy',
    '--insecure-policy',
    '--dest-tls-verify=false',
    `oci-archive:${archive}`,
    target,
  ]);
  assert.is(copied.status, 0, copied.stderr.toString());
  engine.ok('rmi', '-f', imageId);
  engine.ok('system', 'prune', '-af');
  const pulled = `${registry.host}/copied/app:v2`;
  engine.ok('pull', '-q', pulled);
  assert.is(engine.ok('image', 'inspect', '-f', '{{.Id}}', pulled), imageId);
  engine.ok('run', '--rm', pulled);
  assert.match(engine.ok('system', 'fsck'), ' 0 losses, 0 notes');
});

test.run();
