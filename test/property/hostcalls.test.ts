import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzzHostcalls } from './hostcall-fuzz.ts';

const seed = Date.now() % 1_000_000_000;
console.log(`seed ${seed}`);
const CALLS = 10_000;

test('no hostcall with random arguments breaks anything, or reads outside of the container', async () => {
  const { calls, outcomes, failures } = await fuzzHostcalls(CALLS, seed, () => {});
  assert.equal(failures, []);
  assert.is(calls, CALLS);
  // Else the calls would say little.
  const answered = [...outcomes.values()].filter(({ ok, blocked }) => ok + blocked > 0);
  assert.ok(
    answered.length > outcomes.size / 2,
    `${answered.length} of ${outcomes.size} succeeded`,
  );
});

test.run();
