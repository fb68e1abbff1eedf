import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemCallReference } from '../../../scripts/system-call-reference.ts';
import { ABIS } from '../../../src/abi/abis.ts';

for (const { moduleName, calls, support } of ABIS) {
  test(`what is said of ${moduleName} is about functions that are there, or are not`, () => {
    const noted = Object.keys(support.partial).filter((name) => !Object.hasOwn(calls, name));
    assert.equal(noted, [], 'partial, but not there at all');
    const present = Object.keys(support.missing).filter((name) => Object.hasOwn(calls, name));
    assert.equal(present, [], 'missing, but there');
  });
}

test('preview1 has all of its functions', () => {
  const preview1 = ABIS.find(({ moduleName }) => moduleName === 'wasi_snapshot_preview1');
  // As many as legacy/preview1/docs.md of WebAssembly/WASI lists.
  assert.is(Object.keys(preview1?.calls ?? {}).length, 46);
});

test('the page on system calls is what the code says (npm run docs)', () => {
  const page = new URL('../../../docs/reference/system-calls.md', import.meta.url);
  assert.is(readFileSync(page, 'utf8'), systemCallReference(ABIS));
});

test.run();
