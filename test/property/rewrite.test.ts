import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HOSTILE_MODULES } from '../fake/hostile-modules.ts';
import { RandomModule } from '../fake/random-module.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { compareMutant } from './rewrite-comparison.ts';
import { fuzz } from './rewrite-fuzz.ts';

const seed = Date.now() % 1_000_000_000;
console.log(`seed ${seed}`);
const MODULES = 300;
const MUTANTS = 1500;

/** Modules that once came out differently, by their seed. */
const KNOWN_SEEDS: readonly number[] = [];

function fuzzed(count: number, first: number): ReturnType<typeof fuzz> {
  const result = fuzz(
    count,
    first,
    () => {},
    () => {},
  );
  for (const { seed: failing, message, bytes } of result.failures) {
    assert.unreachable(`seed ${failing}: ${message}\n${Buffer.from(bytes).toString('base64')}`);
  }
  return result;
}

test('a random module runs alike plain and metered, by slices of any size', () => {
  const { counts } = fuzzed(MODULES, seed);
  assert.is(counts.modules, MODULES);
  // Else the cases would say little.
  assert.ok(counts.fuelCompared > MODULES / 2, `${counts.fuelCompared} came to an end`);
  assert.ok(counts.kills > MODULES / 10, `${counts.kills} were killed`);
  assert.ok(counts.traps > MODULES / 20, `${counts.traps} trapped`);
});

test('modules that once came out differently', () => {
  for (const known of KNOWN_SEEDS) fuzzed(1, known);
});

test('the generator makes valid modules, the same ones from the same seed', () => {
  for (let index = 0; index < 100; index++) {
    const bytes = new RandomModule(new SeededRandom(seed + index)).encode();
    assert.ok(WebAssembly.validate(bytes), `seed ${seed + index}`);
    assert.equal(new RandomModule(new SeededRandom(seed + index)).encode(), bytes);
  }
});

test('mutants of hostile modules are refused, or stay as valid as they are', async () => {
  const random = new SeededRandom(seed);
  const sources = await Promise.all(HOSTILE_MODULES.map(({ build }) => build()));
  const small = sources.filter(({ length }) => length < 10_000);
  const found = { valid: 0, invalid: 0, refused: 0 };
  for (let index = 0; index < MUTANTS; index++) found[compareMutant(random.pick(small), random)]++;
  for (const [kind, count] of Object.entries(found)) assert.ok(count > 0, `none ${kind}`);
});

test.run();
