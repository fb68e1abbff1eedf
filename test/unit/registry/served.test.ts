import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PushedBlob } from '../../../src/registry/contract.ts';
import { BreakingProxy } from '../../fake/breaking-proxy.ts';
import { sha256 } from '../../fake/fake-registry.ts';
import { collect, patternBytes, RegistryHarness } from '../../fake/registry-harness.ts';
import { ServedRegistry } from '../../fake/served-registry.ts';

// The registry client and the built-in registry, over connections that break.

const BYTES = patternBytes(2_000_000);

test('what the built-in registry has kept of a broken push is not sent again', async () => {
  await using served = await ServedRegistry.open();
  await using proxy = await BreakingProxy.start(new URL(served.url).host);
  await using harness = new RegistryHarness();
  const blob: PushedBlob = {
    digest: sha256(BYTES),
    sizeBytes: BYTES.length,
    mountFrom: [],
    async *open(offset) {
      for (let at = offset; at < BYTES.length; at += 16_384) {
        yield BYTES.subarray(at, at + 16_384);
      }
    },
  };
  proxy.breakNext('up', 900_000);
  const name = `${proxy.host}/team/app`;
  assert.equal(await harness.client.pushBlob(name, blob, {}), { kind: 'pushed' });
  assert.is(proxy.brokenCount, 1);
  const uploads = served.accessLines.filter(({ method }) => method === 'POST');
  assert.is(uploads.length, 1);
  assert.equal(await harness.client.pushBlob(name, blob, {}), { kind: 'present' });
  proxy.breakNext('down', 500_000, 3);
  const descriptor = { mediaType: 'x', digest: blob.digest, size: BYTES.length };
  assert.ok(
    (await collect(harness.client.fetchBlob(name, descriptor, { offset: 7 }))).equals(
      BYTES.subarray(7),
    ),
  );
  assert.is(proxy.brokenCount, 4);
  assert.equal(served.bugs, []);
});

test.run();
