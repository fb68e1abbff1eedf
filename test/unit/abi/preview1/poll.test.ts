import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STREAM_RIGHTS } from '../../../../src/abi/preview1/numbers.ts';
import { PIPE_CAPACITY } from '../../../../src/kernel/pipe.ts';
import { FakeProcess } from '../../../fake/fake-process.ts';

const INPUT = 0;
const OUTPUT = 1024;
const COUNT = 4096;
const REALTIME = 0;
const MONOTONIC = 1;

function subscribeClock(
  guest: FakeProcess,
  index: number,
  clock: number,
  timeout: bigint,
  absolute = 0,
): void {
  const view = new DataView(guest.memory.buffer, INPUT + index * 48, 48);
  view.setBigUint64(0, BigInt(100 + index), true);
  view.setUint8(8, 0);
  view.setUint32(16, clock, true);
  view.setBigUint64(24, timeout, true);
  view.setUint16(40, absolute, true);
}

function subscribeFd(guest: FakeProcess, index: number, fd: number, type: 1 | 2): void {
  const view = new DataView(guest.memory.buffer, INPUT + index * 48, 48);
  view.setBigUint64(0, BigInt(100 + index), true);
  view.setUint8(8, type);
  view.setUint32(16, fd, true);
}

/** [userdata, error, type, bytes, flags] of each event. */
function events(guest: FakeProcess): number[][] {
  return Array.from({ length: guest.u32(COUNT) }, (_, index) => {
    const view = new DataView(guest.memory.buffer, OUTPUT + index * 32, 32);
    return [
      Number(view.getBigUint64(0, true)),
      view.getUint16(8, true),
      view.getUint8(10),
      Number(view.getBigUint64(16, true)),
      view.getUint16(24, true),
    ];
  });
}

test('a sleep ends when its time has come, and not a turn earlier', async () => {
  using guest = new FakeProcess();
  subscribeClock(guest, 0, MONOTONIC, 5_000_000n);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'would-block');
  const waiting = guest.thread.wait();
  guest.clock.advance(4);
  assert.is(guest.clock.timerCount, 1);
  guest.clock.advance(1);
  assert.is(await waiting, 0);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'ok');
  assert.equal(events(guest), [[100, 0, 0, 0, 0]]);
  assert.is(guest.clock.timerCount, 0);
});

test('a relative timeout counts from the first try', async () => {
  using guest = new FakeProcess();
  subscribeClock(guest, 0, REALTIME, 10_000_000n);
  subscribeFd(guest, 1, 0, 1);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 2, COUNT), 'would-block');
  guest.clock.advance(6);
  // A wake for nothing: the call is tried again, and goes on to wait for what is left.
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 2, COUNT), 'would-block');
  const waiting = guest.thread.wait();
  guest.clock.advance(4);
  assert.is(await waiting, 0);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 2, COUNT), 'ok');
  assert.equal(events(guest), [[100, 0, 0, 0, 0]]);
});

test('an absolute time is of its own clock', () => {
  using guest = new FakeProcess();
  subscribeClock(guest, 0, REALTIME, guest.clock.realtimeNs() - 1n, 1);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'ok');
});

test('streams are ready when they have bytes, room, or an end', async () => {
  using guest = new FakeProcess();
  subscribeFd(guest, 0, 0, 1);
  subscribeFd(guest, 1, 1, 2);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 2, COUNT), 'ok');
  assert.equal(events(guest), [[101, 0, 2, 64, 0]]);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'would-block');
  const waiting = guest.thread.wait();
  guest.stdin.write(Buffer.from('abc'));
  assert.is(await waiting, 0);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'ok');
  assert.equal(events(guest), [[100, 0, 1, 3, 0]]);
  guest.stdin.read(new Uint8Array(3));
  guest.stdin.hasEnded = true;
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'ok');
  assert.equal(events(guest), [[100, 0, 1, 0, 1]], 'the end is a hangup');
});

test('what is wrong with one subscription is told in its event', () => {
  using guest = new FakeProcess();
  subscribeFd(guest, 0, 99, 1);
  subscribeClock(guest, 1, 7, 1n);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 2, COUNT), 'ok');
  assert.equal(events(guest), [
    [100, 8, 1, 0, 0],
    [101, 28, 0, 0, 0],
  ]);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 0, COUNT), 'EINVAL');
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, -1, COUNT), 'EINVAL');
  assert.is(guest.call('poll_oneoff', 65_500, OUTPUT, 1, COUNT), 'EFAULT');
});

test('sched_yield gives way once', async () => {
  using guest = new FakeProcess();
  assert.is(guest.call('sched_yield'), 'would-block');
  assert.is(await guest.thread.wait(), 0);
  assert.is(guest.turnCount, 1);
  assert.is(guest.call('sched_yield'), 'ok');
});

test('a program that only makes hostcalls gives way when its slice is over', () => {
  using guest = new FakeProcess();
  guest.clock.advance(6);
  const answers = Array.from({ length: 64 }, () => guest.call('clock_time_get', 0, 0n, 0));
  assert.ok(answers.includes('would-block'));
});

test('a pipe whose reader has gone is ready to be written to, with a hangup', async () => {
  using guest = new FakeProcess();
  const { readEnd, writeEnd } = guest.process.system.pipes.create();
  const rights = { rights: STREAM_RIGHTS, inheritingRights: 0n };
  const reader = guest.process.fds.add({ description: readEnd, ...rights });
  const writer = guest.process.fds.add({ description: writeEnd, ...rights });
  const FD_WRITE = 2;
  subscribeFd(guest, 0, writer, FD_WRITE);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'ok');
  assert.equal(events(guest), [[100, 0, FD_WRITE, PIPE_CAPACITY, 0]]);
  writeEnd.write(new Uint8Array(PIPE_CAPACITY));
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'would-block');
  const waiting = guest.thread.wait();
  guest.process.fds.close(reader);
  assert.is(await waiting, 0);
  assert.is(guest.call('poll_oneoff', INPUT, OUTPUT, 1, COUNT), 'ok');
  assert.equal(events(guest), [[100, 0, FD_WRITE, PIPE_CAPACITY, 1]]);
});

test.run();
