import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IntervalTimer } from '../../../src/kernel/interval-timer.ts';
import { FakeClock } from '../../fake/fake-clock.ts';

const MS = 1_000_000n;

test('it fires once, or again and again, and tells what is left', () => {
  const clock = new FakeClock();
  let count = 0;
  const timer = new IntervalTimer(clock, () => void count++);
  timer.set(10n * MS, 0n);
  assert.equal(timer.state, { valueNs: 10n * MS, intervalNs: 0n });
  clock.advance(4);
  assert.is(timer.state.valueNs, 6n * MS);
  clock.advance(6);
  assert.is(count, 1);
  assert.equal(timer.state, { valueNs: 0n, intervalNs: 0n });
  timer.set(5n * MS, 5n * MS);
  for (let round = 0; round < 4; round++) clock.advance(5);
  assert.is(count, 5);
  timer.set(0n, 0n);
  clock.advance(50);
  assert.is(count, 5);
});

test('an interval that would only fill the cell with signals is made longer', () => {
  const clock = new FakeClock();
  const timer = new IntervalTimer(clock, () => {});
  timer.set(MS, 1n);
  assert.is(timer.state.intervalNs, MS);
  timer.cancel();
});

test.run();
