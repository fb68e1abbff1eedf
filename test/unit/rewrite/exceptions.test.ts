import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, functionModule, meter, plainExports } from './modules.ts';

const LEGACY = `
  (tag $e (param i32)) (tag $stop)
  (func $maybe (param i32) (result i32)
    (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 3))) (then (throw $e (local.get 0))))
    (local.get 0))
  (func (export "caught") (param $n i32) (result i32) (local $s i32)
    (loop $again
      (local.set $s (i32.add (local.get $s)
        (try (result i32)
          (do (call $maybe (local.get $n)))
          (catch $e (i32.mul (i32.const 1000)))
          (catch_all (i32.const 7)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func (export "looping") (param $n i32) (result i32) (local $s i32)
    (try
      (do
        (loop $again
          (local.set $s (i32.add (local.get $s) (i32.const 1)))
          (if (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
            (then (throw $stop)))
          (br $again)))
      (catch $stop))
    (local.get $s))
  (func (export "branching") (param $n i32) (result i32) (local $s i32)
    (block $out
      (loop $again
        (try
          (do
            (br_if $out (i32.eqz (local.get $n)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (drop (call $maybe (local.get $n)))
            (br $again))
          (catch_all
            (local.set $s (i32.add (local.get $s) (i32.const 1)))
            (br $again)))))
    (local.get $s))
  (func (export "delegating") (param $n i32) (result i32) (local $s i32)
    (loop $again
      (try $outer
        (do
          (try
            (do (loop (drop (call $maybe (local.get $n)))))
            (delegate $outer)))
        (catch $e (local.set $s (i32.add (local.get $s)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func (export "rethrowing") (param $n i32) (result i32) (local $s i32)
    (loop $again
      (try
        (do
          (try $inner
            (do (drop (call $maybe (local.get $n))))
            (catch $e
              (drop)
              (loop (rethrow $inner)))))
        (catch $e (local.set $s (i32.add (local.get $s)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))`;

test('try and catch in and around loops, as before and yielding', async () => {
  const bytes = await assemble(LEGACY);
  const plain = plainExports(bytes);
  for (const name of ['caught', 'looping', 'branching', 'delegating', 'rethrowing']) {
    const original = plain[name];
    if (typeof original !== 'function') throw new Error(name);
    for (const count of [1, 2, 3, 10, 999]) {
      const costs = [31, 1_000, 1_000_000].map((slice) => {
        const guest = meter(bytes, { slice });
        assert.is(guest.call(name, count), original(count), `${name}(${count})`);
        if (count === 999 && slice === 31) assert.ok(guest.yields() > 100);
        return guest.fuelUsed();
      });
      assert.is(new Set(costs).size, 1, `${name}: ${costs}`);
    }
  }
});

test('try_table and throw_ref in loops, with labels raised over what is put in', () => {
  // (func (param i32) (result i32) (local $s i32)
  //   loop $again
  //     block $caught (result i32 exnref-free)
  //       try_table (catch 0 $caught)  local.get 0; throw 0  end
  //       unreachable
  //     end
  //     local.get 1; i32.add; local.set 1
  //     local.get 0; i32.const 1; i32.sub; local.tee 0; br_if $again
  //   end  local.get 1)
  const bytes = functionModule(
    [
      ...[0x03, 0x40, 0x02, 0x7f],
      ...[0x1f, 0x40, 0x01, 0x00, 0x00, 0x00, 0x20, 0x00, 0x08, 0x00, 0x0b],
      ...[0x00, 0x0b, 0x20, 0x01, 0x6a, 0x21, 0x01],
      ...[0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x20, 0x01],
    ],
    {
      types: [
        [0x60, 1, 0x7f, 1, 0x7f],
        [0x60, 1, 0x7f, 0],
      ],
      sections: [[13, [1, 0, 1]]],
      locals: [1, 1, 0x7f],
    },
  );
  const original = plainExports(bytes)['f'];
  if (typeof original !== 'function') throw new Error('f');
  const guest = meter(bytes, { slice: 50 });
  assert.is(guest.call('f', 200), original(200));
  assert.is(original(200), 20_100);
  assert.ok(guest.yields() > 20);
});

test('a loop that goes around by exceptions only is checked', async () => {
  const bytes = await assemble(`
    (tag $e)
    (func $throwing (if (i32.const 1) (then (throw $e))) (call $checked))
    (func $checked (call $throwing))
    (func (export "f")
      (loop $again
        (try (do (call $leaf) (call $checked) (call $throwing)) (catch_all (br $again)))))
    (func $leaf (throw $e))`);
  const guest = meter(bytes, { slice: 100, budget: 10_000 });
  assert.throws(() => guest.call('f'), /unreachable/);
  assert.ok(guest.largestOverdraft() < 200);
});

test('br_on_null leaves a loop', () => {
  // loop; (ref.null func) br_on_null 1 (out of the loop); drop; br 0; end
  const bytes = functionModule([
    ...[0x02, 0x40, 0x03, 0x40, 0xd0, 0x70, 0xd5, 0x01, 0x1a, 0x0c, 0x00, 0x0b, 0x0b],
  ]);
  const guest = meter(bytes);
  assert.is(guest.call('f'), undefined);
});

test.run();
