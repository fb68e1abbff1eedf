import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import type { AtomicHooks } from '../../fake/metered-guest.ts';
import { assemble, functionModule, meter, meterText, moduleOf, plainExports } from './modules.ts';

/** All kinds of waiting, at an address with an offset that is past 2^31. */
const WAITS = `
  (memory (export "memory") 1 2 shared)
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 offset=4 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 offset=8 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "far") (param i32) (result i32)
    (memory.atomic.notify offset=0x80000004 (local.get 0) (i32.const 1)))`;

test('waiting and notifying ask the host, with the address that is meant', async () => {
  const calls: unknown[] = [];
  const note =
    (name: string, answer: number) =>
    (...args: unknown[]): number => {
      calls.push([name, ...args]);
      return answer;
    };
  const atomics: AtomicHooks = { wait: note('wait', 2), notify: note('notify', 7) };
  const guest = await meterText(WAITS, { atomics });
  const memory = new DataView((guest.exports['memory'] as WebAssembly.Memory).buffer);
  memory.setInt32(20, -5, true);
  memory.setBigInt64(65_528, -6n, true);
  assert.is(guest.call('wait32', 16, -5, -1n), 2);
  assert.is(guest.call('wait64', 65_520, -6n, 1_000n), 2);
  assert.is(guest.call('notify', 65_532, -1), 7);
  const asked = [
    ['wait', 20, -1n],
    ['wait', 65_528, 1_000n],
    ['notify', 65_532, -1],
  ];
  assert.equal(calls, asked);
  assert.is(guest.call('wait32', 16, 0, -1n), 1, 'another number is there');
  assert.is(guest.call('wait64', 65_520, 0xfffffffan, -1n), 1);
  assert.equal(calls, asked);
});

test('what traps, traps as before, and the host is not asked', async () => {
  const bytes = await assemble(WAITS);
  const plain = plainExports(bytes);
  const never = (): number => assert.unreachable('asked') as never;
  const guest = meter(bytes, { atomics: { wait: never, notify: never } });
  const cases: readonly (readonly [string, readonly (number | bigint)[]])[] = [
    ['wait32', [1, 0, 0n]],
    ['wait32', [65_532, 0, 0n]],
    ['wait32', [-4, 0, 0n]],
    ['wait64', [4, 0n, 0n]],
    ['wait64', [65_528, 0n, 0n]],
    ['wait64', [-8, 0n, 0n]],
    ['notify', [2, 1]],
    ['notify', [65_536, 1]],
    // The sum is 8, if it is cut to 32 bits.
    ['far', [-0x7ffffffc]],
    ['far', [-0x7ffffff9]],
    ['far', [0]],
  ];
  for (const [name, args] of cases) {
    const original = plain[name];
    if (typeof original !== 'function') throw new Error(`no ${name}`);
    const trapOf = (run: () => unknown): string => {
      try {
        return `answers ${run()}`;
      } catch (thrown) {
        return String(thrown);
      }
    };
    const expected = trapOf(() => original(...args));
    assert.match(expected, /RuntimeError/);
    assert.is(
      trapOf(() => guest.call(name, ...args)),
      expected,
      `${name}(${args.join()})`,
    );
  }
});

test('a memory that several instances import is one, and may grow in any of them', async () => {
  const bytes = await assemble(`
    (import "env" "memory" (memory 1 3 shared)) (export "memory" (memory 0))
    (func (export "add") (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "size") (result i32) (memory.size))`);
  const { memories, memoryImport } = rewriteModule(bytes);
  assert.equal(memoryImport, { module: 'env', name: 'memory' });
  assert.equal(memories, [
    { initialPages: 1, maximumPages: 3, isShared: true, is64Bit: false, isImported: true },
  ]);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 });
  const asked: number[] = [];
  const policy = {
    imports: { env: { memory } },
    mayGrowMemory: (pages: number) => asked.push(pages) > 0,
  };
  const [one, other] = [meter(bytes, policy), meter(bytes, policy)];
  assert.is(one.call('add'), 0);
  assert.is(other.call('add'), 1);
  assert.is(one.call('grow'), 1);
  assert.is(other.call('size'), 2);
  assert.is(memory.buffer.byteLength, 2 * 65_536);
  assert.not.ok(memory.buffer instanceof SharedArrayBuffer);
  assert.equal(asked, [1]);
});

test('fuel is accounted for around a wait, whatever the host does to it meanwhile', async () => {
  const guest = await meterText(
    `(memory 1 1 shared)
     (func (export "f") (param i32)
       (loop
         (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))
         (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`,
  );
  const perTurn = guest.costOf('f', 11) - guest.costOf('f', 10);
  assert.is(perTurn, 9);
  assert.is(guest.costOf('f', 110) - guest.costOf('f', 10), 100 * perTurn);
});

test('on a memory that was not shared the instructions stay', async () => {
  const bytes = await assemble(`
    (memory 1)
    (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1)))
    (func (export "wait") (result i32)
      (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))`);
  const guest = meter(bytes);
  assert.is(guest.call('notify'), 0);
  assert.throws(() => guest.call('wait'), /Atomics.wait|not permitted|unshared/i);
});

const SHARED_MEMORY = [5, [1, 3, 1, 1]] as const;

const INVALID: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ['a shared memory without a maximum', moduleOf([[5, [1, 2, 1]]])],
  [
    'a wait with an alignment that is too small',
    functionModule([0x41, 0, 0x41, 0, 0x42, 0, 0xfe, 1, 1, 0, 0x1a], {
      sections: [SHARED_MEMORY],
    }),
  ],
  [
    'a wait with an alignment that is too large',
    functionModule([0x41, 0, 0x41, 0, 0x42, 0, 0xfe, 1, 3, 0, 0x1a], {
      sections: [SHARED_MEMORY],
    }),
  ],
  [
    'a notify with an offset of 33 bits',
    functionModule([0x41, 0, 0x41, 0, 0xfe, 0, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1a], {
      sections: [SHARED_MEMORY],
    }),
  ],
  [
    'a notify in another memory',
    functionModule([0x41, 0, 0x41, 0, 0xfe, 0, 0x42, 1, 0, 0x1a], { sections: [SHARED_MEMORY] }),
  ],
];

for (const [what, bytes] of INVALID) {
  test(`${what} stays invalid`, () => {
    assert.not.ok(WebAssembly.validate(bytes));
    assert.throws(() => rewriteModule(bytes), /malformed module/);
  });
}

test('operands of another type stay invalid', () => {
  const wait = [0x41, 0, 0x41, 0, 0x41, 0, 0xfe, 1, 2, 0, 0x1a];
  const bytes = functionModule(wait, { sections: [SHARED_MEMORY] });
  assert.not.ok(WebAssembly.validate(bytes));
  assert.not.ok(WebAssembly.validate(rewriteModule(bytes).bytes));
});

test.run();
