import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PushedBlob } from '../../../src/registry/contract.ts';
import { FakeRegistry, sha256 } from '../../fake/fake-registry.ts';
import {
  CHUNK_BYTES,
  failureOf,
  patternBytes,
  RegistryHarness,
} from '../../fake/registry-harness.ts';

const UPLOAD = /\/blobs\/uploads\//;

const SMALL = patternBytes(1_000);
const LARGE = patternBytes(3 * CHUNK_BYTES + 1);

function pushed(bytes: Uint8Array): PushedBlob {
  async function* open(offset: number) {
    for (let at = offset; at < bytes.length; at += 30_000) yield bytes.subarray(at, at + 30_000);
  }
  return { digest: sha256(bytes), sizeBytes: bytes.length, mountFrom: [], open };
}

/** Somebody who pushes to a registry, and what there is to be pushed. */
class Fixture implements AsyncDisposable {
  readonly registry: FakeRegistry;
  readonly harness = new RegistryHarness();

  private constructor(registry: FakeRegistry) {
    this.registry = registry;
  }

  static async start(auth?: 'token' | 'basic'): Promise<Fixture> {
    const user = { username: 'ada', password: 'secret' };
    return new Fixture(await FakeRegistry.start(auth ? { auth: { kind: auth, ...user } } : {}));
  }

  push(bytes: Uint8Array, own: Partial<PushedBlob> = {}, signal?: AbortSignal) {
    const blob = { ...pushed(bytes), ...own };
    return this.harness.client.pushBlob(`${this.registry.host}/team/app`, blob, { signal });
  }

  has(bytes: Uint8Array): boolean {
    const key = `team/app ${sha256(bytes)}`;
    return this.registry.blobs.get(key)?.equals(bytes) === true;
  }

  /** Methods and the ranges of chunks, of all but pings. */
  get steps(): readonly string[] {
    return this.registry.requests
      .filter(({ url }) => url.includes('/blobs/'))
      .map(({ method, headers }) => `${method} ${headers['content-range'] ?? ''}`.trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.harness[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
  }
}

test('a small one in one piece, and not again', async () => {
  await using fixture = await Fixture.start();
  assert.equal(await fixture.push(SMALL), { kind: 'pushed' });
  assert.ok(fixture.has(SMALL));
  assert.equal(fixture.steps, ['HEAD', 'POST', 'PUT']);
  assert.equal(await fixture.push(SMALL), { kind: 'present' });
  assert.equal(fixture.steps, ['HEAD', 'POST', 'PUT', 'HEAD']);
  assert.equal(await fixture.push(Buffer.alloc(0)), { kind: 'pushed' });
});

test('a large one, too', async () => {
  await using fixture = await Fixture.start();
  const sent: number[] = [];
  await fixture.push(LARGE, { progress: (sentBytes) => sent.push(sentBytes) });
  assert.ok(fixture.has(LARGE));
  assert.equal(fixture.steps, ['HEAD', 'POST', 'PUT']);
  assert.equal([sent.at(0), sent.at(-1)], [30_000, LARGE.length]);
  assert.ok(sent.every((each, index) => each > (sent[index - 1] ?? 0)));
});

test('what is too large for the registry goes in chunks, smaller and smaller', async () => {
  await using fixture = await Fixture.start();
  const { registry } = fixture;
  const tooLarge = (status: number): void =>
    registry.misbehave({ url: UPLOAD, does: { kind: 'answer', status }, method: 'PUT' });
  tooLarge(413);
  await fixture.push(LARGE);
  assert.ok(fixture.has(LARGE));
  assert.equal(fixture.steps, [
    ...['HEAD', 'POST', 'PUT', 'DELETE', 'HEAD', 'POST'],
    ...['PATCH 0-95999', 'PATCH 96000-191999', 'PATCH 192000-287999', 'PUT 288000-288000'],
  ]);
  registry.blobs.clear();
  tooLarge(413);
  registry.misbehave({ url: UPLOAD, does: { kind: 'answer', status: 416 }, method: 'PATCH' });
  await fixture.push(LARGE);
  assert.ok(fixture.has(LARGE));
  assert.equal(fixture.steps.slice(-2), ['PATCH 276000-287999', 'PUT 288000-288000']);
  registry.blobs.clear();
  const before = registry.requests.length;
  registry.misbehave({ url: UPLOAD, does: { kind: 'answer', status: 413 }, times: 100 });
  assert.match(
    await failureOf(fixture.push(LARGE)),
    /^invalid-argument: cannot push to .*413 Payload Too Large$/,
  );
  assert.ok(registry.requests.length - before < 30);
});

test('chunks are as large as the registry wants them to be', async () => {
  await using fixture = await Fixture.start();
  fixture.registry.minChunkBytes = 250_000;
  fixture.registry.misbehave({ method: 'PUT', url: UPLOAD, does: { kind: 'answer', status: 413 } });
  await fixture.push(LARGE);
  assert.ok(fixture.has(LARGE));
  assert.equal(fixture.steps.slice(-2), ['PATCH 0-249999', 'PUT 250000-288000']);
});

test('a connection that breaks: sent on in chunks from where the registry is', async () => {
  await using fixture = await Fixture.start();
  const { registry } = fixture;
  const breakAt = (method: string, afterBytes: number): void =>
    registry.misbehave({ method, url: UPLOAD, does: { kind: 'break-request', afterBytes } });
  breakAt('PUT', 40_000);
  breakAt('PATCH', 50_000);
  await fixture.push(LARGE);
  assert.ok(fixture.has(LARGE));
  assert.equal(fixture.steps, [
    ...['HEAD', 'POST', 'PUT', 'GET', 'PATCH 40000-135999', 'GET'],
    ...['PATCH 90000-185999', 'PATCH 186000-281999', 'PUT 282000-288000'],
  ]);
});

test('an upload that the registry has lost begins anew', async () => {
  await using fixture = await Fixture.start();
  const breaks = { kind: 'break-request', afterBytes: 60_000 } as const;
  fixture.registry.misbehave({ method: 'PUT', url: UPLOAD, does: breaks });
  const lost = { kind: 'answer', status: 404 } as const;
  fixture.registry.misbehave({ method: 'GET', url: UPLOAD, does: lost });
  assert.equal(await fixture.push(LARGE), { kind: 'pushed' });
  assert.ok(fixture.has(LARGE));
  const steps = ['PUT', 'GET', 'HEAD', 'POST', 'PATCH 0-95999'];
  assert.equal(fixture.steps.slice(2, 7), steps);
});

test('a registry that says nonsense of how far it is', async () => {
  for (const range of ['0-999999999', '5-10', 'x', '']) {
    await using fixture = await Fixture.start();
    const { registry } = fixture;
    const breaks = { kind: 'break-request', afterBytes: 60_000 } as const;
    registry.misbehave({ method: 'PUT', url: UPLOAD, does: breaks });
    const does = { kind: 'headers', headers: { range } } as const;
    registry.misbehave({ method: 'GET', url: UPLOAD, does });
    await fixture.push(LARGE);
    assert.ok(fixture.has(LARGE));
    assert.equal(fixture.steps.slice(2, 6), ['PUT', 'GET', 'HEAD', 'POST']);
  }
});

test('a registry whose range lags behind what it has taken', async () => {
  await using fixture = await Fixture.start();
  const { registry } = fixture;
  registry.misbehave({ method: 'PUT', url: UPLOAD, does: { kind: 'answer', status: 413 } });
  const does = { kind: 'headers', headers: { range: '0-95999' } } as const;
  registry.misbehave({ method: 'PATCH', url: UPLOAD, does, times: 3 });
  await fixture.push(LARGE);
  assert.ok(fixture.has(LARGE));
});

test('a commit whose answer gets lost is found to be done', async () => {
  await using fixture = await Fixture.start();
  fixture.registry.misbehave({ method: 'PUT', url: UPLOAD, does: { kind: 'lose-answer' } });
  assert.equal(await fixture.push(SMALL), { kind: 'pushed' });
  assert.ok(fixture.has(SMALL));
  assert.equal(fixture.steps, ['HEAD', 'POST', 'PUT', 'GET', 'HEAD']);
});

test('uploads that come no further than before are given up, and cancelled', async () => {
  await using fixture = await Fixture.start();
  const { registry } = fixture;
  const does = { kind: 'break-request', afterBytes: 0 } as const;
  registry.misbehave({ url: UPLOAD, method: 'PATCH', does, times: 1_000 });
  registry.misbehave({ url: UPLOAD, method: 'PUT', does, times: 1_000 });
  assert.match(
    await failureOf(fixture.push(LARGE)),
    /^unavailable: cannot push to 127\.0\.0\.1:\d+\/team\/app: 127\.0\.0\.1:\d+: connection /,
  );
  while (registry.openUploadCount > 0) await new Promise(setImmediate);
  assert.is(fixture.steps.filter((step) => /^(PUT|PATCH)/.test(step)).length, 5);
  assert.is(fixture.steps.at(-1), 'DELETE');
});

test('an abort cancels the upload', async () => {
  await using fixture = await Fixture.start();
  const controller = new AbortController();
  fixture.registry.misbehave({ method: 'PUT', url: UPLOAD, does: { kind: 'silence' } });
  const pushing = failureOf(fixture.push(LARGE, {}, controller.signal));
  while (!fixture.steps.some((step) => step.startsWith('PUT'))) {
    await new Promise(setImmediate);
  }
  controller.abort();
  assert.is(await pushing, 'cancelled: cancelled');
  while (fixture.registry.openUploadCount > 0) await new Promise(setImmediate);
  assert.is(fixture.steps.at(-1), 'DELETE');
});

test('content that cannot be read is not tried again', async () => {
  await using fixture = await Fixture.start();
  const failing = fixture.push(SMALL, {
    open: () => {
      throw new Error('the disk is gone');
    },
  });
  assert.match(await failureOf(failing), /the disk is gone/);
  const short = fixture.push(SMALL, { open: pushed(SMALL.subarray(1)).open });
  assert.is(await failureOf(short), 'data-loss: content ends 1 bytes too early');
  assert.not(fixture.has(SMALL));
});

test('mounted from the first that has it', async () => {
  await using fixture = await Fixture.start('token');
  const { registry, harness } = fixture;
  registry.addBlob('private/base', SMALL);
  const { host } = registry;
  const mountFrom = [`${host}/absent`, `${host}/private/base`, `${host}/never`];
  const credentials = { username: 'ada', password: 'secret' };
  assert.equal(
    await harness.client.pushBlob(
      `${host}/team/app`,
      { ...pushed(SMALL), mountFrom },
      { credentials },
    ),
    { kind: 'mounted', from: `${host}/private/base` },
  );
  assert.ok(fixture.has(SMALL));
  assert.is(registry.openUploadCount, 0);
  assert.not(fixture.steps.includes('PUT'));
});

test('not mounted anywhere: sent over the upload that the registry began instead', async () => {
  await using fixture = await Fixture.start();
  const { registry } = fixture;
  const { host } = registry;
  const mountFrom = [`${host}/a`, `${host}/team/app`, `${host}/b`];
  assert.equal(await fixture.push(SMALL, { mountFrom }), { kind: 'pushed' });
  assert.equal(fixture.steps, ['HEAD', 'POST', 'POST', 'DELETE', 'PUT']);
  assert.is(registry.openUploadCount, 0);
  registry.blobs.clear();
  const refused = { kind: 'answer', status: 405 } as const;
  registry.misbehave({ method: 'POST', url: /mount=/, does: refused, times: 2 });
  assert.equal(await fixture.push(SMALL, { mountFrom }), { kind: 'pushed' });
  assert.equal(fixture.steps.slice(5), ['HEAD', 'POST', 'POST', 'POST', 'PUT']);
});

for (const location of ['', 'gopher://x/', 'http://[']) {
  test(`an upload at ${JSON.stringify(location)}`, async () => {
    await using fixture = await Fixture.start();
    const does = { kind: 'answer', status: 202, headers: { location } } as const;
    fixture.registry.misbehave({ method: 'POST', url: UPLOAD, does });
    assert.match(
      await failureOf(fixture.push(SMALL)),
      /^invalid-argument: .*: 127\.0\.0\.1:\d+ answers 202 without a location that can be used$/,
    );
  });
}

test('content that is not what its digest says', async () => {
  await using fixture = await Fixture.start();
  const wrong = fixture.push(SMALL, { digest: sha256(LARGE) });
  assert.match(
    await failureOf(wrong),
    /^invalid-argument: cannot push to .*: digest invalid: provided digest did not match$/,
  );
});

test('denied in the words of Docker', async () => {
  await using fixture = await Fixture.start('token');
  const { registry, harness } = fixture;
  const denied = 'permission-denied: denied: requested access to the resource is denied';
  assert.is(await failureOf(fixture.push(SMALL)), denied);
  const bytes = Buffer.from('{}');
  const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes };
  const name = `${registry.host}/team/app`;
  assert.is(await failureOf(harness.client.pushManifest(name, '1', manifest, {})), denied);
  const credentials = { username: 'ada', password: 'wrong' };
  assert.is(
    await failureOf(harness.client.pushManifest(name, '1', manifest, { credentials })),
    'unauthenticated: unauthorized: incorrect username or password',
  );
  await using basic = await Fixture.start('basic');
  assert.is(
    await failureOf(basic.push(SMALL)),
    'unauthenticated: unauthorized: authentication required',
  );
});

test('a manifest, which is there then', async () => {
  await using fixture = await Fixture.start();
  const { registry, harness } = fixture;
  const image = registry.addImage('other', '1', [SMALL]);
  const name = `${registry.host}/team/app`;
  const manifest = await harness.client.fetchManifest(`${registry.host}/other`, '1', {});
  assert.match(
    await failureOf(harness.client.pushManifest(name, 'v1', manifest, {})),
    /^not-found: .*manifest blob unknown: blob unknown to registry$/,
  );
  registry.addBlob('team/app', SMALL);
  const config = registry.blobs.get(`other ${image.config.digest}`) ?? SMALL;
  registry.addBlob('team/app', config);
  await harness.client.pushManifest(name, 'v1', manifest, {});
  assert.is((await harness.client.headManifest(name, 'v1', {}))?.digest, image.digest);
  assert.is(registry.requests.at(-2)?.headers['content-type'], manifest.mediaType);
});

test.run();
