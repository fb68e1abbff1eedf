import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import type { StoreFinding } from '../../../src/image/contract.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { parseManifest } from '../../../src/spec/manifest.ts';
import { archiveOf, gzippedArchiveOf, ImageFixture, inChunks } from '../../fake/image-fixture.ts';

const test = suite('image store');

const MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function findingsOf(images: ImageService): Promise<StoreFinding[]> {
  const findings: StoreFinding[] = [];
  for await (const finding of images.check(() => {})) findings.push(finding);
  return findings;
}

function contentsOf(fixture: ImageFixture): number {
  return readdirSync(join(fixture.dataRoot, 'content', 'sha256')).length;
}

async function importText(images: ImageService, text: string, reference?: string) {
  const archive = await archiveOf({ 'bin/x': text });
  return images.import(inChunks(archive), { reference, changes: ['CMD ["/bin/x"]'] });
}

test('an imported archive is an image with a manifest, and is there after a restart', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const image = await importText(images, 'x', 'a/b:c');
  assert.equal(image.repoTags, ['a/b:c']);
  assert.is(image.layers.length, 1);
  const again = (await fixture.open()).get('a/b:c');
  assert.equal(again, image);
  const manifest = parseManifest((await fixture.open()).content.read(image.manifest.digest, 1e6));
  assert.is(manifest.kind === 'manifest' && manifest.config.digest, image.id);
});

test('a compressed layer is kept as it came and as it is used, and both go with the image', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const archive = await gzippedArchiveOf({ f: 'x'.repeat(100_000) });
  const image = await images.import(inChunks(archive), { reference: 'z', changes: [] });
  const [layer] = image.layers;
  assert.is(layer?.descriptor.size, archive.length);
  assert.is(layer?.descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
  assert.is.not(layer?.diffId, layer?.descriptor.digest);
  assert.is(contentsOf(fixture), 4);
  assert.equal(await findingsOf(images), []);
  const { deleted, reclaimedBytes } = images.remove('z', { force: false });
  assert.equal(deleted, [image.id, layer?.diffId]);
  assert.ok(reclaimedBytes > archive.length);
  assert.is(contentsOf(fixture), 0);
  assert.equal(readdirSync(join(fixture.dataRoot, 'layers')), []);
});

test('images share layers, which stay as long as one of them does', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const archive = await archiveOf({ f: 'shared' });
  const one = await images.import(inChunks(archive), { reference: 'one', changes: [] });
  const changes = ['ENV A=1'];
  const other = await images.import(inChunks(archive), { reference: 'other', changes });
  assert.is(one.layers[0]?.diffId, other.layers[0]?.diffId);
  assert.is(images.usage().images.get(one.id)?.uniqueSizeBytes, 0);
  assert.equal(images.remove('one', { force: false }).deleted, [one.id]);
  assert.is(images.rootfsLayers(images.get('other')).length, 1);
  assert.equal(await findingsOf(images), []);
});

test('a bare module becomes an image that others can run, too, the same each time', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const options = { changes: ['ENV A=1'], createdNs: 0n };
  const image = await images.import(inChunks(MODULE, 3), options);
  assert.equal(image.config.Entrypoint, ['/module.wasm']);
  assert.equal(image.platform, { os: 'wasi', architecture: 'wasm' });
  assert.is((await images.import(inChunks(MODULE), options)).id, image.id);
  assert.match(images.content.read(image.manifest.digest, 1e6).toString(), /variant":"compat"/);
  assert.equal(await findingsOf(images), []);
});

test('names move, and take the image with the last of them', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const one = await importText(images, '1', 'x');
  images.tag('x', 'y/z:1');
  assert.equal(images.get(one.id.slice(7, 20)).repoTags, ['x:latest', 'y/z:1']);
  assert.throws(
    () => images.remove(one.id, { force: false }),
    (error: unknown) => error instanceof EngineError && error.kind === 'conflict',
  );
  const two = await importText(images, '2', 'x');
  assert.is(images.get('x').id, two.id);
  assert.equal(images.get('y/z:1').repoTags, ['y/z:1']);
  assert.equal(images.remove('y/z:1', { force: false }).untagged, ['y/z:1']);
  assert.throws(() => images.get('y/z:1'), /No such image: y\/z:1/);
});

test('what no image needs stays for a day, or until a sweep', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  await importText(images, 'kept', 'kept');
  const before = contentsOf(fixture);
  images.content.put(Buffer.from('left by a pull'));
  const partial = join(fixture.dataRoot, 'content', 'incoming', 'f'.repeat(64));
  writeFileSync(partial, 'half');
  const findings = await findingsOf(images);
  assert.equal(
    findings.map(({ severity }) => severity),
    ['note', 'note'],
  );
  const again = await fixture.open();
  assert.is(contentsOf(fixture), before + 1);
  assert.is(again.sweep(), 18);
  assert.is(contentsOf(fixture), before);
  assert.equal(await findingsOf(again), []);
});

test('what something under way holds is not swept', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const digest = images.content.put(Buffer.from('x'));
  {
    using lease = images.leases.take();
    lease.hold(digest);
    assert.is(images.sweep(), 0);
    assert.ok(images.content.has(digest));
  }
  assert.is(images.sweep(), 1);
});

test('damage and loss are found', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const one = await importText(images, 'one', 'one');
  const two = await importText(images, 'two', 'two');
  writeFileSync(images.content.pathOf(one.layers[0]?.diffId ?? one.id), 'damaged');
  images.content.delete(two.layers[0]?.diffId ?? two.id);
  const losses = (await findingsOf(images)).filter(({ severity }) => severity === 'loss');
  const subjects = losses.map(({ subject }) => subject);
  assert.ok(subjects.includes(one.layers[0]?.diffId ?? ''));
  assert.ok(subjects.includes('two:latest'));
  assert.throws(() => images.rootfsLayers(images.get('two')), /layer sha256:.* is gone/);
});

test('an index that is missing is made anew', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const image = await importText(images, 'x', 'x');
  images.layers.deleteIndex(image.layers[0] ?? { diffId: image.id });
  const again = await fixture.open();
  assert.is(again.rootfsLayers(again.get('x')).length, 1);
});

test.run();
