import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { assemble, meter, plainExports } from './modules.ts';

type Loop = (start: number, bound: number) => number;

interface Comparison {
  readonly name: string;
  readonly holds: (value: number, bound: number) => boolean;
  readonly steps: readonly number[];
}

const UP = [1, 3, 4, 1000];
const DOWN = UP.map((step) => -step);
const COMPARISONS: readonly Comparison[] = [
  { name: 'i32.ne', holds: (value, bound) => value !== bound, steps: [...UP, ...DOWN] },
  { name: 'i32.lt_s', holds: (value, bound) => value < bound, steps: UP },
  { name: 'i32.le_s', holds: (value, bound) => value <= bound, steps: UP },
  { name: 'i32.gt_s', holds: (value, bound) => value > bound, steps: DOWN },
  { name: 'i32.ge_s', holds: (value, bound) => value >= bound, steps: DOWN },
  { name: 'i32.lt_u', holds: (value, bound) => value >>> 0 < bound >>> 0, steps: UP },
  { name: 'i32.le_u', holds: (value, bound) => value >>> 0 <= bound >>> 0, steps: UP },
  { name: 'i32.gt_u', holds: (value, bound) => value >>> 0 > bound >>> 0, steps: DOWN },
  { name: 'i32.ge_u', holds: (value, bound) => value >>> 0 >= bound >>> 0, steps: DOWN },
];

const SWAPPED: Readonly<Record<string, string>> = { lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' };

const LOWEST = -(2 ** 31);
const HIGHEST = 2 ** 31 - 1;
const VALUES = [
  ...[0, 1, 2, 64, 4096, 4097, 12_289, -1, -4097],
  ...[HIGHEST, HIGHEST - 9_000, LOWEST, LOWEST + 9_001],
];
/** Past this a loop of these is as good as endless. */
const MOST_ITERATIONS = 14_000;

/** Iterations that a loop takes, or undefined for too many. */
function iterationsOf(
  comparison: Comparison,
  start: number,
  bound: number,
  step: number,
): number | undefined {
  let value = start;
  for (let count = 1; count <= MOST_ITERATIONS; count++) {
    value = (value + step) | 0;
    if (!comparison.holds(value, bound)) return count;
  }
  return undefined;
}

/** The ways in which compilers write a latch; each counts its iterations in local 2. */
function shapes(comparison: string, step: number): readonly string[] {
  const moved = `(i32.add (local.get $i) (i32.const ${step}))`;
  const tee = `(local.tee $i ${moved})`;
  const mirrored = comparison.replace(/(lt|gt|le|ge)/, (found) => SWAPPED[found] ?? found);
  const arm = '(if (i32.and (local.get $i) (i32.const 1)) (then (local.set $m (local.get $i))))';
  return [
    `${COUNT} (br_if 0 (${comparison} ${tee} (local.get $n)))`,
    `${COUNT} (br_if 0 (${mirrored} (local.get $n) ${tee}))`,
    `(local.set $i ${moved}) ${COUNT} (br_if 0 (${comparison} (local.get $i) (local.get $n)))`,
    `(local.set $i ${moved}) ${COUNT} (br_if 0 (${mirrored} (local.get $n) (local.get $i)))`,
    `${arm} ${COUNT} (br_if 0 (${comparison} ${tee} (local.get $n)))`,
    `${COUNT} (br_if 0 (${comparison} (local.tee $i (i32.sub (local.get $i) (i32.const ${-step})))
      (local.get $n)))`,
  ];
}

const COUNT = '(local.set $c (i32.add (local.get $c) (i32.const 1)))';

async function metered(text: string): Promise<{ loop: Loop; fuelUsed: () => number }> {
  const guest = meter(await assemble(text), { slice: 1_000_003 });
  return {
    loop: (start, bound) => Number(guest.call('loop', start, bound)),
    fuelUsed: guest.fuelUsed,
  };
}

const counting = (body: string): string => `
  (func (export "loop") (param $i i32) (param $n i32) (result i32) (local $c i32) (local $m i32)
    (loop ${body})
    (local.get $c))`;

for (const comparison of COMPARISONS) {
  for (const step of comparison.steps) {
    test(`${comparison.name} with a step of ${step} runs and costs as often as it should`, async () => {
      for (const [shape, body] of shapes(comparison.name, step).entries()) {
        const { loop, fuelUsed } = await metered(counting(body));
        const costs = new Map<number, number>();
        for (const start of VALUES) {
          for (const bound of VALUES) {
            const expected = iterationsOf(comparison, start, bound, step);
            if (expected === undefined) continue;
            const before = fuelUsed();
            assert.is(loop(start, bound), expected, `shape ${shape}: ${start}, ${bound}`);
            // An arm's cost depends on the values; without it, cost is a function of the count.
            if (shape !== 4) costs.set(expected, fuelUsed() - before);
          }
        }
        const once = costs.get(1) ?? 0;
        const perIteration = (costs.get(2) ?? 0) - once;
        for (const [count, cost] of costs) {
          if (costs.has(2) && costs.has(1)) {
            assert.is(cost, once + (count - 1) * perIteration, `shape ${shape}: ${count}`);
          }
        }
      }
    });
  }
}

test('what compilers write is found: its iterations are charged ahead', async () => {
  for (const { name, steps } of COMPARISONS) {
    const step = steps.includes(1) ? 1 : -1;
    for (const body of shapes(name, step)) {
      const guest = meter(await assemble(counting(body)), { slice: 100 });
      guest.call('loop', step > 0 ? 10 : 4_106, step > 0 ? 4_106 : 10);
      assert.ok(guest.largestOverdraft() > 10_000, `${name}: ${body}`);
    }
  }
});

test('a bound that V8 would refuse is left for it to refuse', async () => {
  const bytes = await assemble(`(func (export "f") (local i32)
    (loop (br_if 0 (i32.lt_s
      (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 0x7eeeeeee)))))`);
  // The last byte of the constant: bits beyond the 32 that are not its sign.
  const constant = Buffer.from([0x41, 0xee, 0xdd, 0xbb, 0xf7, 0x07]);
  const at = Buffer.from(bytes).indexOf(constant);
  assert.ok(at > 0);
  assert.ok(WebAssembly.validate(rewriteModule(bytes).bytes));
  bytes[at + 5] = 0x3b;
  assert.not(WebAssembly.validate(bytes));
  assert.not(WebAssembly.validate(rewriteModule(bytes).bytes));
});

test('a loop that counts down to 0 costs its instructions and no more', async () => {
  const { loop, fuelUsed } = await metered(`(func (export "loop") (param $i i32) (param i32)
    (result i32)
    (loop (br_if 0 (local.tee $i (i32.add (local.get $i) (i32.const -1)))))
    (local.get $i))`);
  for (const count of [1, 2, 4096, 4097, 100_000]) {
    const before = fuelUsed();
    assert.is(loop(count, 0), 0);
    assert.is(fuelUsed() - before, 5 * count + 1);
  }
});

test('loops that write their bound, leave early or step twice are no counted ones', async () => {
  const bodies = [
    '(local.set $n (i32.sub (local.get $n) (i32.const 1)))' +
      '(br_if 0 (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))',
    '(br_if 1 (i32.eq (local.get $i) (i32.const 77)))' +
      '(br_if 0 (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))',
    '(local.set $i (i32.add (local.get $i) (i32.const 1)))' +
      '(br_if 0 (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))',
  ];
  for (const body of bodies) {
    const text = `(func (export "loop") (param $i i32) (param $n i32) (result i32)
      (block (loop ${body})) (local.get $i))`;
    const plain = plainExports(await assemble(text))['loop'];
    const { loop } = await metered(text);
    for (const bound of [-3, 0, 1, 50, 200, 9_999]) {
      if (typeof plain === 'function') assert.is(loop(0, bound), plain(0, bound));
    }
  }
});

test.run();
