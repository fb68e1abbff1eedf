import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, meter, meterText } from './modules.ts';

const MEMORY = `
  (memory (export "memory") 200 260)
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "looped") (param i32 i32 i32)
    (loop
      (memory.copy (local.get 0) (local.get 1) (local.get 2))
      (br_if 0 (i32.const 0))))`;

const MIB = 1 << 20;

/** `WebAssembly.Table`, of which Node's types know nothing. */
interface AccessibleTable {
  get(index: number): unknown;
  set(index: number, value: unknown): void;
}

function bytesOf(exports: WebAssembly.Exports): Uint8Array {
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('no memory');
  return new Uint8Array(memory.buffer);
}

test('bulk operations cost a unit for 16 bytes', async () => {
  const guest = await meterText(MEMORY);
  assert.is(guest.costOf('copy', 0, 100, 0), 4);
  assert.is(guest.costOf('copy', 0, 100, 1_600), 4 + 100);
  assert.is(guest.costOf('fill', 0, 1, 5 * MIB + 33), 4 + (5 * MIB + 33) / 16 - 1 / 16);
  assert.is(guest.costOf('copy', 0, 64, 5 * MIB), 4 + (5 * MIB) / 16);
});

test('huge copies go in pieces, in the right direction, and yield between them', async () => {
  const bytes = await assemble(MEMORY);
  for (const name of ['copy', 'looped']) {
    for (const [to, from] of [
      [0, 3],
      [3, 0],
      [2 * MIB, 0],
      [0, 2 * MIB],
      [7, 7],
    ] as const) {
      const guest = meter(bytes, { slice: 10_000 });
      const memory = bytesOf(guest.exports);
      for (let index = 0; index < 8 * MIB; index++) memory[index] = (index * 7919) >>> 8;
      const expected = memory.slice();
      const size = 5 * MIB + 12_345;
      expected.copyWithin(to, from, from + size);
      guest.call(name, to, from, size);
      assert.is(Buffer.compare(memory, expected), 0, `${name} ${to} from ${from}`);
      assert.ok(guest.yields() >= 5, `${guest.yields()} yields`);
    }
  }
});

test('huge operations out of bounds write nothing', async () => {
  const guest = await meterText(MEMORY);
  const memory = bytesOf(guest.exports);
  memory.fill(9);
  const { length } = memory;
  for (const [name, ...args] of [
    ['fill', length - 4 * MIB, 1, 4 * MIB + 1],
    ['fill', 0, 1, -1],
    ['copy', length - 4 * MIB, 0, 4 * MIB + 1],
    ['copy', 0, length - 4 * MIB, 4 * MIB + 1],
    ['copy', -1, 0, 4 * MIB],
  ] as const) {
    assert.throws(() => guest.call(name, ...args), /out of bounds/);
  }
  assert.is(memory.indexOf(8), -1);
  assert.is(memory.indexOf(1), -1);
  assert.is(memory.indexOf(0), -1);
});

test('a guest can be ended within a huge operation', async () => {
  const guest = await meterText(MEMORY, { slice: 1_000, budget: 100_000 });
  assert.throws(() => guest.call('fill', 0, 1, 12 * MIB), /unreachable/);
  const memory = bytesOf(guest.exports);
  assert.is(memory[0], 1);
  assert.is(memory[3 * MIB], 0);
});

test('segments larger than a piece', async () => {
  const guest = await meterText(
    `(memory (export "memory") 80)
     (data $big "${'abcdefghijklmnop'.repeat((3 * MIB) / 16)}")
     (func (export "init") (param i32 i32 i32)
       (memory.init $big (local.get 0) (local.get 1) (local.get 2)))
     (func (export "dropSegment") (data.drop $big))`,
    { slice: 1_000 },
  );
  guest.call('init', 5, 3, 3 * MIB - 3);
  const memory = bytesOf(guest.exports);
  assert.is(memory[5], 'd'.charCodeAt(0));
  assert.is(memory[5 + 3 * MIB - 4], 'p'.charCodeAt(0));
  assert.ok(guest.yields() >= 2);
  assert.throws(() => guest.call('init', 5, 4, 3 * MIB - 3), /out of bounds/);
  memory.fill(0);
  guest.call('dropSegment');
  assert.throws(() => guest.call('init', 0, 0, 3 * MIB), /out of bounds/);
  assert.is(memory.indexOf(97), -1);
});

test('64-bit memories', async () => {
  const guest = await meterText(
    `(memory (export "memory") i64 64 100)
     (func (export "copy") (param i64 i64 i64)
       (memory.copy (local.get 0) (local.get 1) (local.get 2)))
     (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))`,
    { slice: 5_000 },
  );
  const memory = bytesOf(guest.exports);
  memory[2 * MIB] = 77;
  guest.call('copy', 1n, 0n, BigInt(3 * MIB));
  assert.is(memory[2 * MIB + 1], 77);
  assert.throws(() => guest.call('copy', 1n, 0n, 2n ** 63n), /out of bounds/);
  assert.is(guest.call('grow', 1n), 64n);
  assert.is(guest.call('grow', 2n ** 32n), -1n);
  assert.is(guest.call('grow', -1n), -1n);
});

test('tables are copied, filled and initialized in pieces', async () => {
  const size = 150_000;
  const guest = await meterText(
    `(table $t (export "t") 200000 externref) (table $f 200000 funcref) (elem $e func $g $g)
     (func $g)
     (func (export "fill") (param i32 i32) (table.fill $f (local.get 0) (ref.func $g) (local.get 1)))
     (func (export "copy") (param i32 i32 i32)
       (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
     (func (export "init") (table.init $f $e (i32.const 0) (i32.const 0) (i32.const 2)))`,
    { slice: 5_000 },
  );
  const table = guest.exports['t'] as unknown as AccessibleTable;
  for (let index = 0; index < size; index++) table.set(index, index);
  guest.call('copy', 1_000, 0, size);
  for (const index of [0, 65_535, 65_536, 131_072, size - 1]) {
    assert.is(table.get(index + 1_000), index);
  }
  guest.call('copy', 0, 1_000, size);
  for (const index of [0, 65_535, 65_536, 131_072, size - 1]) assert.is(table.get(index), index);
  assert.throws(() => guest.call('copy', 60_000, 0, size), /out of bounds/);
  assert.is(table.get(60_000), 60_000);
  const before = guest.fuelUsed();
  guest.call('fill', 0, size);
  assert.is(guest.fuelUsed() - before, 4 + Math.floor(size / 8));
  assert.throws(() => guest.call('fill', 100_000, size), /out of bounds/);
  guest.call('init');
  assert.ok(guest.yields() > 5);
});

const GROWING = `(memory 1 3) (table $t 1 4 funcref)
  (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "pages") (result i32) (memory.size))`;

test('growth is asked for, and charged by the page', async () => {
  const asked: number[] = [];
  const guest = await meterText(GROWING, {
    mayGrowMemory: (pages) => asked.push(pages) > 0,
  });
  assert.is(guest.costOf('memory', 1), 2 + 512);
  assert.is(guest.call('memory', 5), -1, 'past its own maximum');
  assert.is(guest.call('memory', -1), -1);
  assert.is(guest.call('memory', 65_537), -1);
  assert.equal(asked, [1, 5], 'not asked for what cannot be');
  assert.is(guest.call('pages'), 2);
});

test('growth that is denied answers -1', async () => {
  const guest = await meterText(GROWING, {
    mayGrowMemory: () => false,
    mayGrowTable: () => false,
  });
  assert.is(guest.call('memory', 1), -1);
  assert.is(guest.call('table', 1), -1);
  assert.is(guest.call('pages'), 1);
});

test('growth of a table that was allowed and failed is given back', async () => {
  const asked: number[] = [];
  const guest = await meterText(GROWING, { mayGrowTable: (entries) => asked.push(entries) > 0 });
  assert.is(guest.call('table', 2), 1);
  assert.is(guest.call('table', 2), -1);
  assert.equal(asked, [2, 2, -2]);
});

test.run();
