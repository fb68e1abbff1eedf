import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { transfer } from '../../../../src/abi/preview1/file-transfer.ts';
import { ERRNO } from '../../../../src/base/errno.ts';
import type { Thread } from '../../../../src/kernel/thread.ts';

const MIB = 1024 * 1024;

/** A thread whose slice is over whenever it is asked, or never. */
function threadWith(isSliceOver: boolean): { thread: Thread; turns: () => number } {
  let turns = 0;
  const thread = {
    retry: undefined,
    giveWay: () => {
      turns++;
    },
    system: { scheduler: { isSliceOver: () => isSliceOver } },
  };
  return { thread: thread as unknown as Thread, turns: () => turns };
}

function buffersOf(...sizes: readonly number[]): Uint8Array[] {
  return sizes.map((size) => new Uint8Array(size));
}

test('all of all buffers is moved, in order, no piece larger than a mebibyte', () => {
  const { thread } = threadWith(false);
  const moves: [number, number][] = [];
  const count = transfer(thread, buffersOf(3, 2 * MIB + 5, 1), (piece, done) => {
    moves.push([piece.length, done]);
    return piece.length;
  });
  assert.is(count, 2 * MIB + 9);
  assert.equal(moves, [
    [3, 0],
    [MIB, 3],
    [MIB, MIB + 3],
    [5, 2 * MIB + 3],
    [1, 2 * MIB + 8],
  ]);
});

test('it ends where less than a piece is moved', () => {
  const { thread } = threadWith(false);
  assert.is(
    transfer(thread, buffersOf(10, 10, 10), (_piece, done) => (done === 0 ? 10 : 4)),
    14,
  );
});

test('others have their turn between large pieces, and it goes on where it was', () => {
  const { thread, turns } = threadWith(true);
  const seen: number[] = [];
  const buffers = buffersOf(7, 3 * MIB, 7);
  const attempt = (): number | 'gave-way' =>
    transfer(thread, buffers, (piece, done) => {
      seen.push(done);
      return piece.length;
    });
  for (let turn = 1; turn <= 3; turn++) {
    assert.is(attempt(), 'gave-way');
    assert.is(turns(), turn);
  }
  assert.is(attempt(), 3 * MIB + 14);
  assert.equal(seen, [0, 7, MIB + 7, 2 * MIB + 7, 3 * MIB + 7]);
});

test('small transfers never give way', () => {
  const { thread, turns } = threadWith(true);
  assert.is(
    transfer(thread, buffersOf(100, 100), (piece) => piece.length),
    200,
  );
  assert.is(turns(), 0);
});

test('an error counts only when nothing was moved before it', () => {
  const { thread } = threadWith(false);
  const failing =
    (from: number) =>
    (piece: Uint8Array, done: number): number => {
      if (done >= from) throw ERRNO.ENOSPC;
      return piece.length;
    };
  assert.is(transfer(thread, buffersOf(10, 10), failing(10)), 10);
  assert.throws(
    () => transfer(thread, buffersOf(10, 10), failing(0)),
    (thrown: unknown) => thrown === ERRNO.ENOSPC,
  );
  const bug = new Error('ours');
  const broken = (piece: Uint8Array, done: number): number => {
    if (done > 0) throw bug;
    return piece.length;
  };
  assert.throws(
    () => transfer(thread, buffersOf(10, 10), broken),
    (thrown: unknown) => thrown === bug,
  );
});

test.run();
