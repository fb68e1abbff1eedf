import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FutexTable } from '../../../src/kernel/futex.ts';
import type { Thread } from '../../../src/kernel/thread.ts';
import { FakeCell, threadOf } from '../../fake/green-process.ts';

const FOREVER = -1n;
const SECOND_NS = 1_000_000_000n;

function threads(count: number): { cell: FakeCell; all: Thread[]; futexes: FutexTable } {
  const cell = new FakeCell();
  const { process } = cell.process(cell.group());
  return {
    cell,
    all: Array.from({ length: count }, () => threadOf(process)),
    futexes: new FutexTable(),
  };
}

test('those who wait are woken in their order, as many as are asked for', () => {
  const { all, futexes } = threads(4);
  for (const thread of all) assert.is(futexes.wait(thread, 8, FOREVER), 'would-block');
  assert.is(futexes.notify(12, 100), 0, 'another address');
  assert.is(futexes.notify(8, 0), 0);
  assert.is(futexes.notify(8, 2), 2);
  const answers = (): string[] => all.map((thread) => futexes.wait(thread, 8, FOREVER));
  assert.equal(answers(), ['woken', 'woken', 'would-block', 'would-block']);
  assert.is(futexes.notify(8, 0xffff_ffff), 2);
  assert.is(futexes.notify(8, 0xffff_ffff), 0);
});

test('a wait ends when its time is over, and is not counted then', () => {
  const { cell, all, futexes } = threads(1);
  const [thread] = all as [Thread];
  assert.is(futexes.wait(thread, 0, 0n), 'timed-out');
  thread.settle();
  assert.is(futexes.wait(thread, 0, SECOND_NS), 'would-block');
  cell.clock.advance(999);
  assert.is(futexes.wait(thread, 0, SECOND_NS), 'would-block');
  cell.clock.advance(1);
  assert.is(futexes.wait(thread, 0, SECOND_NS), 'timed-out');
  assert.is(futexes.notify(0, 1), 0);
});

test('who was woken in time is woken, however late it runs', () => {
  const { cell, all, futexes } = threads(1);
  const [thread] = all as [Thread];
  futexes.wait(thread, 0, SECOND_NS);
  assert.is(futexes.notify(0, 1), 1);
  cell.clock.advance(5_000);
  assert.is(futexes.wait(thread, 0, SECOND_NS), 'woken');
});

test('a wait that was left, or whose thread ends, takes nobody’s place', () => {
  const { all, futexes } = threads(3);
  const [left, ended, waiting] = all as [Thread, Thread, Thread];
  for (const thread of all) futexes.wait(thread, 4, FOREVER);
  left.settle();
  ended.replace();
  assert.is(futexes.notify(4, 1), 1);
  assert.is(futexes.wait(waiting, 4, FOREVER), 'woken');
});

test('waits that are left again and again do not pile up', () => {
  const { all, futexes } = threads(1);
  const [thread] = all as [Thread];
  // As in a handler that was left by longjmp.
  Object.defineProperty(thread, 'isHandling', { value: true });
  for (let count = 0; count < 1_000; count++) {
    thread.retry = undefined;
    futexes.wait(thread, count * 4, FOREVER);
  }
  let found = 0;
  for (let count = 0; count < 1_000; count++) found += futexes.notify(count * 4, 1);
  assert.is(found, 65);
});

test.run();
