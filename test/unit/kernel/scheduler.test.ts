import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ControlGroup } from '../../../src/kernel/control-group.ts';
import { SLICE_MS } from '../../../src/kernel/scheduler.ts';
import { FakeCell } from '../../fake/green-process.ts';

const START_MS = 1_000;

function cpuMs(group: ControlGroup): number {
  return group.usage().cpuNanoseconds / 1e6;
}

function isWithin(actual: number, wanted: number, share: number, what: string): void {
  assert.ok(Math.abs(actual - wanted) <= wanted * share, `${what}: ${actual} instead of ${wanted}`);
}

test('weights 1:2:4 get CPU 1:2:4', async () => {
  const cell = new FakeCell();
  const groups = [512, 1024, 2048].map((cpuShares) => cell.group({ cpuShares }));
  await Promise.all(groups.map((group) => cell.spin(group, START_MS + 2_000)));
  groups.forEach((group, index) => {
    isWithin(cpuMs(group), (2_000 * 2 ** index) / 7, 0.03, `weight ${2 ** index}`);
  });
});

test('a container gets its share however many processes it has', async () => {
  const cell = new FakeCell();
  const many = cell.group();
  const one = cell.group();
  const end = START_MS + 1_000;
  await Promise.all([cell.spin(many, end), cell.spin(many, end), cell.spin(one, end)]);
  isWithin(cpuMs(one), 500, 0.03, 'the one');
  isWithin(cpuMs(many), 500, 0.03, 'the two together');
});

test('a quota is kept, alone and beside others, and throttling is counted', async () => {
  const quarter = { quotaMicroseconds: 25_000, periodMicroseconds: 100_000 };
  for (const hasNeighbour of [true, false]) {
    const cell = new FakeCell();
    const limited = cell.group({ cpuBandwidth: quarter });
    const spinning = [cell.spin(limited, START_MS + 2_000)];
    if (hasNeighbour) spinning.push(cell.spin(cell.group(), START_MS + 2_000));
    else void advanceWhileIdle(cell, START_MS + 2_000);
    await Promise.all(spinning);
    isWithin(cpuMs(limited), 500, 0.03, 'a quarter of two seconds');
    const usage = limited.usage();
    assert.ok(usage.throttledPeriodCount >= 18, `${usage.throttledPeriodCount} throttled periods`);
    assert.ok(usage.periodCount >= 19, `${usage.periodCount} periods`);
    // Beside another it takes 50 ms of each period to get its 25.
    const throttledMs = hasNeighbour ? 1_000 : 1_500;
    isWithin(usage.throttledNanoseconds / 1e6, throttledMs, 0.1, 'throttled time');
  }
});

/** Time passes although nobody runs. */
async function advanceWhileIdle(cell: FakeCell, untilMs: number): Promise<void> {
  while (cell.clock.monotonicMs() < untilMs) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!cell.scheduler.running) cell.clock.advance(0.5);
  }
}

test('a rate of fuel is kept', async () => {
  const cell = new FakeCell();
  const limited = cell.group({ fuelPerSecond: 50_000_000 });
  await Promise.all([
    cell.spin(limited, START_MS + 2_000),
    cell.spin(cell.group(), START_MS + 2_000),
  ]);
  isWithin(limited.usage().fuel, 100_000_000, 0.05, 'fuel of two seconds');

  // A rate so low that one slice could use up the fuel of many periods.
  const slow = cell.group({ fuelPerSecond: 1_000_000 });
  const begun = cell.clock.monotonicMs();
  await Promise.all([cell.spin(slow, begun + 2_000), cell.spin(cell.group(), begun + 2_000)]);
  isWithin(slow.usage().fuel, 2_000_000, 0.25, 'fuel of two seconds at a low rate');
});

test('a budget of fuel ends the process, and says why', async () => {
  const cell = new FakeCell();
  const group = cell.group({ fuel: 3_000_000 });
  const used = await cell.spin(group, START_MS + 1_000);
  assert.ok(used > 3_000_000 && used <= 3_000_000 + 250_000, String(used));
  assert.is(cell.scheduler.running, undefined);
});

test('a paused container does not run, goes on when it is resumed, and can be killed', async () => {
  const cell = new FakeCell();
  const group = cell.group();
  const other = cell.spin(cell.group(), START_MS + 100);
  group.isPaused = true;
  const paused = cell.spin(group, START_MS + 200);
  await other;
  assert.is(cpuMs(group), 0);
  group.isPaused = false;
  cell.scheduler.reconsider();
  await paused;
  isWithin(cpuMs(group), 100, 0.01, 'the rest of the time');

  group.isPaused = true;
  const { process, thread } = cell.process(group);
  const begun = thread.begin();
  process.end({ status: { type: 'signaled', signal: 9 } });
  assert.is(await begun, false);
});

test('who wakes runs after one slice at most, beside fifty that compute', async () => {
  const cell = new FakeCell();
  const spinning = Array.from({ length: 50 }, () => cell.spin(cell.group(), START_MS + 500));
  const { thread } = cell.process(cell.group());
  await thread.begin();
  const delays: number[] = [];
  for (let round = 0; round < 10; round++) {
    const dueMs = cell.clock.monotonicMs() + 20;
    thread.blockOn({ deadlineNs: BigInt(dueMs * 1e6) });
    assert.is(await thread.wait(), 0);
    delays.push(cell.clock.monotonicMs() - dueMs);
  }
  thread.finish();
  await Promise.all(spinning);
  const worst = Math.max(...delays);
  assert.ok(worst <= 2 * SLICE_MS, `${worst} ms`);
});

test('who slept for long is not owed the time', async () => {
  const cell = new FakeCell();
  const sleeper = cell.group();
  const worker = cell.group();
  await cell.spin(worker, START_MS + 1_000);
  await Promise.all([cell.spin(sleeper, START_MS + 1_200), cell.spin(worker, START_MS + 1_200)]);
  isWithin(cpuMs(sleeper), 100, 0.05, 'half of what followed');
});

test('limits can be changed while it runs', async () => {
  const cell = new FakeCell();
  const group = cell.group();
  const other = cell.group();
  const end = START_MS + 2_000;
  const spinning = Promise.all([cell.spin(group, end), cell.spin(other, end)]);
  cell.clock.startTimer(1_000, () => {
    group.update({ cpuShares: 3 * 1024 }, cell.clock.monotonicMs());
  });
  await spinning;
  isWithin(cpuMs(group), 500 + 750, 0.03, 'half of one second, three quarters of the next');
});

test.run();
