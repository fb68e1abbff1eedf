import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../src/base/engine-error.ts';
import type { Misbehaviour } from '../fake/fake-exchange.ts';
import { FakeRegistry, sha256 } from '../fake/fake-registry.ts';
import { collect, patternBytes, RegistryHarness } from '../fake/registry-harness.ts';

// Whatever a registry does on the way: a blob arrives as it was, or there is an error in words.

const RUNS = 60;

const afterBytes = fc.integer({ min: 0, max: 250_000 });
const status = fc.constantFrom(400, 404, 408, 413, 416, 429, 500, 503);
const headers = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { 'retry-after': '7' },
  { 'content-length': '0' },
  { range: '0-5' },
  { location: '/elsewhere' },
  { 'content-range': 'bytes 0-1/2' },
);
const misbehaviour: fc.Arbitrary<Misbehaviour> = fc.oneof(
  fc.record({ kind: fc.constant('break' as const), afterBytes }),
  fc.record({ kind: fc.constant('stall' as const), afterBytes }),
  fc.record({ kind: fc.constant('break-request' as const), afterBytes }),
  fc.record({ kind: fc.constantFrom('silence', 'lose-answer', 'ignore-range') }),
  fc.record({ kind: fc.constant('answer' as const), status, headers }),
);
const rules = fc.array(fc.record({ does: misbehaviour, skipped: fc.integer({ min: 0, max: 3 }) }), {
  maxLength: 8,
});
const sizeBytes = fc.integer({ min: 0, max: 300_000 });

/** Each misbehaviour after some requests that go well. */
function prepare(
  registry: FakeRegistry,
  list: typeof rules extends fc.Arbitrary<infer T> ? T : never,
) {
  for (const { does, skipped } of list) {
    if (skipped > 0) registry.misbehave({ url: /blobs/, does: WELL, times: skipped });
    registry.misbehave({ url: /blobs/, does });
  }
}

/** Headers that change nothing. */
const WELL: Misbehaviour = { kind: 'headers', headers: {} };

async function unlessRefused<Value>(act: Promise<Value>): Promise<Value | undefined> {
  try {
    return await act;
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    assert.ok(['unavailable', 'invalid-argument', 'not-found'].includes(thrown.kind), thrown.kind);
    assert.match(thrown.message, /127\.0\.0\.1/);
    return undefined;
  }
}

test('what is pulled is what there is', async () => {
  await fc.assert(
    fc.asyncProperty(rules, sizeBytes, fc.nat(100), async (list, size, percent) => {
      await using registry = await FakeRegistry.start();
      await using harness = new RegistryHarness();
      const bytes = patternBytes(size);
      const offset = Math.floor((size * percent) / 100);
      const descriptor = { mediaType: 'x', digest: registry.addBlob('app', bytes), size };
      prepare(registry, list);
      const blob = harness.client.fetchBlob(`${registry.host}/app`, descriptor, { offset });
      const received = await unlessRefused(collect(blob));
      if (received) assert.ok(received.equals(bytes.subarray(offset)));
    }),
    { numRuns: RUNS },
  );
});

test('what is pushed is there then', async () => {
  await fc.assert(
    fc.asyncProperty(rules, sizeBytes, async (list, size) => {
      await using registry = await FakeRegistry.start();
      await using harness = new RegistryHarness();
      const bytes = patternBytes(size);
      const digest = sha256(bytes);
      prepare(registry, list);
      const blob = {
        digest,
        sizeBytes: size,
        mountFrom: [`${registry.host}/none`],
        async *open(offset: number) {
          for (let at = offset; at < size; at += 20_000) yield bytes.subarray(at, at + 20_000);
        },
      };
      const outcome = await unlessRefused(
        harness.client.pushBlob(`${registry.host}/app`, blob, {}),
      );
      if (outcome) assert.ok(registry.blobs.get(`app ${digest}`)?.equals(bytes));
    }),
    { numRuns: RUNS },
  );
});

test.run();
