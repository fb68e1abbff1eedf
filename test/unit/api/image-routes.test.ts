import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import type { ContainerId } from '../../../src/engine/container-id.ts';
import type { DiskUsageResponse } from '../../../src/wire/disk-usage.ts';
import type { ImageInspect, ImagePruneResponse, ImageSummary } from '../../../src/wire/image.ts';
import { encodeRegistryAuth } from '../../../src/wire/registry-auth.ts';
import { containerOf, FakeImageApi } from '../../fake/fake-image-api.ts';
import { digestOf, fakeImage } from '../../fake/fake-images.ts';

const OLD_NS = 1_600_000_000_000_000_000n;

function named(...repoTags: readonly string[]) {
  return { repoTags };
}

test('the list is filtered, and tells more to those who ask', async () => {
  await using api = await FakeImageApi.open([
    fakeImage('1', { ...named('python:3', 'python:latest'), config: { Labels: { a: 'b' } } }),
    fakeImage('2', { ...named('ghcr.io/team/tool:v1'), createdNs: OLD_NS }),
    fakeImage('3'),
  ]);
  const list = async (filters: object): Promise<string> => {
    const query = encodeURIComponent(JSON.stringify(filters));
    const images = await api.json<readonly ImageSummary[]>('GET', `/images/json?filters=${query}`);
    return images.map(({ Id }) => Id.charAt('sha256:'.length)).join('');
  };
  assert.is(await list({}), '123');
  assert.is(await list({ dangling: ['true'] }), '3');
  assert.is(await list({ dangling: ['false'] }), '12');
  assert.is(await list({ label: ['a'] }), '1');
  assert.is(await list({ label: ['a=c'] }), '');
  assert.is(await list({ reference: ['python'] }), '1');
  assert.is(await list({ reference: ['*/*/t?ol'] }), '2');
  assert.is(await list({ reference: ['p*:3', '*/tool'] }), '1');
  assert.is(await list({ before: ['python'] }), '2');
  assert.is(await list({ since: ['ghcr.io/team/tool:v1'] }), '13');
  assert.is(await list({ until: ['24h'] }), '2');
  assert.is(await list({ until: ['2020-01-01'] }), '');
  // Of a pattern that looks for itself in many ways.
  assert.is(await list({ reference: [`${'*a'.repeat(400)}b`] }), '');
  const query = encodeURIComponent('{"before":["nothing"]}');
  assert.is((await api.send('GET', `/images/json?filters=${query}`)).status, 404);
});

test('versions of the API differ in what an image is told with', async () => {
  await using api = await FakeImageApi.open([fakeImage('1', named('a:latest'))]);
  const summary = async (version: string): Promise<ImageSummary | undefined> =>
    (await api.json<readonly ImageSummary[]>('GET', `/v${version}/images/json?shared-size=1`))[0];
  const inspect = (version: string): Promise<ImageInspect> =>
    api.json('GET', `/v${version}/images/a/json`);
  const [old, current] = [await summary('1.43'), await summary('1.51')];
  assert.equal([old?.VirtualSize, old?.Descriptor], [3_400_000, undefined]);
  assert.equal([current?.VirtualSize, current?.Descriptor?.digest], [undefined, digestOf('2')]);
  assert.equal([current?.SharedSize, current?.Containers], [400_000, -1]);
  assert.is((await inspect('1.43')).VirtualSize, 3_400_000);
  assert.is((await inspect('1.49')).Config.Hostname, '');
  const { Config: config, Descriptor: descriptor, RootFS: rootFs } = await inspect('1.51');
  assert.not('Hostname' in config);
  assert.equal(config.Cmd, ['/program']);
  assert.equal(descriptor, {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf('2'),
    size: 500,
  });
  assert.equal(rootFs.Layers, [digestOf('d')]);
});

test('manifests tell of the one image that a name has, and of its containers', async () => {
  await using api = await FakeImageApi.open([fakeImage('1', named('a:latest'))]);
  const container = await containerOf(digestOf('1'));
  api.containers = [container];
  const { Manifests: manifests } = await api.json<ImageInspect>(
    'GET',
    '/images/a/json?manifests=1',
  );
  const [only] = manifests ?? [];
  assert.equal(only?.Size, { Content: 1_200_500, Total: 4_600_500 });
  assert.equal(only?.ImageData, {
    Platform: { architecture: 'wasm', os: 'wasi' },
    Containers: [container.id],
    Size: { Unpacked: 3_400_000 },
  });
});

test('history has the newest first', async () => {
  const step = (createdBy: string, sizeBytes: number) => ({
    createdNs: OLD_NS,
    createdBy,
    comment: '',
    sizeBytes,
  });
  await using api = await FakeImageApi.open([
    fakeImage('1', { ...named('a:latest'), history: [step('ADD x', 10), step('CMD y', 0)] }),
    fakeImage('2', { comment: 'Imported' }),
  ]);
  assert.equal(await api.json('GET', '/images/a/history'), [
    {
      Id: digestOf('1'),
      Created: 1_600_000_000,
      CreatedBy: 'CMD y',
      Tags: ['a:latest'],
      Size: 0,
      Comment: '',
    },
    {
      Id: '<missing>',
      Created: 1_600_000_000,
      CreatedBy: 'ADD x',
      Tags: null,
      Size: 10,
      Comment: '',
    },
  ]);
  const [bare] = await api.json<readonly { Size: number; Comment: string }[]>(
    'GET',
    `/images/${digestOf('2')}/history`,
  );
  assert.equal([bare?.Size, bare?.Comment], [3_400_000, 'Imported']);
});

test('prune leaves what is named or in use', async () => {
  await using api = await FakeImageApi.open([
    fakeImage('1', named('a:latest')),
    fakeImage('2'),
    fakeImage('3', { config: { Labels: { keep: '' } } }),
    fakeImage('4'),
  ]);
  api.containers = [await containerOf(digestOf('4'))];
  api.images.leftoverBytes = 7;
  const prune = (filters: object): Promise<ImagePruneResponse> =>
    api.json('POST', `/images/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`);
  assert.equal(await prune({ 'label!': ['keep'] }), {
    ImagesDeleted: [{ Deleted: digestOf('2') }],
    SpaceReclaimed: 3_400_007,
  });
  assert.equal(await prune({ until: ['2h'] }), { ImagesDeleted: null, SpaceReclaimed: 0 });
  assert.equal(await prune({ dangling: { false: true } }), {
    ImagesDeleted: [
      { Untagged: 'a:latest' },
      { Deleted: digestOf('1') },
      { Deleted: digestOf('3') },
    ],
    SpaceReclaimed: 6_800_000,
  });
  assert.equal(
    api.images.images.map(({ id }) => id),
    [digestOf('4')],
  );
});

test('an image that a container is made of stays', async () => {
  await using api = await FakeImageApi.open([fakeImage('1', named('a:latest', 'b:latest'))]);
  const container = await containerOf(digestOf('1'));
  api.containers = [container];
  const { status, body } = await api.send('DELETE', `/images/${digestOf('1')}?force=1`);
  assert.is(status, 409);
  assert.match(body, `container ${container.id.slice(0, 12)} is using its referenced image`);
});

test('search asks with a limit, and filters what comes', async () => {
  await using api = await FakeImageApi.open();
  const repository = { description: 'd', starCount: 5, isOfficial: true };
  api.transfers.found = [
    { ...repository, name: 'a' },
    { ...repository, name: 'b', isOfficial: false, starCount: 500 },
  ];
  const names = async (query: string): Promise<string> => {
    const items = await api.json<readonly { name: string }[]>('GET', `/images/search?${query}`);
    return items.map(({ name }) => name).join('');
  };
  assert.is(await names('term=x'), 'ab');
  assert.is(await names('term=x&limit=100&filters={"is-official":["true"]}'), 'a');
  assert.is(await names('term=x&filters={"stars":["6"]}'), 'b');
  assert.is(await names('term=x&filters={"is-automated":["true"]}'), '');
  assert.equal(api.transfers.calls.slice(0, 2), ['search x 25', 'search x 100']);
  for (const bad of ['', 'term=', 'term=x&limit=101', 'term=x&filters={"stars":["many"]}']) {
    assert.is((await api.send('GET', `/images/search?${bad}`)).status, 400, bad);
  }
});

test('auth asks the registry that the address means', async () => {
  await using api = await FakeImageApi.open();
  const logIn = (serveraddress: string): Promise<unknown> =>
    api.json('POST', '/auth', { username: 'ada', password: 'pw', serveraddress });
  assert.equal(await logIn('https://index.docker.io/v1/'), {
    Status: 'Login Succeeded',
    IdentityToken: '',
  });
  api.transfers.identityToken = 'token';
  assert.equal(await logIn('ghcr.io'), { Status: 'Login Succeeded', IdentityToken: 'token' });
  await logIn('http://localhost:5000/v2/');
  assert.equal(api.transfers.calls, ['login docker.io', 'login ghcr.io', 'login localhost:5000']);
  api.transfers.failure = new EngineError('unauthenticated', 'incorrect username or password');
  const refused = await api.send('POST', '/auth', { body: '{"username":"ada","password":"x"}' });
  assert.is(refused.status, 401);
});

test('a registry’s manifest: what it is, and as it is', async () => {
  await using api = await FakeImageApi.open();
  const bytes = Buffer.from('{"schemaVersion":2}');
  const descriptor = {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: digestOf('5'),
    size: bytes.length,
  };
  const platforms = [{ os: 'wasi', architecture: 'wasm' }];
  api.transfers.remote = { descriptor, bytes, platforms };
  assert.equal(await api.json('GET', '/distribution/localhost:5000/a/b/json'), {
    Descriptor: descriptor,
    Platforms: [{ architecture: 'wasm', os: 'wasi' }],
  });
  const auth = encodeRegistryAuth({ auth: Buffer.from('ada:p:w').toString('base64') });
  const raw = await api.send('GET', '/wolffia/manifests/a/b:v1', {
    headers: { 'X-Registry-Auth': auth },
  });
  assert.equal(api.transfers.lastAccess?.credentials, { username: 'ada', password: 'p:w' });
  assert.is(raw.body, '{"schemaVersion":2}');
  assert.is(raw.headers['content-type'], descriptor.mediaType);
  assert.is(raw.headers['docker-content-digest'], digestOf('5'));
  api.transfers.remote = {
    descriptor: { ...descriptor, mediaType: 'a\r\nb: c' },
    bytes,
    platforms,
  };
  const strange = await api.send('GET', '/wolffia/manifests/a/b:v1');
  assert.is(strange.headers['content-type'], 'application/octet-stream');
  assert.equal(api.transfers.calls, [
    'inspect localhost:5000/a/b:latest',
    'inspect a/b:v1',
    'inspect a/b:v1',
  ]);
});

test('df tells of images and of what containers wrote', async () => {
  await using api = await FakeImageApi.open([fakeImage('1', named('a:latest'))]);
  const container = await containerOf(digestOf('1'));
  const idle = { ...container, id: 'b'.repeat(64) as ContainerId };
  api.containers = [container, idle];
  api.images.leftoverBytes = 9;
  const upper = join(api.directory, 'containers', container.id, 'upper', 'etc');
  mkdirSync(upper, { recursive: true });
  writeFileSync(join(upper, 'a'), '12345');
  writeFileSync(join(upper, '..', 'b'), '123');
  const usage = await api.json<DiskUsageResponse>('GET', '/system/df');
  assert.equal(usage.LayersSize, 3_400_000);
  assert.equal(usage.Wolffia, { ContentSize: 3_400_009, UsedSize: 4_600_500, UnusedSize: 9 });
  const [image] = usage.Images ?? [];
  assert.equal([image?.Containers, image?.SharedSize], [2, 400_000]);
  assert.equal(
    usage.Containers?.map(({ SizeRw, SizeRootFs }) => [SizeRw, SizeRootFs]),
    [
      [8, 3_400_008],
      [0, 3_400_000],
    ],
  );
  const part = await api.json<DiskUsageResponse>('GET', '/system/df?type=volume&type=build-cache');
  assert.equal(part, { Volumes: [], BuildCache: [] });
  assert.is((await api.send('GET', '/system/df?type=x')).status, 400);
});

test('fsck tells what it looks at, what it found, and that it is done', async () => {
  await using api = await FakeImageApi.open([fakeImage('1')]);
  api.images.findings.push({ severity: 'loss', subject: 'a:latest', message: 'damaged' });
  const { body } = await api.send('GET', '/system/fsck');
  const lines = body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(lines, [
    { Checking: { Digest: digestOf('1'), Size: 3_400_000 } },
    { Finding: { Severity: 'loss', Subject: 'a:latest', Message: 'damaged' } },
    { Done: { Checked: 1, Size: 3_400_000 } },
  ]);
});

test.run();
