import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, meter, meterText, plainExports } from './modules.ts';

// Costs are counted by hand: 1 for an instruction, 0 for brackets, nop and drop, 2 for an indirect
// call (cost.ts).

test('straight code costs its instructions, and an arm only when it is taken', async () => {
  const guest = await meterText(`(func (export "f") (param i32) (result i32)
    (nop)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const 3))))
      (else (i32.const 9))))`);
  assert.is(guest.costOf('f', 1), 2 + 5);
  assert.is(guest.costOf('f', 0), 2 + 1);
});

test('a branch out of a block charges what is executed', async () => {
  const guest = await meterText(`(func (export "f") (param i32) (result i32)
    (block
      (br_if 0 (local.get 0))
      (drop (i32.add (i32.const 1) (i32.const 2))))
    (i32.const 7))`);
  assert.is(guest.costOf('f', 1), 2 + 1);
  assert.is(guest.costOf('f', 0), 2 + 3 + 1);
});

test('br_table charges the arm that it goes to', async () => {
  const guest = await meterText(`(func (export "f") (param i32) (result i32)
    (block (block (block (br_table 0 1 2 (local.get 0)))
      (return (i32.const 10)))
      (return (i32.add (i32.const 10) (i32.const 10))))
    (i32.mul (i32.add (i32.const 1) (i32.const 2)) (i32.const 3)))`);
  assert.is(guest.costOf('f', 0), 2 + 1);
  assert.is(guest.costOf('f', 1), 2 + 3);
  assert.is(guest.costOf('f', 2), 2 + 5);
  assert.is(guest.costOf('f', 99), 2 + 5);
});

test('calls charge the callee, folded or not', async () => {
  const guest = await meterText(`
    (func $small (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $even (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
        (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
    (func $odd (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "small") (result i32) (call $small (call $small (i32.const 1))))
    (func (export "even") (param i32) (result i32) (call $even (local.get 0)))`);
  assert.is(guest.costOf('small'), 1 + 2 * (1 + 3));
  // Two for the outermost; then each level but the last takes 3 and 4, that one 3 and 1.
  assert.is(guest.costOf('even', 0), 2 + 3 + 1);
  assert.is(guest.costOf('even', 10), 2 + 10 * (3 + 4) + 3 + 1);
});

const LOOPS = `
  (memory 1)
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $leaf))
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 3)))
  (func (export "nested") (param i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
    (loop $outer
      (local.set $j (i32.const 7))
      (loop $inner
        (if (i32.and (local.get $j) (i32.const 1))
          (then (local.set $s (i32.add (local.get $s) (call $leaf (local.get $j))))))
        (br_if $inner (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get 0))))
    (local.get $s))
  (func (export "valued") (param i32) (result i32)
    (block $done (result i32)
      (loop $again (result i32)
        (br_if $done (local.get 0) (i32.eqz (local.get 0)))
        (drop)
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again))))
  (func (export "operands") (param i32) (result i32)
    (local.get 0) (i32.const 1)
    (loop $again (param i32 i32) (result i32)
      (i32.add)
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (i32.const 1)
      (br_if $again (local.get 0))
      (drop)))
  (func (export "returning") (param i32) (result i32)
    (loop $again
      (if (i32.eq (local.get 0) (i32.const 5)) (then (return (i32.const 55))))
      (i32.store (i32.const 0) (local.get 0))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (local.get 0)))
    (i32.load (i32.const 0)))
  (func (export "switching") (param i32) (result i32) (local $s i32)
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (block $a (block $b (block $c
          (br_table $a $b $c $again (i32.and (local.get 0) (i32.const 3))))
          (local.set $s (i32.add (local.get $s) (i32.const 2))))
          (local.set $s (i32.add (local.get $s) (i32.const 1))))
        (br $again)))
    (local.get $s))
  (func (export "indirect") (param i32) (result i32) (local $s i32)
    (loop $again
      (local.set $s (call_indirect (type $unary) (local.get $s) (i32.const 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $s))
  (func $tail (export "tail") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 42))
      (else (return_call $tail (i32.sub (local.get 0) (i32.const 1))))))`;

const NAMES = ['nested', 'valued', 'operands', 'returning', 'switching', 'indirect', 'tail'];

test('loops of all shapes answer as before, yield, and cost the same whatever the slice', async () => {
  const bytes = await assemble(LOOPS);
  const plain = plainExports(bytes);
  for (const name of NAMES) {
    const original = plain[name];
    if (typeof original !== 'function') throw new Error(name);
    for (const count of [1, 2, 4, 6, 300, 5_000]) {
      const costs = [7, 97, 1_000, 77_777, 1_000_000].map((slice) => {
        const guest = meter(bytes, { slice });
        assert.is(guest.call(name, count), original(count), `${name}(${count})`);
        if (count === 5_000 && name !== 'returning') {
          if (slice < 1_000) assert.ok(guest.yields() > 10, `${name} yields`);
        }
        return guest.fuelUsed();
      });
      assert.is(new Set(costs).size, 1, `${name}(${count}): ${costs}`);
    }
  }
});

test('costs of loops, by hand', async () => {
  const guest = await meterText(LOOPS);
  // valued: 3 to look and leave, and 5 more for each time around (drop is free).
  assert.is(guest.costOf('valued', 0), 4);
  assert.is(guest.costOf('valued', 10), 4 + 10 * (4 + 5));
  assert.is(guest.costOf('tail', 3), 3 * (3 + 4) + 3 + 1);
  // 6 for the call and its set, 4 and the br_if for the latch; the leaf's 3; local.get at the end.
  assert.is(guest.costOf('indirect', 10), 10 * (5 + 3 + 5) + 1);
});

test('a run is ended by its budget at the same instruction, whatever the slice', async () => {
  const bytes = await assemble(`(memory (export "memory") 2)
    (func (export "f") (local $i i32) (local $j i32)
      (loop $again
        (local.set $j (i32.const 16384))
        (loop $fill
          (i32.store (i32.shl (local.get $j) (i32.const 2)) (i32.add (local.get $i) (local.get $j)))
          (br_if $fill (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))`);
  const budget = 5_000_000;
  const ends = [1_000, 77_777, 1_000_000].map((slice) => {
    const guest = meter(bytes, { slice, budget });
    assert.throws(() => guest.call('f'), /unreachable/);
    const { memory } = guest.exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new Error('no memory');
    const hash = new Uint32Array(memory.buffer).reduce((sum, word) => (sum * 31 + word) | 0, 0);
    return `${guest.fuelUsed()} ${hash}`;
  });
  assert.is(new Set(ends).size, 1, ends.join(', '));
});

test('a giant without loops is checked on its way', async () => {
  const instructions = '(local.set 0 (i32.add (local.get 0) (i32.const 1)))'.repeat(50_000);
  const guest = await meterText(
    `(func (export "f") (param i32) (result i32) ${instructions} (local.get 0))`,
    { slice: 1_000 },
  );
  assert.is(guest.call('f', 0), 50_000);
  assert.is(guest.fuelUsed(), 200_001);
  assert.ok(guest.yields() >= 15, `${guest.yields()} yields`);
});

test('functions that call one another in pairs, thirty deep, do not run unchecked', async () => {
  const levels = Array.from({ length: 30 }, (_, level) =>
    level === 0 ? '(func $f0)' : `(func $f${level} (call $f${level - 1}) (call $f${level - 1}))`,
  );
  const guest = await meterText(`${levels.join('\n')} (func (export "bomb") (call $f29))`, {
    slice: 10_000,
    budget: 200_000,
  });
  assert.throws(() => guest.call('bomb'), /unreachable/);
  assert.ok(guest.fuelUsed() < 215_000, `${guest.fuelUsed()} were used when it was ended`);
});

/** How often a run without an end yields before its budget, or the end of the stack, ends it. */
async function yieldsOf(text: string): Promise<number> {
  const guest = await meterText(text, { slice: 1_000, budget: 200_000 });
  assert.throws(() => guest.call('f'), /unreachable|call stack/);
  return guest.yields();
}

test('recursion in loops is checked by the loops, although the entries are not', async () => {
  // Itself, in a loop that it would call anyway; through another one, before what checks itself.
  const itself = `(func $r (loop (call $r) (call $r) (br 0)))
    (func (export "f") (call $r))`;
  const pair = `(func $a (loop (call $b) (call $checked) (br 0)))
    (func $b (loop (call $a) (br 0)))
    (func $checked (export "g") (drop (memory.size)))
    (memory 1)
    (func (export "f") (call $a))`;
  const byTail = `(func $t (loop (return_call $t)))
    (func (export "f") (call $t))`;
  const inHandler = `(tag $e)
    (func $h (loop (try (do (throw $e)) (catch $e (call $h))) (br 0)))
    (func (export "f") (call $h))`;
  for (const text of [itself, pair, byTail, inHandler]) {
    const yields = await yieldsOf(text);
    assert.ok(yields >= 10, `${yields} yields of ${text}`);
  }
});

test('recursion in loops costs what it executes, whatever the slice', async () => {
  const TAK = `(func $tak (param i32 i32 i32) (result i32)
      (loop $again
        (if (i32.ge_s (local.get 1) (local.get 0)) (then (return (local.get 2))))
        (call $tak (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 2))
        (call $tak (i32.sub (local.get 1) (i32.const 1)) (local.get 2) (local.get 0))
        (call $tak (i32.sub (local.get 2) (i32.const 1)) (local.get 0) (local.get 1))
        (local.set 2) (local.set 1) (local.set 0)
        (br $again))
      (unreachable))
    (func (export "f") (result i32) (call $tak (i32.const 10) (i32.const 6) (i32.const 2)))`;
  const costs = new Set<number>();
  for (const slice of [97, 1_000, 77_777, 1_000_000]) {
    costs.add((await meterText(TAK, { slice })).costOf('f'));
  }
  assert.is(costs.size, 1, [...costs].join(' '));
});

test('recursion through a table is checked', async () => {
  const guest = await meterText(
    `(type $t (func (param i32) (result i32)))
     (table funcref (elem $a $b))
     (func $a (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 1)))
     (func $b (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
     (func (export "f") (result i32) (call $a (i32.const 1)))`,
    { slice: 1_000, budget: 50_000 },
  );
  assert.throws(() => guest.call('f'), /unreachable/);
});

test.run();
