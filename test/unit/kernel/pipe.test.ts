import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO, type Errno } from '../../../src/base/errno.ts';
import { MemoryAccount } from '../../../src/kernel/memory-account.ts';
import { PIPE_CAPACITY, Pipe } from '../../../src/kernel/pipe.ts';
import { Pipes } from '../../../src/kernel/pipe-ends.ts';
import type { MemoryCharge } from '../../../src/vfs/memory-quota.ts';
import { SeededRandom } from '../../fake/seeded-random.ts';

function refuses(call: () => unknown, errno: Errno): void {
  assert.throws(call, (thrown: unknown) => thrown === errno);
}

const PAID = { tryCharge: () => true, release: () => {} };

function openPipe(charge: MemoryCharge = PAID): Pipe {
  const pipe = new Pipe(charge);
  pipe.addReader();
  pipe.addWriter();
  return pipe;
}

test('bytes come out as they went in, whatever the pieces', () => {
  const generator = new SeededRandom(7);
  const random = (): number => generator.word() / 2 ** 32;
  const pipe = openPipe();
  let written = 0;
  let read = 0;
  for (let round = 0; round < 5_000; round++) {
    const piece = new Uint8Array(1 + Math.floor(random() * 9_000));
    if (random() < 0.5) {
      for (let at = 0; at < piece.length; at++) piece[at] = (written + at) & 0xff;
      try {
        written += pipe.write(piece);
      } catch (thrown) {
        assert.is(thrown, ERRNO.EAGAIN);
      }
    } else {
      try {
        const count = pipe.read(piece);
        for (let at = 0; at < count; at++) assert.is(piece[at], (read + at) & 0xff);
        read += count;
      } catch (thrown) {
        assert.is(thrown, ERRNO.EAGAIN);
      }
    }
    assert.is(pipe.availableBytes, written - read);
  }
  assert.ok(read > PIPE_CAPACITY);
});

test('a small write goes in whole or not at all, a large one in part', () => {
  const pipe = openPipe();
  assert.is(pipe.write(new Uint8Array(PIPE_CAPACITY - 100)), PIPE_CAPACITY - 100);
  refuses(() => pipe.write(new Uint8Array(101)), ERRNO.EAGAIN);
  assert.is(pipe.freeBytes, 0, 'not ready for a small write');
  assert.is(pipe.write(new Uint8Array(5_000)), 100);
});

test('readers see the end when nobody writes, writers are told when nobody reads', () => {
  const pipe = openPipe();
  let woken = 0;
  pipe.readable.add(() => void woken++);
  pipe.write(Uint8Array.of(1));
  pipe.readable.add(() => void woken++);
  pipe.removeWriter();
  assert.is(woken, 2);
  assert.is(pipe.hasEnded, false, 'something is left');
  assert.is(pipe.read(new Uint8Array(4)), 1);
  assert.is(pipe.hasEnded, true);
  assert.is(pipe.read(new Uint8Array(4)), 0);
  const other = openPipe();
  other.writable.add(() => void woken++);
  other.removeReader();
  assert.is(woken, 3);
  refuses(() => other.write(Uint8Array.of(1)), ERRNO.EPIPE);
});

test('what is in a pipe is paid for, and less goes in when that cannot be', () => {
  const account = new MemoryAccount(6_000);
  const pipe = openPipe(account);
  assert.is(account.usedBytes, 4_096);
  assert.is(pipe.write(new Uint8Array(PIPE_CAPACITY)), 4_096, 'no room for sixteen times as much');
  refuses(() => pipe.write(Uint8Array.of(1)), ERRNO.EAGAIN);
  pipe.read(new Uint8Array(PIPE_CAPACITY));
  account.limitBytes = 20_000;
  assert.is(pipe.write(new Uint8Array(10_000)), 10_000);
  assert.is(account.usedBytes, 16_384);
  pipe.removeReader();
  pipe.removeWriter();
  assert.is(account.usedBytes, 0);
  refuses(() => openPipe(new MemoryAccount(4_095)), ERRNO.ENOMEM);
});

test('a container cannot have any number of pipes, and gets back those that it closes', () => {
  const pipes = new Pipes(PAID);
  const open = Array.from({ length: 4_096 }, () => pipes.create());
  refuses(() => pipes.create(), ERRNO.ENFILE);
  const [first] = open;
  first?.readEnd.discard();
  refuses(() => pipes.create(), ERRNO.ENFILE);
  first?.writeEnd.discard();
  pipes.create();
});

test.run();
