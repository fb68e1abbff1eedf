import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLines, readStrings } from '../../../src/abi/strings.ts';
import { ERRNO } from '../../../src/base/errno.ts';
import { GuestMemory } from '../../../src/kernel/guest-memory.ts';

const wasm = new WebAssembly.Memory({ initial: 100 });
const memory = new GuestMemory(wasm);

function put(text: string): number {
  const bytes = Buffer.from(text);
  new Uint8Array(wasm.buffer).set(bytes);
  return bytes.length;
}

test('strings end with a NUL each, the last one perhaps without', () => {
  assert.equal(readStrings(memory, 0, put('a\0bc\0')), ['a', 'bc']);
  assert.equal(readStrings(memory, 0, put('a\0bc')), ['a', 'bc']);
  assert.equal(readStrings(memory, 0, put('a\0\0\0')), ['a', '', '']);
  assert.equal(readStrings(memory, 0, put('\0')), ['']);
  assert.equal(readStrings(memory, 0, 0), []);
  assert.equal(readLines(memory, 0, put('one\ntwo\n')), ['one', 'two']);
});

test('too many strings, or bytes, are refused', () => {
  const refused = (run: () => unknown): void =>
    assert.throws(run, (thrown: unknown) => thrown === ERRNO.E2BIG);
  const MOST = 65_536;
  assert.is(readStrings(memory, 0, put('\0'.repeat(MOST))).length, MOST);
  assert.is(readStrings(memory, 0, put(`${'\0'.repeat(MOST - 1)}x`)).length, MOST);
  refused(() => readStrings(memory, 0, put('\0'.repeat(MOST + 1))));
  refused(() => readStrings(memory, 0, put(`${'\0'.repeat(MOST)}x`)));
  refused(() => readStrings(memory, 0, put('\0'.repeat(4_000_000))));
  refused(() => readStrings(memory, 0, 4 * 1024 * 1024 + 1));
  assert.throws(
    () => readStrings(memory, 6_500_000, 100_000),
    (thrown: unknown) => thrown === ERRNO.EFAULT,
  );
});

test.run();
