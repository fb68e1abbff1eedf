import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Progress } from '../../../src/image/contract.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { LayerFetcher } from '../../../src/image/layer-fetcher.ts';
import { pullFromRegistry } from '../../../src/image/pull.ts';
import type { Registry } from '../../../src/registry/contract.ts';
import { type Digest, hexOf } from '../../../src/spec/digest.ts';
import { MEDIA_TYPES } from '../../../src/spec/media-types.ts';
import { parsePlatform } from '../../../src/spec/platform.ts';
import { parseTagged } from '../../../src/spec/reference.ts';
import { failure } from '../../fake/failure.ts';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { archiveOf, ImageFixture } from '../../fake/image-fixture.ts';
import { patternBytes, RegistryHarness } from '../../fake/registry-harness.ts';

const test = suite('pull');

type Source = Pick<Registry, 'fetchManifest' | 'fetchBlob'>;

interface PullOptions {
  readonly registry: Source;
  readonly platform?: string;
  readonly signal?: AbortSignal;
  readonly fetcher?: LayerFetcher;
  readonly told?: Progress[];
}

async function pull(images: ImageService, reference: string, options: PullOptions) {
  const { registry, signal, platform } = options;
  const { content, layers, table, leases, registrar } = images;
  const fetcher = options.fetcher ?? new LayerFetcher(registry, content, layers);
  const result = await pullFromRegistry(
    { registry, content, layers, table, leases, registrar, fetcher },
    {
      reference: parseTagged(reference),
      platform: platform === undefined ? undefined : parsePlatform(platform),
      access: { signal },
      tell: (progress) => options.told?.push(progress),
    },
  );
  return { ...result, image: images.get(result.id) };
}

async function layersOf(count: number, sizeBytes = 200_000): Promise<Buffer[]> {
  const layers: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const text = patternBytes(sizeBytes, index + 1).toString('base64');
    layers.push(await archiveOf({ [`file${index}`]: text }));
  }
  return layers;
}

async function findings(images: ImageService): Promise<string[]> {
  const found: string[] = [];
  for await (const { message, subject } of images.check(() => {})) {
    found.push(`${subject}: ${message}`);
  }
  return found;
}

/** What is there but belongs to no image. */
function isClean(fixture: ImageFixture, images: ImageService): boolean {
  images.sweep();
  return (
    readdirSync(join(fixture.dataRoot, 'content', 'sha256')).length === 0 &&
    images.list().length === 0
  );
}

interface Bench extends AsyncDisposable {
  readonly fake: FakeRegistry;
  readonly registry: RegistryHarness['client'];
  readonly fixture: ImageFixture;
  readonly images: ImageService;
  readonly name: string;
}

async function bench(): Promise<Bench> {
  const fake = await FakeRegistry.start();
  const harness = new RegistryHarness();
  const fixture = new ImageFixture();
  return {
    fake,
    registry: harness.client,
    fixture,
    images: await fixture.open(),
    name: `${fake.host}/team/app`,
    async [Symbol.asyncDispose]() {
      await harness[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
      fixture[Symbol.dispose]();
    },
  };
}

test('an image comes with its names, layers and digest, and is whole', async () => {
  await using bed = await bench();
  const pushed = bed.fake.addImage('team/app', 'v1', await layersOf(5));
  const told: Progress[] = [];
  const { id, digest, image } = await pull(bed.images, `${bed.name}:v1`, { ...bed, told });
  assert.is(id, pushed.config.digest);
  assert.is(digest, pushed.digest);
  assert.equal(image.repoTags, [`${bed.name}:v1`]);
  assert.equal(image.repoDigests, [`${bed.name}@${pushed.digest}`]);
  assert.equal(
    image.layers.map(({ descriptor }) => descriptor.digest),
    pushed.layers.map(({ digest: each }) => each),
  );
  assert.equal(await findings(bed.images), []);
  for (const { digest: each } of pushed.layers) {
    const id = hexOf(each).slice(0, 12);
    const statuses = new Set(told.filter((line) => line.id === id).map(({ status }) => status));
    assert.ok(statuses.has('Pulling fs layer') && statuses.has('Pull complete'));
  }
});

test('layers that are here are not asked for again', async () => {
  await using bed = await bench();
  const layers = await layersOf(3);
  bed.fake.addImage('team/app', 'v1', layers.slice(0, 2));
  bed.fake.addImage('team/app', 'v2', layers);
  await pull(bed.images, `${bed.name}:v1`, bed);
  const before = bed.fake.log.length;
  const told: Progress[] = [];
  await pull(bed.images, `${bed.name}:v2`, { ...bed, told });
  const blobs = bed.fake.log.slice(before).filter((line) => line.includes('/blobs/'));
  assert.is(blobs.length, 2, 'a configuration and a layer');
  assert.is(told.filter(({ status }) => status === 'Already exists').length, 2);
});

test('compressed layers are kept as they were sent, and unpacked', async () => {
  await using bed = await bench();
  const [layer = Buffer.alloc(0)] = await layersOf(1);
  const sent = gzipSync(layer);
  const config = JSON.stringify({
    architecture: 'wasm',
    os: 'wasi',
    rootfs: { type: 'layers', diff_ids: [bed.fake.addBlob('scratch', layer)] },
  });
  const describe = (mediaType: string, bytes: Uint8Array | string) => ({
    mediaType,
    digest: bed.fake.addBlob('team/app', Buffer.from(bytes)),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.dockerManifest,
    config: describe(MEDIA_TYPES.dockerConfig, config),
    layers: [describe(MEDIA_TYPES.dockerLayerGzip, sent)],
  };
  const text = JSON.stringify(manifest);
  const digest = bed.fake.addManifest('team/app', 'gz', MEDIA_TYPES.dockerManifest, text);
  const { image } = await pull(bed.images, `${bed.name}:gz`, bed);
  assert.is(image.manifest.digest, digest);
  assert.equal(bed.images.content.read(image.layers[0]?.descriptor.digest as Digest, 1e9), sent);
  assert.equal(await findings(bed.images), []);
});

test('two pulls of the same layers fetch each once', async () => {
  await using bed = await bench();
  bed.fake.addImage('team/app', 'v1', await layersOf(4));
  const { content, layers } = bed.images;
  const fetcher = new LayerFetcher(bed.registry, content, layers);
  await Promise.all([1, 2].map(() => pull(bed.images, `${bed.name}:v1`, { ...bed, fetcher })));
  const layerRequests = bed.fake.log.filter((line) => line.includes('/blobs/'));
  assert.ok(layerRequests.length <= 4 + 2, `${layerRequests.length}`);
});

test('a pull whose twin is aborted takes over', async () => {
  await using bed = await bench();
  const pushed = bed.fake.addImage('team/app', 'v1', await layersOf(1));
  const layer = pushed.layers[0]?.digest ?? '';
  bed.fake.misbehave({ url: new RegExp(layer), does: { kind: 'silence' } });
  const { content, layers } = bed.images;
  const fetcher = new LayerFetcher(bed.registry, content, layers);
  const controller = new AbortController();
  const options = { ...bed, fetcher, signal: controller.signal };
  const first = failure(pull(bed.images, `${bed.name}:v1`, options));
  while (!bed.fake.log.some((line) => line.includes(layer))) await new Promise(setImmediate);
  const second = pull(bed.images, `${bed.name}:v1`, { ...bed, fetcher });
  controller.abort();
  assert.is((await first).kind, 'cancelled');
  assert.is((await second).image.repoTags.length, 1);
});

test('what an aborted pull has got is gone on with after a restart', async () => {
  await using bed = await bench();
  const pushed = bed.fake.addImage('team/app', 'v1', await layersOf(1, 2_000_000));
  const layer = pushed.layers[0];
  if (!layer) throw new Error('no layer');
  bed.fake.misbehave({
    url: new RegExp(layer.digest),
    does: { kind: 'stall', afterBytes: 1_000_000 },
  });
  const controller = new AbortController();
  const { content, layers } = bed.images;
  const fetcher = new LayerFetcher(bed.registry, content, layers);
  const options = { ...bed, signal: controller.signal, fetcher };
  const seen: Progress[] = [];
  const first = failure(pull(bed.images, `${bed.name}:v1`, { ...options, told: seen }));
  const received = (): number => seen.at(-1)?.current ?? 0;
  while (received() < 1_000_000) await new Promise(setImmediate);
  controller.abort();
  assert.is((await first).kind, 'cancelled');
  const again = await bed.fixture.open();
  assert.equal(again.list(), []);
  await pull(again, `${bed.name}:v1`, bed);
  const ranges = bed.fake.requests.flatMap(({ headers }) => headers.range ?? []);
  assert.ok(
    ranges.some((range) => Number(/\d+/.exec(range)) >= 900_000),
    ranges.join(),
  );
  assert.equal(await findings(again), []);
});

test('a leftover that is damaged is fetched anew', async () => {
  await using bed = await bench();
  const pushed = bed.fake.addImage('team/app', 'v1', await layersOf(1));
  const layer = pushed.layers[0];
  if (!layer) throw new Error('no layer');
  const leftover = Buffer.alloc(100_000, 7);
  writeFileSync(join(bed.fixture.dataRoot, 'content', 'incoming', hexOf(layer.digest)), leftover);
  const { image } = await pull(bed.images, `${bed.name}:v1`, bed);
  assert.is(image.layers.length, 1);
  assert.equal(await findings(bed.images), []);
});

for (const [what, break_] of [
  ['other bytes than its digest says', (bytes: Buffer) => bytes.fill(1, 600, 700)],
  ['fewer bytes than its size says', (bytes: Buffer) => bytes.subarray(0, -1024)],
  ['more bytes than its size says', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
] as const) {
  test(`a layer of ${what} is refused, and nothing stays`, async () => {
    await using bed = await bench();
    const pushed = bed.fake.addImage('team/app', 'v1', await layersOf(2));
    const key = `team/app ${pushed.layers[1]?.digest}`;
    bed.fake.blobs.set(key, break_(Buffer.from(bed.fake.blobs.get(key) ?? '')));
    const { message } = await failure(pull(bed.images, `${bed.name}:v1`, bed));
    assert.match(message, String(pushed.layers[1]?.digest));
    assert.ok(isClean(bed.fixture, bed.images));
  });
}

test('a layer that unpacks to another than the configuration says is refused', async () => {
  await using bed = await bench();
  const layers = await layersOf(1);
  const other = bed.fake.addBlob('x', Buffer.from('other'));
  bed.fake.addImage('team/app', 'v1', layers, {
    rootfs: { type: 'layers', diff_ids: [other] },
  });
  const { message, kind } = await failure(pull(bed.images, `${bed.name}:v1`, bed));
  assert.is(kind, 'data-loss');
  assert.match(message, other);
  assert.ok(isClean(bed.fixture, bed.images));
});

test('an image cannot have a layer of another by saying that its own unpacks to that', async () => {
  await using bed = await bench();
  const secret = await archiveOf({ secret: 'of somebody else' });
  const layer = await archiveOf({ mine: 'x' });
  const own = bed.fake.addImage('own/app', 'v1', [secret]);
  bed.fake.addImage('team/fine', 'v1', [layer]);
  bed.fake.addImage('team/thief', 'v1', [layer], {
    rootfs: { type: 'layers', diff_ids: [own.layers[0]?.digest] },
  });
  const { host } = bed.fake;
  await pull(bed.images, `${host}/own/app:v1`, bed);
  await pull(bed.images, `${host}/team/fine:v1`, bed);
  const { kind, message } = await failure(pull(bed.images, `${host}/team/thief:v1`, bed));
  assert.is(kind, 'data-loss');
  assert.match(message, `unpacks to`);
});

async function addIndex(bed: Bench, platforms: readonly string[]): Promise<Map<string, Digest>> {
  const ids = new Map<string, Digest>();
  const manifests: object[] = [];
  for (const text of platforms) {
    const platform = parsePlatform(text);
    const layer = await archiveOf({ platform: text });
    const image = bed.fake.addImage('team/app', `only-${text.replaceAll('/', '-')}`, [layer], {
      os: platform?.os,
      architecture: platform?.architecture,
    });
    ids.set(text, image.config.digest);
    manifests.push({
      mediaType: MEDIA_TYPES.ociManifest,
      digest: image.digest,
      size: 1,
      platform,
    });
  }
  manifests.unshift({
    mediaType: MEDIA_TYPES.ociManifest,
    digest: bed.fake.addBlob('x', Buffer.from('attestation')),
    size: 11,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  });
  const index = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
  bed.fake.addManifest('team/app', 'latest', MEDIA_TYPES.ociIndex, index);
  return ids;
}

for (const [platforms, wanted, expected] of [
  [['linux/amd64', 'wasi/wasm', 'wasip1/wasm'], undefined, 'wasi/wasm'],
  [['linux/amd64', 'wasip1/wasm32'], undefined, 'wasip1/wasm32'],
  [['linux/amd64', 'wasi/wasm', 'wasip1/wasm'], 'wasip1/wasm', 'wasip1/wasm'],
  [['linux/amd64', 'wasi/wasm'], 'linux/amd64', 'linux/amd64'],
] as const) {
  test(`of ${platforms.join(', ')} for ${wanted ?? 'here'}, ${expected} is taken`, async () => {
    await using bed = await bench();
    const ids = await addIndex(bed, platforms);
    const options = wanted === undefined ? bed : { ...bed, platform: wanted };
    assert.is((await pull(bed.images, bed.name, options)).id, ids.get(expected));
  });
}

test('an index without a fitting image is refused with what it has', async () => {
  await using bed = await bench();
  await addIndex(bed, ['linux/amd64', 'linux/arm64']);
  const { message, kind } = await failure(pull(bed.images, bed.name, bed));
  assert.is(kind, 'not-found');
  assert.match(message, /no matching manifest for wasi\/wasm .*linux\/amd64, linux\/arm64/);
});

test('indexes that name each other without end are refused', async () => {
  await using bed = await bench();
  const digest = bed.fake.addBlob('x', Buffer.from('x'));
  const endless: Source = {
    fetchBlob: (...args) => bed.registry.fetchBlob(...args),
    fetchManifest: async () => ({
      mediaType: MEDIA_TYPES.ociIndex,
      digest,
      bytes: Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          manifests: [{ mediaType: MEDIA_TYPES.ociIndex, digest, size: 1 }],
        }),
      ),
    }),
  };
  const { message } = await failure(pull(bed.images, bed.name, { ...bed, registry: endless }));
  assert.match(message, /indexes within indexes/);
});

test('an image for another platform than was asked for is refused', async () => {
  await using bed = await bench();
  bed.fake.addImage('team/app', 'v1', await layersOf(1));
  const options = { ...bed, platform: 'linux/amd64' };
  const { message } = await failure(pull(bed.images, `${bed.name}:v1`, options));
  assert.match(message, /its platform \(wasi\/wasm\) does not match .*\(linux\/amd64\)/);
});

test('a layer of an unknown type is refused by its name before anything is fetched', async () => {
  await using bed = await bench();
  const config = Buffer.from(
    '{"architecture":"wasm","os":"wasi","rootfs":{"type":"layers","diff_ids":[]}}',
  );
  const blob = bed.fake.addBlob('team/app', config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: blob, size: config.length },
    layers: [{ mediaType: 'application/vnd.example.layer', digest: blob, size: config.length }],
  });
  bed.fake.addManifest('team/app', 'v1', MEDIA_TYPES.ociManifest, manifest);
  const { message } = await failure(pull(bed.images, `${bed.name}:v1`, bed));
  assert.match(message, /application\/vnd\.example\.layer/);
  assert.not(bed.fake.log.some((line) => line.includes('/blobs/')));
});

test('a sweep in the middle of a pull takes nothing that it needs', async () => {
  await using bed = await bench();
  bed.fake.addImage('team/app', 'v1', await layersOf(6));
  const told: Progress[] = [];
  const pulling = pull(bed.images, `${bed.name}:v1`, { ...bed, told });
  let isDone = false;
  const end = pulling.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    bed.images.sweep();
    await new Promise(setImmediate);
  }
  await end;
  assert.equal(await findings(bed.images), []);
});

test.run();
