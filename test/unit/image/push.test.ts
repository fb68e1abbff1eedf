import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { compressImage, isCompressible } from '../../../src/image/compress.ts';
import type { Progress } from '../../../src/image/contract.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { LayerFetcher } from '../../../src/image/layer-fetcher.ts';
import { pullFromRegistry } from '../../../src/image/pull.ts';
import { pushToRegistry } from '../../../src/image/push.ts';
import { parseManifest } from '../../../src/spec/manifest.ts';
import { MEDIA_TYPES } from '../../../src/spec/media-types.ts';
import { parseTagged } from '../../../src/spec/reference.ts';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { archiveOf, ImageFixture, inChunks } from '../../fake/image-fixture.ts';
import { RegistryHarness } from '../../fake/registry-harness.ts';

const test = suite('push');

async function importImage(images: ImageService, reference: string, text = 'hello '.repeat(1000)) {
  const archive = await archiveOf({ 'bin/x': text });
  return images.import(inChunks(archive), { reference, changes: ['CMD ["/bin/x"]'] });
}

async function push(
  images: ImageService,
  reference: string,
  registry: RegistryHarness['client'],
  told: Progress[] = [],
) {
  const { repository, tag = 'latest' } = parseTagged(reference);
  const target = images.table.targetOf(repository, tag);
  if (!target) throw new Error(`no ${reference}`);
  const { content, table, registrar } = images;
  const tell = (progress: Progress): number => told.push(progress);
  using lease = images.leases.take();
  return await pushToRegistry({ content, table, registrar, registry }, target.manifestDigest, {
    name: { repository, tag },
    lease,
    access: {},
    tell,
  });
}

async function pull(images: ImageService, reference: string, registry: RegistryHarness['client']) {
  const { content, layers, table, leases, registrar } = images;
  const fetcher = new LayerFetcher(registry, content, layers);
  const { id } = await pullFromRegistry(
    { registry, content, layers, table, leases, registrar, fetcher },
    { reference: parseTagged(reference), platform: undefined, access: {}, tell: () => {} },
  );
  return images.get(id);
}

test('a compressed image keeps its id, names and content, and compresses the same again', async () => {
  using first = new ImageFixture();
  using second = new ImageFixture();
  const digests: string[] = [];
  for (const fixture of [first, second]) {
    const images = await fixture.open();
    const image = await importImage(images, 'app:v1');
    assert.ok(isCompressible(image));
    using lease = images.leases.take();
    await compressImage(images, image, lease, () => {});
    const after = images.get('app:v1');
    assert.is(after.id, image.id);
    assert.is.not(after.manifest.digest, image.manifest.digest);
    assert.not(isCompressible(after));
    const [layer] = after.layers;
    if (!layer) throw new Error('no layer');
    assert.is(layer.descriptor.mediaType, MEDIA_TYPES.ociLayerGzip);
    const sent = images.content.read(layer.descriptor.digest, 1e6);
    assert.equal(gunzipSync(sent), Buffer.from(images.content.read(layer.diffId, 1e6)));
    digests.push(layer.descriptor.digest);
    images.sweep();
    const again = (await fixture.open()).get('app:v1');
    assert.equal(again, after);
    for await (const finding of (await fixture.open()).check(() => {})) {
      throw new Error(`${finding.subject}: ${finding.message}`);
    }
  }
  assert.is(digests[0], digests[1]);
});

test('what is pushed comes back as the same image, under the same digest', async () => {
  await using fake = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  using here = new ImageFixture();
  using there = new ImageFixture();
  const name = `${fake.host}/team/app:v1`;
  const images = await here.open();
  const image = await importImage(images, name);
  const told: Progress[] = [];
  const { digest } = await push(images, name, harness.client, told);
  assert.is(digest, image.manifest.digest);
  const pulled = await pull(await there.open(), name, harness.client);
  assert.is(pulled.id, image.id);
  assert.is(pulled.manifest.digest, image.manifest.digest);
  assert.equal(
    told.filter(({ current }) => current === undefined).map(({ status }) => status),
    ['Preparing', 'Pushed'],
  );
});

test('a second push sends nothing but the manifest', async () => {
  await using fake = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const name = `${fake.host}/team/app`;
  await importImage(images, name);
  await push(images, name, harness.client);
  images.tag(name, `${name}:again`);
  const told: Progress[] = [];
  const before = fake.log.length;
  await push(images, `${name}:again`, harness.client, told);
  assert.equal(
    told.map(({ status }) => status),
    ['Preparing', 'Layer already exists'],
  );
  assert.not(fake.log.slice(before).some((line) => line.includes('/uploads/')));
});

test('a layer that another repository has is mounted', async () => {
  await using fake = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const { id } = await importImage(images, `${fake.host}/team/app`);
  const { digest } = await push(images, `${fake.host}/team/app`, harness.client);
  images.registrar.addRepoDigest(id, `${fake.host}/team/app`, digest);
  images.tag(id, `${fake.host}/other/app`);
  const told: Progress[] = [];
  await push(images, `${fake.host}/other/app`, harness.client, told);
  assert.equal(
    told.map(({ status }) => status),
    ['Preparing', 'Mounted from team/app'],
  );
  assert.ok(fake.manifest('other/app', 'latest'));
});

test('an index is pushed with all of its images, or not at all', async () => {
  await using fake = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const { manifest } = await importImage(images, 'one');
  const other = await importImage(images, 'two', 'other');
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [manifest, other.manifest],
    }),
  );
  const digest = images.content.put(index);
  const repository = `${fake.host}/team/both`;
  images.registrar.addManifest(
    { mediaType: MEDIA_TYPES.ociIndex, digest, size: index.length },
    parseManifest(index),
    { tag: { repository, tag: 'latest' } },
  );
  await push(images, repository, harness.client);
  assert.is(fake.manifest('team/both', 'latest')?.kind, 'index');
  assert.ok(fake.manifest('team/both', manifest.digest));
  images.remove('two', { force: true });
  const isThere = images.content.has(other.manifest.digest);
  assert.ok(isThere, 'an index keeps its images');
});

test('an image that is removed while it is pushed arrives whole, and is gone here then', async () => {
  await using fake = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const name = `${fake.host}/team/app`;
  await importImage(images, name);
  const pushing = push(images, name, harness.client);
  images.remove(name, { force: true });
  await pushing;
  assert.is(fake.manifest('team/app', 'latest')?.kind, 'manifest');
  images.sweep();
  assert.is([...images.content.list()].length, 0);
});

test('a push of an image whose content is lost says so, and leaves no tag', async () => {
  await using fake = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const name = `${fake.host}/team/app`;
  const { layers } = await importImage(images, name);
  const [layer] = layers;
  if (!layer) throw new Error('no layer');
  images.content.delete(layer.descriptor.digest);
  try {
    await push(images, name, harness.client);
    assert.unreachable();
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    assert.match(thrown.message, /cannot push .*team\/app.*: content sha256:.* is not here/);
  }
  assert.is(fake.manifest('team/app', 'latest'), undefined);
});

test.run();
