import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { componentNames, isComponent } from '../../../src/image/component-names.ts';
import { convertImage } from '../../../src/image/convert.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { MEDIA_TYPES } from '../../../src/spec/media-types.ts';
import { archiveOf, ImageFixture, inChunks } from '../../fake/image-fixture.ts';

const test = suite('converting images');

const MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

function named(kind: number, name: string, ...rest: readonly number[]): number[] {
  return [kind, name.length, ...Buffer.from(name), ...rest];
}

function section(id: number, ...items: readonly (readonly number[])[]): number[] {
  const content = [items.length, ...items.flat()];
  return [id, content.length, ...content];
}

/** Imports of all kinds, something to be passed over, an export with and without a type. */
const COMPONENT = Buffer.from([
  ...[0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0],
  ...section(
    10,
    named(0, 'wasi:io/poll@0.2.0', 0x05, 0x00),
    named(1, 'a:b/core', 0x00, 0x11, 0x00),
    named(0, 'f', 0x01, 0x81, 0x00),
    named(0, 'v', 0x02, 0x01, 0x7f),
    named(0, 'r', 0x03, 0x01),
    named(0, 't', 0x03, 0x00, 0x02),
  ),
  ...[0, 3, 1, 0x78, 0xff],
  ...section(11, named(0, 'wasi:cli/run@0.2.0', 0x05, 0x00, 0x01, 0x05, 0x01)),
  ...section(11, named(0, 'm', 0x00, 0x11, 0x00, 0x00)),
]);

function readFrom(bytes: Uint8Array) {
  return (offset: number, length: number) => bytes.subarray(offset, offset + length);
}

function configOf(images: ImageService, reference: string): Record<string, unknown> {
  const { manifest } = images.get(reference);
  const parsed = images.registrar.readManifest(manifest.digest);
  if (parsed.kind !== 'manifest') throw new Error('an index');
  return JSON.parse(images.content.read(parsed.config.digest, 1e6).toString());
}

async function refused(promise: Promise<unknown>, kind: string, message: RegExp): Promise<void> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.instance(thrown, EngineError);
  if (!(thrown instanceof EngineError)) return;
  assert.is(thrown.kind, kind);
  assert.match(thrown.message, message);
}

test('an image becomes an artifact and an image again, with the same digests', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const archive = await archiveOf({ 'bin/app.wasm': MODULE.toString('latin1') });
  const changes = ['ENTRYPOINT ["/bin/app.wasm"]', 'ENV A=1'];
  await images.import(inChunks(archive), { reference: 'image', changes });
  const artifact = await convertImage(images, 'image', 'artifact:v1', 'artifact');
  assert.equal(artifact.repoTags, ['artifact:v1']);
  assert.equal(artifact.platform, { os: 'wasip1', architecture: 'wasm' });
  assert.equal(artifact.config.Entrypoint, ['/app.wasm']);
  assert.is(artifact.layers[0]?.descriptor.mediaType, MEDIA_TYPES.wasmLayer);
  assert.is(artifact.id, artifact.manifest.digest);
  assert.equal(configOf(images, 'artifact:v1')['layerDigests'], [artifact.layers[0]?.diffId]);
  const back = await convertImage(images, 'artifact:v1', 'back', 'image');
  assert.equal(back.config.Entrypoint, ['/app.wasm']);
  assert.equal(back.platform, { os: 'wasi', architecture: 'wasm' });
  const again = await convertImage(images, 'back', 'again', 'artifact');
  assert.is(again.id, artifact.id);
  assert.is((await convertImage(images, 'again', 'once-more', 'image')).id, back.id);
  assert.is(images.rootfsLayers(again).length, 1);
  images.sweep();
  for await (const finding of images.check(() => {})) assert.unreachable(finding.message);
});

test('a program that came alone is the same image when it comes back from its artifact', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const image = await images.import(inChunks(MODULE), { changes: [], createdNs: 0n });
  const artifact = await convertImage(images, image.id, 'artifact', 'artifact');
  assert.equal(artifact.config.Entrypoint, ['/module.wasm']);
  assert.is((await convertImage(images, 'artifact', 'image', 'image')).id, image.id);
});

test('what has the form already gets the name alone', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const image = await images.import(inChunks(MODULE), { reference: 'x', changes: [] });
  assert.is((await convertImage(images, 'x', 'y', 'image')).id, image.id);
  assert.equal(images.get('x').repoTags, ['x:latest', 'y:latest']);
});

test('an image of more than a module is refused, and names are looked at first', async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  const changes: string[] = [];
  const add = async (reference: string, files: Readonly<Record<string, string>>) =>
    images.import(inChunks(await archiveOf(files)), { reference, changes });
  const text = MODULE.toString('latin1');
  await add('two', { a: text, b: text });
  await add('text', { a: 'no module' });
  const failed = 'failed-precondition';
  await refused(
    convertImage(images, 'two', 'x', 'artifact'),
    failed,
    /^cannot convert two: .*it has 2 files/,
  );
  await refused(convertImage(images, 'text', 'x', 'artifact'), failed, /\/a is no module/);
  await refused(convertImage(images, 'none', 'x', 'artifact'), 'not-found', /No such image: none/);
  const reason = /invalid reference format/;
  await refused(convertImage(images, 'text', 'NO NAME', 'image'), 'invalid-argument', reason);
});

test("a component's artifact says what it imports and exports", async () => {
  using fixture = new ImageFixture();
  const images = await fixture.open();
  await images.import(inChunks(COMPONENT), { reference: 'image', changes: [] });
  const { platform } = await convertImage(images, 'image', 'artifact', 'artifact');
  assert.equal(platform, { os: 'wasip2', architecture: 'wasm' });
  assert.equal(configOf(images, 'artifact')['component'], {
    exports: ['wasi:cli/run@0.2.0', 'm'],
    imports: ['wasi:io/poll@0.2.0', 'a:b/core', 'f', 'v', 'r', 't'],
  });
});

test('what is cut or none is no component', () => {
  assert.ok(isComponent(COMPONENT));
  assert.not.ok(isComponent(MODULE));
  const ends = new Set<number>();
  for (let length = 8; length < COMPONENT.length; length++) {
    const cut = COMPONENT.subarray(0, length);
    try {
      componentNames(readFrom(cut), cut.length);
      ends.add(length);
    } catch (thrown) {
      assert.instance(thrown, EngineError, `${length}`);
    }
  }
  // Behind the preamble, and behind all sections but the last.
  assert.is(ends.size, 4);
  const huge = Buffer.from([...COMPONENT.subarray(0, 8), 10, 0xff, 0xff, 0xff, 0x7f]);
  assert.throws(() => componentNames(readFrom(huge), 2 ** 31), /a section of 268435455 bytes/);
  const endless = (offset: number, length: number) =>
    offset === 0 ? COMPONENT.subarray(0, 8) : new Uint8Array(length);
  assert.throws(() => componentNames(endless, 1e9), /more than 100000 sections/);
});

test.run();
