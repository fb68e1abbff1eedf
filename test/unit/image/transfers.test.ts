import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Image, Progress } from '../../../src/image/contract.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { Transfers } from '../../../src/image/transfers.ts';
import { MEDIA_TYPES } from '../../../src/spec/media-types.ts';
import { failure } from '../../fake/failure.ts';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { archiveOf, ImageFixture, inChunks } from '../../fake/image-fixture.ts';
import { RegistryHarness } from '../../fake/registry-harness.ts';

const test = suite('transfers');

/** One store, one registry that is Docker Hub and itself, and a catalog that has `tool`. */
class Bed implements AsyncDisposable {
  readonly #fixture = new ImageFixture();
  readonly #harness: RegistryHarness;
  readonly hub: FakeRegistry;
  readonly images: ImageService;
  readonly transfers: Transfers;
  readonly told: Progress[] = [];

  private constructor(hub: FakeRegistry, fixture: ImageFixture, images: ImageService) {
    this.hub = hub;
    this.#fixture = fixture;
    this.images = images;
    const dockerHub = { registry: `${hub.origin}/`, search: `${hub.origin}/` };
    this.#harness = new RegistryHarness({}, { dockerHub });
    this.transfers = new Transfers({
      images,
      registry: this.#harness.client,
      catalog: { names: ['tool'], pull: (name) => importImage(images, name, `catalog's ${name}`) },
    });
  }

  static async start(): Promise<Bed> {
    const fixture = new ImageFixture();
    return new Bed(await FakeRegistry.start(), fixture, await fixture.open());
  }

  pull(reference: string, platform?: string) {
    const tell = (progress: Progress): number => this.told.push(progress);
    return this.transfers.pull(reference, { platform, access: {}, tell });
  }

  push(reference: string) {
    const tell = (progress: Progress): number => this.told.push(progress);
    return this.transfers.push(reference, { access: {}, tell });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#harness[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
    this.#fixture[Symbol.dispose]();
  }
}

async function importImage(images: ImageService, reference: string, text: string): Promise<Image> {
  const archive = await archiveOf({ text });
  return images.import(inChunks(archive), { reference, changes: [] });
}

for (const name of ['tool', 'tool:latest']) {
  test(`${name} comes from the catalog`, async () => {
    await using bed = await Bed.start();
    const { image, origin, isNew, digest } = await bed.pull(name);
    assert.is(origin, 'catalog');
    assert.ok(isNew);
    assert.is(digest, image.manifest.digest);
    assert.is((await bed.pull(name)).isNew, false);
    assert.equal(bed.hub.log, []);
    assert.match(bed.told[0]?.status ?? '', /images of wolffia: tool/);
  });
}

for (const [name, platform] of [
  ['docker.io/library/tool', undefined],
  ['index.docker.io/library/tool', undefined],
  ['tool:v1', undefined],
  ['team/tool', undefined],
  ['tool', 'linux/amd64'],
] as const) {
  test(`${name} for ${platform ?? 'here'} comes from the registry`, async () => {
    await using bed = await Bed.start();
    const [os, architecture] = platform?.split('/') ?? ['wasi', 'wasm'];
    const path = name === 'team/tool' ? name : 'library/tool';
    const tag = name.split(':')[1] ?? 'latest';
    const layer = await archiveOf({ text: 'registry' });
    const { config, digest } = bed.hub.addImage(path, tag, [layer], { os, architecture });
    const pulled = await bed.pull(name, platform);
    assert.is(pulled.origin, 'registry');
    assert.is(pulled.image.id, config.digest);
    assert.is(pulled.digest, digest);
    assert.equal(bed.told[0], { id: tag, status: `Pulling from ${path}` });
  });
}

test('what is up to date is told to be', async () => {
  await using bed = await Bed.start();
  bed.hub.addImage('team/app', 'latest', [await archiveOf({ text: '1' })]);
  assert.ok((await bed.pull('team/app')).isNew);
  assert.is((await bed.pull('team/app')).isNew, false);
  const { digest } = bed.hub.addImage('team/app', 'latest', [await archiveOf({ text: '2' })]);
  assert.ok((await bed.pull('team/app')).isNew);
  assert.is((await bed.pull(`team/app@${digest}`)).isNew, false);
  assert.is(bed.images.list().filter(({ repoTags }) => repoTags.length === 0).length, 1);
});

test('an image that nobody has: what comes along is told of', async () => {
  await using bed = await Bed.start();
  const short = await failure(bed.pull('tol'));
  assert.is(short.kind, 'not-found');
  assert.match(short.message, /tol.*wolffia's own images: tool$/);
  assert.not.match((await failure(bed.pull('team/tol'))).message, 'own images');
  assert.equal(bed.told, []);
});

test('a platform that is none is refused', async () => {
  await using bed = await Bed.start();
  const { kind, message } = await failure(bed.pull('team/app', 'a/b/c/d'));
  assert.is(kind, 'invalid-argument');
  assert.match(message, '"a/b/c/d" is an invalid platform');
});

test('a pushed image has compressed layers, keeps its id, and is known by its digest', async () => {
  await using bed = await Bed.start();
  const name = `${bed.hub.host}/team/app`;
  const image = await importImage(bed.images, name, 'x'.repeat(10_000));
  const { digest, sizeBytes } = await bed.push(name);
  const after = bed.images.get(name);
  assert.is(after.id, image.id);
  assert.equal(after.repoDigests, [`${name}@${digest}`]);
  assert.is(sizeBytes, after.manifest.size);
  const sent = bed.hub.manifest('team/app', 'latest');
  assert.equal(sent?.kind === 'manifest' && sent.layers.map(({ mediaType }) => mediaType), [
    MEDIA_TYPES.ociLayerGzip,
  ]);
  assert.not(bed.images.content.has(image.manifest.digest), 'the manifest before is gone');
  bed.images.remove(image.id, { force: true });
  assert.is((await bed.pull(`${name}@${digest}`)).image.id, image.id);
});

test('what is not here cannot be pushed', async () => {
  await using bed = await Bed.start();
  const { message, kind } = await failure(bed.push('team/app'));
  assert.is(kind, 'not-found');
  assert.is(message, 'An image does not exist locally with the tag: team/app');
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.is((await failure(bed.push(`team/app@${digest}`))).kind, 'invalid-argument');
});

test('an image is searched where its name says, else in Docker Hub', async () => {
  await using bed = await Bed.start();
  bed.hub.searchResults = [{ name: 'a/tool', description: 'x', star_count: 3, is_official: false }];
  const found = await bed.transfers.search('tool', 10, {});
  assert.equal(found, [{ name: 'a/tool', description: 'x', starCount: 3, isOfficial: false }]);
  await bed.transfers.search(`${bed.hub.host}/tool`, 10, {});
  assert.match(bed.hub.log.at(-1) ?? '', /q=tool/);
});

test('what a registry has is looked at without getting it', async () => {
  await using bed = await Bed.start();
  const layer = await archiveOf({ text: '1' });
  const { digest } = bed.hub.addImage('team/app', 'latest', [layer], { os: 'wasip1' });
  const remote = await bed.transfers.inspectRemote('team/app', {});
  assert.is(remote.descriptor.digest, digest);
  assert.equal(remote.platforms, [{ os: 'wasip1', architecture: 'wasm' }]);
  assert.equal(bed.images.list(), []);
});

test.run();
