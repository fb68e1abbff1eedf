import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../src/base/engine-error.ts';
import type { ImageService } from '../../src/image/image-service.ts';
import { loadImages } from '../../src/image/load.ts';
import { saveImages } from '../../src/image/save.ts';
import { MEDIA_TYPES } from '../../src/spec/media-types.ts';
import { ImageFixture, inChunks } from '../fake/image-fixture.ts';
import { IMAGE_FORMATS, Layout, sha256, tarOf } from '../fake/image-formats.ts';

const test = suite('archives of images');

const RUNS = 25;
const MUTATIONS = 150;

interface RandomImage {
  /** Texts of files; one of them is large enough to go to disk as it comes. */
  readonly layers: readonly { readonly text: string; readonly repeat: number; gzip: boolean }[];
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly names: readonly string[];
}

const randomImage: fc.Arbitrary<RandomImage> = fc.record({
  layers: fc.array(
    fc.record({
      text: fc.string({ maxLength: 20 }),
      repeat: fc.constantFrom(1, 100, 10_000),
      gzip: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  platform: fc.constantFrom(
    { os: 'wasi', architecture: 'wasm' },
    { os: 'linux', architecture: 'arm64' },
  ),
  names: fc.uniqueArray(
    fc.constantFrom('a', 'b:1', 'ghcr.io/c/d:e', 'localhost:5000/f', 'docker.io/g/h:i'),
    { maxLength: 3 },
  ),
});

/** As another tool would write them; a name that several have is the last one's. */
async function archiveWith(images: readonly RandomImage[]): Promise<Buffer> {
  const layout = new Layout();
  for (const [index, { layers, platform, names }] of images.entries()) {
    const tars = await Promise.all(
      layers.map(({ text, repeat }) => tarOf({ f: text.repeat(repeat), [`g${index}`]: text })),
    );
    const rootfs = { type: 'layers', diff_ids: tars.map(sha256) };
    const config = layout.blob(MEDIA_TYPES.ociConfig, { ...platform, rootfs, index });
    const blobs = tars.map((tar, at) =>
      layers[at]?.gzip
        ? layout.blob(MEDIA_TYPES.ociLayerGzip, gzipSync(tar))
        : layout.blob(MEDIA_TYPES.ociLayer, tar),
    );
    const manifest = layout.manifest(config, blobs);
    for (const name of names) layout.add(manifest, name);
    if (names.length === 0) layout.add(manifest);
  }
  return layout.archive();
}

async function load(images: ImageService, archive: Uint8Array): Promise<void> {
  await loadImages(images, inChunks(archive, 30_000), () => {});
}

async function saveAll(images: ImageService): Promise<Buffer> {
  const names = images.list().flatMap(({ id, repoTags }) => (repoTags.length > 0 ? repoTags : id));
  const chunks: Uint8Array[] = [];
  for await (const chunk of saveImages(images, names, { platform: undefined })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All that an image list shows, in no order, and all content. */
function stateOf(images: ImageService): object {
  return {
    images: images
      .list()
      .map(({ id, manifest, repoTags, layers, config }) => {
        return { id, manifest, repoTags, layers, config };
      })
      .sort((one, other) => (one.id < other.id ? -1 : 1)),
    contents: [...images.content.list()].map(({ digest }) => digest).sort(),
  };
}

test('what is loaded, saved and loaded elsewhere is the same', async () => {
  const property = fc.asyncProperty(
    fc.array(randomImage, { minLength: 1, maxLength: 3 }),
    async (wanted) => {
      using here = new ImageFixture();
      using there = new ImageFixture();
      const images = await here.open();
      const others = await there.open();
      await load(images, await archiveWith(wanted));
      await load(others, await saveAll(images));
      assert.equal(stateOf(others), stateOf(images));
      for await (const { message } of others.check(() => {})) assert.unreachable(message);
    },
  );
  await fc.assert(property, { numRuns: RUNS });
});

test('a damaged archive is refused with words and leaves nothing, or it is still whole', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const program = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const archives = await Promise.all(
    Object.values(IMAGE_FORMATS).map((archiveIn) => archiveIn({ program, name: 'x' })),
  );
  const damage = fc.record({
    archive: fc.constantFrom(...archives),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    cut: fc.boolean(),
  });
  const property = fc.asyncProperty(damage, async ({ archive, at, bytes, cut }) => {
    const offset = Math.floor(at * (archive.length - bytes.length));
    const damaged = Buffer.from(archive);
    damaged.set(bytes, Math.max(offset, 0));
    try {
      await load(images, cut ? damaged.subarray(0, offset) : damaged);
    } catch (thrown) {
      assert.instance(thrown, EngineError, String(thrown));
    }
    for (const { id } of images.list()) images.remove(id, { force: true });
    assert.equal([...images.content.list()], []);
  });
  await fc.assert(property, { numRuns: MUTATIONS });
});

test.run();
