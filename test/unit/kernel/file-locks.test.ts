import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FileLocks, type HeldLock } from '../../../src/kernel/file-locks.ts';
import { SeededRandom } from '../../fake/seeded-random.ts';

const FILE = { device: 1n, inode: 7n };
const ALICE = { name: 'alice' };
const BOB = { name: 'bob' };

function lock(owner: object, start: number, end: number, isExclusive: boolean): HeldLock {
  return { owner, start, end, isExclusive, pid: 1 };
}

test('shared locks go together, exclusive ones with nobody’s', () => {
  const locks = new FileLocks();
  assert.is(locks.acquire(FILE, lock(ALICE, 0, 10, false)), undefined);
  assert.is(locks.acquire(FILE, lock(BOB, 5, 15, false)), undefined);
  assert.ok(locks.acquire(FILE, lock(BOB, 9, 12, true)));
  assert.is(locks.acquire(FILE, lock(BOB, 10, 12, true)), undefined);
  assert.is(locks.conflict(FILE, lock(ALICE, 0, 20, false))?.start, 10);
});

test('who waits is woken when the lock in the way goes', () => {
  const locks = new FileLocks();
  locks.acquire(FILE, lock(ALICE, 0, Number.POSITIVE_INFINITY, true));
  const queue = locks.acquire(FILE, lock(BOB, 3, 4, true));
  let isWoken = false;
  queue?.add(() => {
    isWoken = true;
  });
  locks.releaseAll(ALICE);
  assert.is(isWoken, true);
  assert.is(locks.acquire(FILE, lock(BOB, 3, 4, true)), undefined);
  locks.releaseAll(BOB);
  assert.is(locks.isEmpty, true);
});

test('what an owner holds is, byte by byte, what it asked for last', () => {
  const generator = new SeededRandom(11);
  const random = (): number => generator.word() / 2 ** 32;
  const locks = new FileLocks();
  const held = new Array<'shared' | 'exclusive' | undefined>(SIZE).fill(undefined);
  for (let round = 0; round < 2_000; round++) {
    const start = Math.floor(random() * SIZE);
    const end = start + 1 + Math.floor(random() * (SIZE - start));
    const choice = Math.floor(random() * 3);
    if (choice === 0) locks.release(FILE, ALICE, { start, end });
    else locks.acquire(FILE, lock(ALICE, start, end, choice === 1));
    held.fill(([undefined, 'exclusive', 'shared'] as const)[choice], start, end);
    for (let at = 0; at < SIZE; at++) {
      const isShared = locks.conflict(FILE, lock(BOB, at, at + 1, false)) === undefined;
      const isFree = locks.conflict(FILE, lock(BOB, at, at + 1, true)) === undefined;
      const found = isFree ? undefined : isShared ? 'shared' : 'exclusive';
      assert.is(found, held[at], `byte ${at} in round ${round}`);
    }
  }
});

const SIZE = 24;

test.run();
