import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Instance } from '../../../src/cell/instance.ts';
import { InstancePool } from '../../../src/cell/instance-pool.ts';
import type { Program } from '../../../src/cell/program.ts';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { wat } from '../../fake/wat.ts';

/** Changes all that a program can change of its instance. */
const CHANGING = `(module
  (memory (export "memory") 2 10)
  (data (i32.const 70000) "kept")
  (global $count (mut i64) (i64.const 5))
  (func (export "_start")
    (memory.fill (i32.const 0) (i32.const 255) (i32.const 131072))
    (global.set $count (i64.const 6)))
  (func (export "count") (result i64) (global.get $count))
  (func (export "grow") (drop (memory.grow (i32.const 1)))))`;

const IRREVERSIBLE = `(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (func (export "_start") (table.set 0 (i32.const 0) (ref.null func))))`;

async function programOf(text: string, instances: InstancePool): Promise<Program> {
  const { bytes, ...rewritten } = rewriteModule(await wat(text));
  return {
    module: new WebAssembly.Module(bytes),
    imports: {},
    hooks: [],
    rewritten,
    wantsPreopens: false,
    instances,
    initialPages: rewritten.memories[0]?.initialPages ?? 0,
    initialState: undefined,
  };
}

function bytesOf(instance: Instance): Buffer {
  return Buffer.from(new Uint8Array(instance.linearMemory.buffer));
}

test('an instance that comes back is as it was made', async () => {
  const pool = new InstancePool();
  const program = await programOf(CHANGING, pool);
  const instance = new Instance(program);
  const before = bytesOf(instance);
  instance.fuel.give(1_000_000);
  instance.functionNamed('_start')?.();
  assert.not.equal(bytesOf(instance), before);
  pool.put(instance);
  const taken = pool.take(program);
  assert.is(taken, instance);
  assert.equal(bytesOf(instance), before);
  assert.is(instance.fuel.used, 0);
  assert.is(instance.fuel.left, 0);
  assert.is(instance.functionNamed('count')?.(), 5n);
  assert.is(pool.take(program), undefined, 'nobody else gets it');
});

test('one that has grown, or belongs to another program, is not taken', async () => {
  const pool = new InstancePool();
  const program = await programOf(CHANGING, pool);
  const instance = new Instance(program);
  instance.linearMemory.grow(1);
  pool.put(instance);
  assert.is(pool.take(program), undefined);
  assert.is(pool.takeForCopy(await programOf(CHANGING, pool), 3), undefined);
  assert.is(pool.takeForCopy(program, 3), instance);
});

test('a copy has memory and globals, in a used instance as in a new one', async () => {
  const pool = new InstancePool();
  const program = await programOf(CHANGING, pool);
  const used = new Instance(program);
  new Uint8Array(used.linearMemory.buffer).fill(9);
  pool.put(used);
  const original = new Instance(program);
  original.fuel.give(1_000_000);
  original.functionNamed('_start')?.();
  original.linearMemory.grow(1);
  for (const copy of [original.copy(), original.copy()]) {
    assert.equal(bytesOf(copy), bytesOf(original));
    assert.is(copy.fuel.used, 0);
    assert.is(copy.functionNamed('count')?.(), 6n);
  }
});

test('one that cannot be set back is not kept', async () => {
  const pool = new InstancePool();
  const program = await programOf(IRREVERSIBLE, pool);
  pool.put(new Instance(program));
  assert.is(pool.take(program), undefined);
});

test('no more is kept than the pool may hold', async () => {
  const pool = new InstancePool();
  const program = await programOf(
    '(module (memory (export "memory") 100) (func (export "_start")))',
    pool,
  );
  for (let count = 0; count < 10; count++) pool.put(new Instance(program));
  let kept = 0;
  while (pool.take(program)) kept++;
  assert.is(kept, 2, '6.25 MiB each, of 16');
});

test.run();
