import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeCell } from '../../fake/green-process.ts';

const MIB = 1024 * 1024;
const PAGES_PER_MIB = 16;

test('growth past the limit is refused, and counted', () => {
  const group = new FakeCell().group({ memoryBytes: 4 * MIB });
  const { process } = new FakeCell().process(group);
  assert.is(process.memory.growMemory(2 * PAGES_PER_MIB), 1);
  assert.is(process.memory.wasRefused, false);
  assert.is(process.memory.growMemory(8 * PAGES_PER_MIB), 0);
  assert.is(process.memory.wasRefused, true);
  assert.is(group.usage().memoryFailureCount, 1);
});

test('growth that was allowed and did not happen is not counted', () => {
  const cell = new FakeCell();
  const group = cell.group({ memoryBytes: 4 * MIB });
  const { process } = cell.process(group);
  // The memory never grows here: each time the charge before it is found to be void.
  for (let round = 0; round < 5; round++)
    assert.is(process.memory.growMemory(3 * PAGES_PER_MIB), 1);
  process.memory.release();
  assert.is(group.memory.usedBytes, 0);
});

test('all processes of a container share its limit, and give back what they had', () => {
  const cell = new FakeCell();
  const group = cell.group({ memoryBytes: 4 * MIB });
  const first = cell.process(group).process;
  const second = cell.process(group).process;
  assert.is(first.memory.reserve(3 * PAGES_PER_MIB, 0), true);
  assert.is(second.memory.reserve(2 * PAGES_PER_MIB, 0), false);
  first.memory.release();
  assert.is(second.memory.reserve(2 * PAGES_PER_MIB, 0), true);
  assert.is(group.memory.peakBytes, 3 * MIB);
});

test('tables count, and a failed growth of one is given back', () => {
  const cell = new FakeCell();
  const group = cell.group({ memoryBytes: MIB });
  const { process } = cell.process(group);
  assert.is(process.memory.growTable(10_000), 1);
  assert.is(process.memory.growTable(1_000_000), 0);
  const before = group.memory.usedBytes;
  assert.is(process.memory.growTable(10_000), 1);
  process.memory.growTable(-10_000);
  assert.is(group.memory.usedBytes, before);
});

test.run();
