import { gzipSync, zstdCompressSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import type { Progress, StoreFinding } from '../../../src/image/contract.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { loadImages } from '../../../src/image/load.ts';
import { saveImages } from '../../../src/image/save.ts';
import type { LoadedImage } from '../../../src/image/transfer-contract.ts';
import { MEDIA_TYPES } from '../../../src/spec/media-types.ts';
import { archiveOf, gzippedArchiveOf, ImageFixture, inChunks } from '../../fake/image-fixture.ts';
import {
  IMAGE_FORMATS,
  Layout,
  olderDockerArchive,
  sha256,
  tarOf,
} from '../../fake/image-formats.ts';

const test = suite('archives of images');

const MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

function load(
  images: ImageService,
  archive: Uint8Array,
  tell: (progress: Progress) => void = () => {},
): Promise<readonly LoadedImage[]> {
  return loadImages(images, inChunks(archive, 10_000), tell);
}

async function save(images: ImageService, ...names: readonly string[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of saveImages(images, names, { platform: undefined })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function findingsOf(images: ImageService): Promise<StoreFinding[]> {
  const findings: StoreFinding[] = [];
  for await (const finding of images.check(() => {})) findings.push(finding);
  return findings;
}

/** Loads what must fail, and sees that nothing is left of it. */
async function refused(archive: Uint8Array, kind: string, message: RegExp): Promise<void> {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  try {
    await load(images, archive);
  } catch (thrown) {
    assert.instance(thrown, EngineError, String(thrown));
    assert.is((thrown as EngineError).kind, kind, String(thrown));
    assert.match((thrown as EngineError).message, message);
    assert.equal([...images.content.list()], []);
    assert.equal(images.list(), []);
    return;
  }
  assert.unreachable(`loaded: ${message}`);
}

test('what is saved is loaded elsewhere as the same', async () => {
  using here = new ImageFixture();
  using there = new ImageFixture();
  const images = await here.open();
  const others = await there.open();
  const archive = await gzippedArchiveOf({ 'bin/x': 'x'.repeat(200_000) });
  const one = await images.import(inChunks(archive), { reference: 'a/b:c', changes: ['CMD x'] });
  images.tag('a/b:c', 'localhost:5000/z');
  const two = await images.import(inChunks(MODULE), { changes: [] });
  const saved = await save(images, 'a/b', 'localhost:5000/z', two.id, 'a/b:c');
  const loaded = await load(others, saved);
  assert.equal(
    loaded.map(({ image, names }) => ({ id: image.id, manifest: image.manifest, names })),
    [
      { id: one.id, manifest: one.manifest, names: ['a/b:c', 'localhost:5000/z:latest'] },
      { id: two.id, manifest: two.manifest, names: [] },
    ],
  );
  assert.equal(others.get('localhost:5000/z').layers, one.layers);
  assert.equal(await findingsOf(others), []);
  assert.equal(await save(others, 'a/b', 'localhost:5000/z', two.id), saved);
});

test('loading again changes nothing', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  await images.import(inChunks(await archiveOf({ f: 'x' })), { reference: 'x', changes: [] });
  const saved = await save(images, 'x');
  const before = images.get('x');
  const contents = [...images.content.list()].map(({ digest }) => digest);
  const [loaded] = await load(images, saved);
  assert.equal(loaded?.image.id, before.id);
  assert.equal(
    [...images.content.list()].map(({ digest }) => digest),
    contents,
  );
});

test('an archive has names, and one without a tag means all tags', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const one = await images.import(inChunks(await archiveOf({ f: '1' })), {
    reference: 'x:1',
    changes: [],
  });
  await images.import(inChunks(await archiveOf({ f: '2' })), { reference: 'x:2', changes: [] });
  const text = (await save(images, 'x')).toString('latin1');
  assert.match(text, '"io.containerd.image.name":"docker.io/library/x:1"');
  assert.match(text, '"RepoTags":["x:2"]');
  assert.match(text, `{"x":{"1":"${one.layers[0]?.descriptor.digest.slice(7)}","2":`);
  assert.match((await save(images, one.id.slice(7, 19))).toString('latin1'), '"RepoTags":null');
  try {
    await save(images, 'x', 'y');
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as EngineError).message, 'No such image: y:latest');
  }
});

test('only what is for a platform is saved, when one is named', async () => {
  using here = new ImageFixture();
  using there = new ImageFixture();
  const images = await here.open();
  const others = await there.open();
  const archive = await IMAGE_FORMATS['index with attestations']?.({ program: MODULE, name: 'x' });
  const [, loaded] = await load(images, archive ?? MODULE);
  assert.equal(loaded?.names, ['x:latest']);
  assert.equal(images.get('x').platform, { os: 'wasip1', architecture: 'wasm' });
  assert.is((await load(others, await save(images, 'x'))).length, 2);
  assert.is(
    others.table.targetOf('docker.io/library/x', 'latest')?.manifestDigest,
    images.table.targetOf('docker.io/library/x', 'latest')?.manifestDigest,
  );
  assert.equal(await findingsOf(others), []);
  const chunks: Uint8Array[] = [];
  const platform = { os: 'linux', architecture: 'amd64' };
  for await (const chunk of saveImages(images, ['x'], { platform })) chunks.push(chunk);
  using elsewhere = new ImageFixture();
  const [only] = await load(await elsewhere.open(), Buffer.concat(chunks));
  assert.equal(only?.image.platform, platform);
  assert.equal(only?.names, ['x:latest']);
});

test('who leaves an archive half read leaves nothing open', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  await images.import(inChunks(await archiveOf({ f: 'x' })), { reference: 'x', changes: [] });
  const reading = saveImages(images, ['x'], { platform: undefined });
  await reading.next();
  const digest = images.get('x').manifest.digest;
  assert.ok(images.leases.has(digest));
  await reading.return(undefined);
  assert.not.ok(images.leases.has(digest));
  const aborted = AbortSignal.abort();
  try {
    for await (const _ of saveImages(images, ['x'], { platform: undefined, signal: aborted }));
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as EngineError).kind, 'cancelled');
  }
});

for (const [form, archiveIn] of Object.entries(IMAGE_FORMATS)) {
  test(`${form} is loaded`, async () => {
    using fixture = new ImageFixture();
    const images = await fixture.open();
    const loaded = await load(images, await archiveIn({ program: MODULE, name: 'form' }));
    const image = loaded.at(-1)?.image;
    if (form !== 'bare module') assert.equal(loaded.at(-1)?.names, ['form:latest']);
    assert.is(image?.config.Entrypoint?.length, 1);
    assert.is(images.rootfsLayers(image ?? images.get('form')).length, 1);
    assert.equal(await findingsOf(images), []);
    for (const { id } of images.list()) images.remove(id, { force: true });
    assert.equal([...images.content.list()], []);
  });
}

test('layers that are links to each other, and the whole compressed', async () => {
  const layer = await tarOf({ f: 'x'.repeat(100_000) });
  const config = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [sha256(layer), sha256(layer)] },
  };
  const files = await olderDockerArchive([layer, layer], config, ['a:1', 'b:2']);
  const archive = await tarOf(files);
  for (const compressed of [archive, gzipSync(archive), zstdCompressSync(archive)]) {
    using fixture = new ImageFixture();
    const images = await fixture.open();
    const told: Progress[] = [];
    const [loaded] = await load(images, compressed, (progress) => told.push(progress));
    assert.equal(loaded?.names, ['a:1', 'b:2']);
    assert.is(loaded?.image.layers.length, 2);
    assert.is(loaded?.image.id, sha256(JSON.stringify(config)));
    const last = told.at(-1);
    assert.is(last?.status, 'Loading layer');
    assert.is(last?.current, layer.length);
    assert.is(last?.total, layer.length);
    assert.equal(await findingsOf(images), []);
  }
});

test('manifest.json may come first, and paths may be written in other ways', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const layer = await tarOf({ f: 'x' });
  const rootfs = { type: 'layers', diff_ids: [sha256(layer)] };
  const config = JSON.stringify({ architecture: 'wasm', os: 'wasi', rootfs });
  const manifest = [{ Config: 'c.json', RepoTags: null, Layers: ['./one/layer.tar'] }];
  const archive = await tarOf({
    './manifest.json': JSON.stringify(manifest),
    './one/../one/layer.tar': { link: '../l' },
    l: layer,
    './c.json': config,
    junk: 'x'.repeat(100_000),
  });
  const [loaded] = await load(images, archive);
  assert.is(loaded?.image.id, sha256(config));
  images.remove(sha256(config), { force: false });
  assert.equal([...images.content.list()], []);
});

test('a name of many images goes to the one that fits when the others are not there', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const layout = new Layout();
  const tar = await tarOf({ f: 'x' });
  const image = (os: string, architecture: string) => {
    const rootfs = { type: 'layers', diff_ids: [sha256(tar)] };
    const config = layout.blob(MEDIA_TYPES.ociConfig, { architecture, os, rootfs });
    const layer = layout.blob(MEDIA_TYPES.ociLayer, tar);
    return layout.manifest(config, [layer], {}, { platform: { os, architecture } });
  };
  const linux = image('linux', 'arm64');
  const wasm = image('wasi', 'wasm');
  const absent = image('linux', 'amd64');
  layout.blobs.delete(absent.digest);
  layout.add(layout.index([absent, linux, layout.index([wasm])]), 'x/y:z');
  const loaded = await load(images, await layout.archive('first'));
  assert.equal(
    loaded.map(({ names }) => names),
    [[], ['x/y:z']],
  );
  assert.is(images.get('x/y:z').manifest.digest, wasm.digest);
});

test('what is no archive of images is refused with words', async () => {
  await refused(await tarOf({ 'etc/passwd': 'root' }), 'invalid-argument', /wolffia import/);
  await refused(Buffer.from('no archive at all '.repeat(100)), 'invalid-argument', /no valid tar/);
  await refused(await tarOf({ repositories: '{}' }), 'invalid-argument', /before 1\.10/);
  await refused(await tarOf({ 'index.json': '{' }), 'invalid-argument', /index\.json: .*no JSON/);
  await refused(
    await tarOf({ 'manifest.json': '{}' }),
    'invalid-argument',
    /invalid manifest.json/,
  );
  const layout = new Layout();
  const chart = layout.blob('application/vnd.cncf.helm.config.v1+json', '{}');
  layout.add(layout.manifest(chart, []), 'chart');
  await refused(await layout.archive(), 'not-implemented', /helm\.config.*no image/);
});

test('what is no image beside one is passed over', async () => {
  const layout = new Layout();
  const config = layout.blob('application/vnd.oci.empty.v1+json', '{}');
  for (const content of ['text', 'x'.repeat(100_000), await tarOf({ f: 'x' })]) {
    layout.add(layout.manifest(config, [layout.blob('application/octet-stream', content)]), 'no');
  }
  await refused(await layout.archive(), 'not-implemented', /oci\.empty.*no image/);
  layout.add(layout.manifest(config, [layout.blob('application/octet-stream', MODULE)]), 'yes');
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const [loaded, ...rest] = await load(images, await layout.archive());
  assert.equal(loaded?.names, ['yes:latest']);
  assert.equal(rest, []);
  assert.equal(await findingsOf(images), []);
});

test('an archive that is cut is refused', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const archive = await archiveOf({ f: 'x'.repeat(300_000) });
  await images.import(inChunks(archive), { reference: 'x', changes: [] });
  const saved = await save(images, 'x');
  await refused(saved.subarray(0, saved.length / 2), 'invalid-argument', /no valid tar archive/);
  const compressed = gzipSync(saved);
  const half = compressed.subarray(0, compressed.length / 2);
  await refused(half, 'invalid-argument', /damaged/);
});

test('a blob that is not what its name says is refused', async () => {
  const image = { program: MODULE, name: 'x' };
  const archive = (await IMAGE_FORMATS['docker save since 25']?.(image)) ?? MODULE;
  const at = archive.indexOf('app.wasm');
  const damaged = Buffer.from(archive);
  damaged.write('bad.wasm', at);
  await refused(damaged, 'data-loss', /^blobs\/sha256\/[0-9a-f]{64} is not what its name says/);
});

test('a layer that is not what the configuration says is refused', async () => {
  const layer = await tarOf({ f: 'x'.repeat(100_000) });
  const other = await tarOf({ f: 'y' });
  const config = (...diffIds: readonly Uint8Array[]) => ({
    architecture: 'wasm',
    os: 'wasi',
    rootfs: { type: 'layers', diff_ids: diffIds.map(sha256) },
  });
  const archive = async (layers: readonly Uint8Array[], of: object) =>
    tarOf(await olderDockerArchive(layers, of, ['x']));
  await refused(
    await archive([layer], config(other)),
    'data-loss',
    /^layer [0-9a-f]+\/layer\.tar is not what the image's configuration says/,
  );
  await refused(
    await archive([layer], config(layer, other)),
    'invalid-argument',
    /\.json is of 2 layers, manifest\.json names 1/,
  );
  await refused(
    await archive([Buffer.from('x'.repeat(100_000))], config(Buffer.from('x'.repeat(100_000)))),
    'invalid-argument',
    /no valid tar archive/,
  );
});

test('what an archive names and does not have is told', async () => {
  const layer = await tarOf({ f: 'x' });
  const rootfs = { type: 'layers', diff_ids: [sha256(layer)] };
  const config = { architecture: 'wasm', os: 'wasi', rootfs };
  const missing = await olderDockerArchive([layer], config, ['x']);
  const path = [...missing.keys()].find((name) => name.endsWith('layer.tar')) ?? '';
  missing.set(path, { link: '../../../etc/passwd' });
  await refused(await tarOf(missing), 'invalid-argument', /it has no .*layer\.tar, which manifest/);
  missing.set(path, { link: 'layer.tar' });
  await refused(await tarOf(missing), 'invalid-argument', /a link to links/);
  const layout = new Layout();
  const configBlob = layout.blob(MEDIA_TYPES.ociConfig, config);
  const layerBlob = layout.blob(MEDIA_TYPES.ociLayer, layer);
  layout.add(layout.manifest(configBlob, [{ ...layerBlob, size: 3 }]));
  await refused(await layout.archive(), 'data-loss', /has 2048 bytes, and should have 3/);
  layout.roots.length = 0;
  layout.add(layout.manifest(configBlob, [layerBlob]));
  layout.blobs.delete(layerBlob.digest);
  await refused(await layout.archive(), 'invalid-argument', /it has no blobs\/sha256\//);
});

test('names that are none are refused, indexes that hold each other end', async () => {
  const archive = await IMAGE_FORMATS['wasi/wasm']?.({ program: MODULE, name: 'NO NAME' });
  await refused(archive ?? MODULE, 'invalid-argument', /it calls an image "NO NAME"/);
  const layout = new Layout();
  let index = layout.index([]);
  for (let depth = 0; depth < 10; depth++) index = layout.index([index, index]);
  layout.add(index);
  await refused(await layout.archive(), 'invalid-argument', /indexes within indexes/);
});

test('an archive of nothing but names is bounded', async () => {
  const header = (await tarOf({ x: '' })).subarray(0, 512);
  await refused(Buffer.alloc(100_001 * 512, header), 'invalid-argument', /more than 100000 files/);
  const deep = '['.repeat(1_000_000);
  for (const json of [deep, deep + ']'.repeat(1_000_000)]) {
    await refused(await tarOf({ 'manifest.json': json }), 'invalid-argument', /manifest\.json/);
    await refused(await tarOf({ 'index.json': json }), 'invalid-argument', /index\.json/);
  }
  const huge = await tarOf({ 'manifest.json': ' '.repeat(17 * 1024 * 1024) });
  await refused(huge, 'invalid-argument', /manifest\.json is larger than/);
});

test.run();
