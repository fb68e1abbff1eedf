import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RegistryAccess } from '../../../src/registry/contract.ts';
import type { Descriptor } from '../../../src/spec/manifest.ts';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { collect, failureOf, patternBytes, RegistryHarness } from '../../fake/registry-harness.ts';

const SIZE_BYTES = 600_000;
const BYTES = patternBytes(SIZE_BYTES);

/** A registry with one blob, and somebody who fetches it. */
class Fixture implements AsyncDisposable {
  readonly registry: FakeRegistry;
  readonly harness = new RegistryHarness();
  readonly descriptor: Descriptor;

  private constructor(registry: FakeRegistry, path: string) {
    this.registry = registry;
    this.descriptor = {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: registry.addBlob(path, BYTES),
      size: SIZE_BYTES,
    };
  }

  static async start(): Promise<Fixture> {
    return new Fixture(await FakeRegistry.start(), 'team/app');
  }

  get name(): string {
    return `${this.registry.host}/team/app`;
  }

  async fetch(offset = 0, access: RegistryAccess = {}): Promise<Buffer> {
    const { client } = this.harness;
    return await collect(client.fetchBlob(this.name, this.descriptor, { offset, ...access }));
  }

  /** Of the requests for the blob so far. */
  get ranges(): readonly (string | undefined)[] {
    return this.registry.requests
      .filter(({ url }) => url.includes('/blobs/'))
      .map(({ headers }) => headers.range);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.harness[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
  }
}

const DATA = /\/blobs\//;

test('all of it, and from an offset on', async () => {
  await using fixture = await Fixture.start();
  assert.ok((await fixture.fetch()).equals(BYTES));
  assert.ok((await fixture.fetch(70_001)).equals(BYTES.subarray(70_001)));
  assert.equal(fixture.ranges, [undefined, 'bytes=70001-']);
  assert.is((await fixture.fetch(SIZE_BYTES)).length, 0);
  assert.is(fixture.ranges.length, 2);
});

for (const kind of ['break', 'stall'] as const) {
  test(`connections that ${kind}: taken up where they did`, async () => {
    await using fixture = await Fixture.start();
    for (let count = 0; count < 8; count++) {
      fixture.registry.misbehave({ url: DATA, does: { kind, afterBytes: 70_000 } });
    }
    assert.ok((await fixture.fetch()).equals(BYTES));
    assert.equal(
      fixture.ranges,
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((count) => (count ? `bytes=${count * 70_000}-` : undefined)),
    );
  });
}

test('tries that gain next to nothing are given up', async () => {
  await using fixture = await Fixture.start();
  const does = { kind: 'break', afterBytes: 100 } as const;
  fixture.registry.misbehave({ url: DATA, does, times: 1_000 });
  assert.is(
    await failureOf(fixture.fetch()),
    `unavailable: cannot pull ${fixture.name}: ${fixture.registry.host}: connection reset by peer`,
  );
  assert.is(fixture.ranges.length, 5);
});

test('a server without ranges: what we have is skipped', async () => {
  await using fixture = await Fixture.start();
  fixture.registry.misbehave({ url: DATA, does: { kind: 'break', afterBytes: 100_000 } });
  fixture.registry.misbehave({ url: DATA, does: { kind: 'ignore-range' }, times: 2 });
  assert.ok((await fixture.fetch()).equals(BYTES));
  assert.ok((await fixture.fetch(5)).equals(BYTES.subarray(5)));
});

for (const [range, ok] of [
  [`bytes 90-${SIZE_BYTES - 1}/*`, true],
  [`bytes 200-${SIZE_BYTES - 1}/${SIZE_BYTES}`, false],
  [`bytes 100-${SIZE_BYTES}/${SIZE_BYTES + 1}`, false],
  ['bytes 100-', false],
  ['', false],
] as const) {
  test(`a range ${JSON.stringify(range)} instead of the one from 100 on`, async () => {
    await using fixture = await Fixture.start();
    const body = BYTES.subarray(90);
    const headers = { 'content-range': range, 'content-length': String(body.length) };
    fixture.registry.misbehave({ url: DATA, does: { kind: 'answer', status: 206, headers, body } });
    if (ok) return assert.ok((await fixture.fetch(100)).equals(BYTES.subarray(100)));
    assert.is(
      await failureOf(fixture.fetch(100)),
      `invalid-argument: ${fixture.registry.host} answers for ${fixture.descriptor.digest} with the range ${JSON.stringify(range)}`,
    );
  });
}

test('more than it should be: cut off there', async () => {
  await using fixture = await Fixture.start();
  const { registry, descriptor } = fixture;
  registry.misbehave({
    url: DATA,
    does: { kind: 'answer', status: 200, body: BYTES, isEndless: true },
  });
  let receivedBytes = 0;
  const drain = async (): Promise<void> => {
    const { client } = fixture.harness;
    for await (const chunk of client.fetchBlob(fixture.name, descriptor, { offset: 0 })) {
      receivedBytes += chunk.length;
    }
  };
  assert.is(
    await failureOf(drain()),
    `invalid-argument: ${registry.host} sends more of ${descriptor.digest} than the ${SIZE_BYTES} bytes that it has`,
  );
  assert.ok(receivedBytes <= SIZE_BYTES);
});

test('less than it should be', async () => {
  await using fixture = await Fixture.start();
  const { registry, descriptor } = fixture;
  const body = BYTES.subarray(0, 10);
  const headers = { 'content-length': '10' };
  registry.misbehave({ url: DATA, does: { kind: 'answer', status: 200, headers, body } });
  assert.is(
    await failureOf(fixture.fetch()),
    `invalid-argument: ${registry.host} answers for ${descriptor.digest} with 10 bytes`,
  );
  registry.misbehave({ url: DATA, does: { kind: 'answer', status: 200, body } });
  registry.misbehave({
    url: DATA,
    does: {
      kind: 'answer',
      status: 206,
      headers: { 'content-range': `bytes 10-19/${SIZE_BYTES}` },
      body,
    },
    times: 100,
  });
  assert.is(
    await failureOf(fixture.fetch()),
    `unavailable: cannot pull ${fixture.name}: ${registry.host}: ended after 20 of ${SIZE_BYTES} bytes of ${descriptor.digest}`,
  );
});

test('a blob that is not there', async () => {
  await using fixture = await Fixture.start();
  const { registry, descriptor } = fixture;
  registry.blobs.clear();
  assert.is(
    await failureOf(fixture.fetch()),
    `not-found: blob ${descriptor.digest} of ${fixture.name} not found: blob unknown: blob unknown to registry`,
  );
});

test('a reader that takes its time is no stall, and holds the sender', async () => {
  await using fixture = await Fixture.start();
  const { clock, client } = fixture.harness;
  const received: Uint8Array[] = [];
  for await (const chunk of client.fetchBlob(fixture.name, fixture.descriptor, { offset: 0 })) {
    received.push(chunk);
    const untilMs = clock.monotonicMs() + 31_000;
    while (received.length < 3 && clock.monotonicMs() < untilMs) await new Promise(setImmediate);
  }
  assert.ok(Buffer.concat(received).equals(BYTES));
  assert.is(fixture.ranges.length, 1);
});

test('an abort in the middle; a reader that goes away', async () => {
  await using fixture = await Fixture.start();
  const { client } = fixture.harness;
  const controller = new AbortController();
  const { signal } = controller;
  fixture.registry.misbehave({ url: DATA, does: { kind: 'stall', afterBytes: 100 } });
  const drain = async (): Promise<void> => {
    const options = { offset: 0, signal };
    for await (const _ of client.fetchBlob(fixture.name, fixture.descriptor, options)) {
      controller.abort();
    }
  };
  assert.is(await failureOf(drain()), 'cancelled: cancelled');
  fixture.registry.misbehave({ url: DATA, does: { kind: 'stall', afterBytes: 100 } });
  for await (const _ of client.fetchBlob(fixture.name, fixture.descriptor, { offset: 0 })) break;
  assert.ok((await fixture.fetch()).equals(BYTES));
});

test('blobs in a storage elsewhere: tokens are not shown to it', async () => {
  await using storage = await FakeRegistry.start();
  const auth = { kind: 'token', username: 'ada', password: 'secret' } as const;
  await using registry = await FakeRegistry.start({ auth });
  await using harness = new RegistryHarness();
  const digest = registry.addBlob('private/app', BYTES);
  storage.addBlob('private/app', BYTES);
  registry.blobStorage = storage.origin;
  storage.misbehave({ url: DATA, does: { kind: 'break', afterBytes: 100_000 } });
  const descriptor = { mediaType: 'application/octet-stream', digest, size: SIZE_BYTES };
  const options = { offset: 0, credentials: { username: 'ada', password: 'secret' } };
  const name = `${registry.host}/private/app`;
  assert.ok((await collect(harness.client.fetchBlob(name, descriptor, options))).equals(BYTES));
  assert.is(storage.requests.length, 2);
  for (const { headers } of storage.requests) assert.is(headers.authorization, undefined);
  assert.is(storage.requests[1]?.headers.range, 'bytes=100000-');
});

test.run();
