import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../../../src/image/content-store.ts';
import { MAX_MANIFEST_BYTES } from '../../../../src/spec/manifest.ts';
import { MEDIA_TYPES } from '../../../../src/spec/media-types.ts';
import { archiveOf, inChunks } from '../../../fake/image-fixture.ts';
import { codesOf, descriptorOf, ServedRegistry } from '../../../fake/served-registry.ts';

const test = suite('manifests of the registry');

async function findingsOf({ images }: ServedRegistry): Promise<readonly string[]> {
  const messages: string[] = [];
  for await (const { severity, message } of images.check(() => {})) {
    if (severity === 'loss') messages.push(message);
  }
  return messages;
}

test('a pushed image is one at once, and is pulled as it was pushed', async () => {
  await using served = await ServedRegistry.open();
  const { manifest, digest } = await served.pushContents('tools/sh', 'hello');
  const put = await served.putManifest('tools/sh', '1.0', manifest);
  assert.is(put.status, 201);
  assert.is(put.headers.location, `/v2/tools/sh/manifests/${digest}`);
  assert.is(put.headers['docker-content-digest'], digest);
  assert.is(put.headers.warning, undefined);
  const image = served.images.get('tools/sh:1.0');
  assert.is(image.manifest.digest, digest);
  assert.equal(image.config.Cmd, ['/file']);
  assert.equal(image.repoDigests, [`tools/sh@${digest}`]);
  assert.is(served.images.rootfsLayers(image).length, 1);
  for (const reference of ['1.0', digest, encodeURIComponent(digest)]) {
    const { status, headers, body } = await served.send(
      'GET',
      `/v2/tools/sh/manifests/${reference}`,
    );
    assert.is(status, 200);
    assert.is(headers['content-type'], MEDIA_TYPES.ociManifest);
    assert.is(headers['docker-content-digest'], digest);
    assert.is(body.toString(), JSON.stringify(manifest));
  }
  const head = await served.send('HEAD', '/v2/tools/sh/manifests/1.0');
  assert.is(head.headers['content-length'], String(JSON.stringify(manifest).length));
  assert.equal(await findingsOf(served), []);
  assert.equal(served.bugs, []);
});

test('the names of repositories are those of local images', async () => {
  await using served = await ServedRegistry.open();
  const archive = await archiveOf({ x: 'local' });
  await served.images.import(inChunks(archive), { reference: 'python', changes: [] });
  const { digest } = served.images.get('python').manifest;
  for (const name of ['python', 'library/python', 'docker.io/library/python']) {
    const { headers } = await served.send('HEAD', `/v2/${name}/manifests/latest`);
    assert.is(headers['docker-content-digest'], digest, name);
  }
  // The layer was never compressed: it is served as it is.
  const [layer] = served.images.get('python').layers;
  const blob = await served.send('GET', `/v2/python/blobs/${layer?.descriptor.digest}`);
  assert.ok(blob.body.equals(archive));
  await served.pushImage('ghcr.io/a/b', 'x', 'of another registry');
  assert.equal(served.images.get('ghcr.io/a/b:x').repoTags, ['ghcr.io/a/b:x']);
});

test('a tag moves, and what it named before stays under its digest', async () => {
  await using served = await ServedRegistry.open();
  const first = await served.pushImage('x', 'latest', 'one');
  const second = await served.pushImage('x', 'latest', 'two');
  assert.is(served.images.get('x').manifest.digest, second);
  assert.is((await served.send('GET', `/v2/x/manifests/${first}`)).status, 200);
  assert.is(served.images.get(`x@${first}`).manifest.digest, first);
});

test('what is refused', async () => {
  await using served = await ServedRegistry.open();
  const { manifest, digest } = await served.pushContents('x', 'refused');
  const path = '/v2/x/manifests/latest';
  const put = (body: string, type: string = MEDIA_TYPES.ociManifest) =>
    served.send('PUT', path, { headers: { 'Content-Type': type }, body });
  assert.equal(codesOf(await put('{')), ['MANIFEST_INVALID']);
  assert.equal(codesOf(await put('{"schemaVersion":1}')), ['MANIFEST_INVALID']);
  const asIndex = await put(JSON.stringify(manifest), MEDIA_TYPES.ociIndex);
  assert.equal(codesOf(asIndex), ['MANIFEST_INVALID']);
  const large = await put(JSON.stringify({ ...manifest, x: 'x'.repeat(MAX_MANIFEST_BYTES) }));
  assert.is(large.status, 413);
  const other = `sha256:${'0'.repeat(64)}`;
  assert.equal(codesOf(await served.putManifest('x', other, manifest)), ['DIGEST_INVALID']);
  assert.equal(codesOf(await served.putManifest('x', 'sha256:1', manifest)), ['DIGEST_INVALID']);
  assert.equal(codesOf(await served.putManifest('x', '-tag', manifest)), ['MANIFEST_INVALID']);
  assert.equal(codesOf(await served.putManifest('X', 'latest', manifest)), ['NAME_INVALID']);
  for (const reference of ['latest', digest]) {
    const { status } = await served.send('GET', `/v2/x/manifests/${reference}`);
    assert.is(status, 404);
  }
  assert.equal(served.images.list(), []);
  assert.equal(served.bugs, []);
});

test('all that a manifest needs must be there, in the size that it says', async () => {
  await using served = await ServedRegistry.open();
  const config = Buffer.from('{}');
  await served.pushBlob('x', config);
  const missing = [
    descriptorOf(MEDIA_TYPES.ociLayer, Buffer.from('1')),
    descriptorOf(MEDIA_TYPES.ociLayer, Buffer.from('2')),
  ];
  const manifest = { schemaVersion: 2, config: descriptorOf('x/y', config), layers: missing };
  const refused = await served.putManifest('x', 'latest', manifest);
  assert.is(refused.status, 400);
  assert.equal(codesOf(refused), ['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN']);
  assert.match(refused.body.toString(), missing[1]?.digest ?? 'none');
  const wrong = { ...manifest, layers: [{ ...descriptorOf('x/y', config), size: 3 }] };
  assert.equal(codesOf(await served.putManifest('x', 'latest', wrong)), ['SIZE_INVALID']);
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: missing };
  assert.equal(codesOf(await served.putManifest('x', 'latest', index)), [
    'MANIFEST_BLOB_UNKNOWN',
    'MANIFEST_BLOB_UNKNOWN',
  ]);
});

test('what can be no image is kept, and the client is told why', async () => {
  await using served = await ServedRegistry.open();
  const { manifest } = await served.pushContents('x', 'good');
  const noTar = Buffer.from('no archive at all, whatever its type says');
  await served.pushBlob('x', noTar);
  const layers = [descriptorOf(MEDIA_TYPES.ociLayer, noTar)];
  const put = await served.putManifest('x', 'bad', { ...manifest, layers });
  assert.is(put.status, 201);
  assert.match(put.headers.warning ?? '', /^299 - "kept, but no image for wolffia: [^"]+"$/);
  assert.is((await served.send('GET', '/v2/x/manifests/bad')).status, 200);
  assert.equal(served.images.list(), []);
  assert.throws(() => served.images.get('x:bad'), /no image for this engine/);
  // Other layers than those that the configuration promises are another image.
  const { manifest: other } = await served.pushContents('x', 'evil');
  const mixed = { ...manifest, layers: 'layers' in other ? other.layers : [] };
  const swapped = await served.putManifest('x', 'swapped', mixed);
  assert.match(swapped.headers.warning ?? '', 'unpacks to');
  assert.equal(served.images.list(), []);
  served.fixture.clock.advance(30 * 60 * 1000);
  served.images.sweep();
  assert.equal(await findingsOf(served), []);
  assert.is((await served.send('GET', '/v2/x/manifests/swapped')).status, 200);
  assert.equal(served.bugs, []);
});

test('layers that were sent stay when another of the same manifest is none', async () => {
  await using served = await ServedRegistry.open();
  const layer = await archiveOf({ plain: 'text' });
  const noTar = Buffer.from('no archive');
  for (const blob of [layer, noTar]) await served.pushBlob('x', blob);
  // So long that nothing holds them any more but the request itself.
  served.fixture.clock.advance(30 * 60 * 1000);
  const first = { rootfs: { type: 'layers', diff_ids: [digestOf(layer), digestOf(noTar)] } };
  const sound = Buffer.from(JSON.stringify({ architecture: 'wasm', os: 'wasi', ...first }));
  await served.pushBlob('x', sound);
  const put = await served.putManifest('x', 'latest', {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: descriptorOf(MEDIA_TYPES.ociConfig, sound),
    layers: [layer, noTar].map((bytes) => descriptorOf(MEDIA_TYPES.ociLayer, bytes)),
  });
  assert.is(put.status, 201);
  assert.match(put.headers.warning ?? '', 'no image for wolffia');
  assert.ok(served.images.content.has(digestOf(layer)));
  served.images.sweep();
  assert.equal(await findingsOf(served), []);
});

test('an index with its images, and what is signed', async () => {
  await using served = await ServedRegistry.open();
  const child = await served.pushContents('x', 'child');
  assert.is((await served.putManifest('x', child.digest, child.manifest)).status, 201);
  const bytes = Buffer.from(JSON.stringify(child.manifest));
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [
      {
        ...descriptorOf(MEDIA_TYPES.ociManifest, bytes),
        platform: { os: 'wasi', architecture: 'wasm' },
      },
    ],
  };
  assert.is((await served.putManifest('x', 'multi', index)).status, 201);
  assert.is(served.images.get('x:multi').manifest.digest, child.digest);
  const empty = Buffer.from('{}');
  await served.pushBlob('x', empty);
  const signature = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: 'example/signature',
    config: descriptorOf('application/vnd.oci.empty.v1+json', empty),
    layers: [descriptorOf('example/signature', empty)],
    annotations: { by: 'ada' },
    subject: descriptorOf(MEDIA_TYPES.ociManifest, bytes),
  };
  const digest = digestOf(Buffer.from(JSON.stringify(signature)));
  const put = await served.putManifest('x', digest, signature);
  assert.is(put.status, 201);
  assert.is(put.headers['oci-subject'], child.digest);
  assert.is(put.headers.warning, undefined);
  const list = await served.send('GET', `/v2/x/referrers/${child.digest}`);
  assert.is(list.headers['content-type'], MEDIA_TYPES.ociIndex);
  const referrer = {
    ...descriptorOf(MEDIA_TYPES.ociManifest, Buffer.from(JSON.stringify(signature))),
    artifactType: 'example/signature',
    annotations: { by: 'ada' },
  };
  const { manifests } = JSON.parse(list.body.toString()) as { manifests: unknown };
  assert.equal(manifests, [referrer]);
  const none = await served.send('GET', `/v2/x/referrers/${child.digest}?artifactType=a/b`);
  assert.is(none.headers['oci-filters-applied'], 'artifactType');
  assert.match(none.body.toString(), '"manifests":[]');
  assert.equal(codesOf(await served.send('GET', '/v2/x/referrers/sha256:1')), ['DIGEST_INVALID']);
  // It stays for as long as what it signs does.
  served.fixture.clock.advance(30 * 60 * 1000);
  served.images.sweep();
  assert.is((await served.send('GET', `/v2/x/manifests/${digest}`)).status, 200);
  assert.equal(served.bugs, []);
});

test('referrers come in pages that can be held', async () => {
  await using served = await ServedRegistry.open();
  const empty = Buffer.from('{}');
  await served.pushBlob('x', empty);
  const subject = descriptorOf(MEDIA_TYPES.ociManifest, Buffer.from('never pushed'));
  const digests: string[] = [];
  for (let count = 0; count < 5; count++) {
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: count % 2 === 0 ? 'a/even' : 'a/odd',
      config: descriptorOf('application/vnd.oci.empty.v1+json', empty),
      layers: [],
      annotations: Object.fromEntries(
        Array.from({ length: 30 }, (_, index) => [`${count}-${index}`, 'x'.repeat(50_000)]),
      ),
      subject,
    };
    const digest = digestOf(Buffer.from(JSON.stringify(manifest)));
    assert.is((await served.putManifest('x', digest, manifest)).status, 201);
    digests.push(digest);
  }
  const listed = async (query: string) => {
    const found: string[] = [];
    let pageCount = 0;
    let path: string | undefined = `/v2/x/referrers/${subject.digest}${query}`;
    while (path !== undefined) {
      const { headers, body } = await served.send('GET', path);
      const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] };
      found.push(...manifests.map(({ digest }) => digest));
      pageCount += 1;
      path = /^<([^>]+)>; rel="next"$/.exec(String(headers['link']))?.[1];
    }
    return { found: found.sort(), pageCount };
  };
  assert.equal(await listed(''), { found: [...digests].sort(), pageCount: 3 });
  const even = digests.filter((_, count) => count % 2 === 0).sort();
  assert.equal((await listed('?artifactType=a/even')).found, even);
});

test('deleting a tag, a manifest, and what a container or another repository needs', async () => {
  await using served = await ServedRegistry.open();
  const digest = await served.pushImage('x', 'a', 'text');
  await served.pushImage('x', 'b', 'text');
  const remove = (path: string) => served.send('DELETE', `/v2/${path}`);
  assert.is((await remove('x/manifests/a')).status, 202);
  assert.equal(codesOf(await remove('x/manifests/a')), ['MANIFEST_UNKNOWN']);
  assert.equal(served.images.get('x:b').repoTags, ['x:b']);
  const { digest: layer } = served.images.get('x:b').layers[0]?.descriptor ?? { digest };
  assert.equal(codesOf(await remove(`x/blobs/${layer}`)), ['UNSUPPORTED']);
  served.images.tag('x:b', 'y:b');
  assert.equal(codesOf(await remove(`z/manifests/${digest}`)), ['MANIFEST_UNKNOWN']);
  assert.is((await remove(`x/manifests/${digest}`)).status, 202);
  assert.equal(served.images.get('y:b').repoTags, ['y:b']);
  assert.equal(served.images.get('y:b').repoDigests, []);
  const { id } = served.images.get('y:b');
  served.usedImages.add(id);
  assert.is((await remove(`y/manifests/${digest}`)).status, 202);
  assert.equal(served.images.get(id).repoTags, []);
  served.usedImages.clear();
  assert.is((await remove(`y/manifests/${digest}`)).status, 202);
  assert.equal(served.images.list(), []);
  assert.is((await served.send('GET', `/v2/y/manifests/${digest}`)).status, 404);
  served.fixture.clock.advance(30 * 60 * 1000);
  served.images.sweep();
  assert.equal([...served.images.content.list()], []);
  assert.equal(served.bugs, []);
});

test.run();
