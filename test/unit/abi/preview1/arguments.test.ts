import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeProcess } from '../../../fake/fake-process.ts';

test('arguments and environment arrive as NUL-terminated UTF-8', () => {
  using guest = new FakeProcess({ args: ['prog', 'größe'], env: ['A=1'] });
  assert.is(guest.call('args_sizes_get', 0, 4), 'ok');
  assert.equal([guest.u32(0), guest.u32(4)], [2, 5 + 8]);
  assert.is(guest.call('args_get', 16, 64), 'ok');
  assert.equal([guest.u32(16), guest.u32(20)], [64, 69]);
  assert.is(guest.text(64, 13), 'prog\0größe\0');
  assert.is(guest.call('environ_sizes_get', 0, 4), 'ok');
  assert.equal([guest.u32(0), guest.u32(4)], [1, 4]);
  assert.is(guest.call('environ_get', 65_534, 64), 'EFAULT');
});

test('clocks, randomness and signals', () => {
  using guest = new FakeProcess();
  assert.is(guest.call('clock_time_get', 0, 0n, 8), 'ok');
  assert.is(guest.u64(8), guest.clock.realtimeNs());
  assert.is(guest.call('clock_time_get', 9, 0n, 8), 'EINVAL');
  assert.is(guest.call('random_get', 32, 4), 'ok');
  assert.is(guest.u32(32), 0x07070707);
  assert.is(guest.call('random_get', 65_535, 2), 'EFAULT');
  assert.is(guest.call('proc_raise', 27), 'ok', 'SIGWINCH does nothing');
  assert.is(guest.call('proc_raise', 15), 'exit');
  assert.equal(guest.process.ending?.status, { type: 'signaled', signal: 15 });
});

test('proc_exit keeps the low eight bits', () => {
  using guest = new FakeProcess();
  assert.is(guest.call('proc_exit', 259), 'exit');
  assert.equal(guest.process.ending?.status, { type: 'exited', code: 3 });
});

test.run();
