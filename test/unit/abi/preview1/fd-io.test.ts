import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RIGHTS } from '../../../../src/abi/preview1/numbers.ts';
import { FakeProcess } from '../../../fake/fake-process.ts';

const VECTORS = 0;
const RESULT = 64;
const BUFFER = 128;
const PATH = 1024;
const CREATE = 1;
const READ_WRITE = RIGHTS.fdRead | RIGHTS.fdWrite | RIGHTS.fdSeek | RIGHTS.fdTell | RIGHTS.fdSync;

function openFile(guest: FakeProcess, path: string, rights: bigint, flags = CREATE): number {
  const length = guest.put(PATH, path);
  assert.is(guest.call('path_open', 3, 1, PATH, length, flags, rights, 0n, 0, RESULT), 'ok');
  return guest.u32(RESULT);
}

test('what is written is read back from where the position stands', () => {
  using guest = new FakeProcess();
  const fd = openFile(guest, 'note', READ_WRITE);
  const length = guest.put(BUFFER, 'hello');
  guest.putU32(VECTORS, BUFFER, length, BUFFER, 2);
  assert.is(guest.call('fd_write', fd, VECTORS, 2, RESULT), 'ok');
  assert.is(guest.u32(RESULT), 7);
  assert.is(guest.call('fd_tell', fd, RESULT), 'ok');
  assert.is(guest.u64(RESULT), 7n);
  assert.is(guest.call('fd_seek', fd, -4n, 2, RESULT), 'ok');
  guest.putU32(VECTORS, BUFFER, 16);
  assert.is(guest.call('fd_read', fd, VECTORS, 1, RESULT), 'ok');
  assert.is(guest.text(BUFFER, guest.u32(RESULT)), 'lohe');
  assert.is(guest.call('fd_read', fd, VECTORS, 1, RESULT), 'ok');
  assert.is(guest.u32(RESULT), 0, 'the end of the file');
  assert.is(readFileSync(join(guest.folder, 'note'), 'latin1'), 'hellohe');
});

test('pread and pwrite leave the position alone', () => {
  using guest = new FakeProcess();
  writeFileSync(join(guest.folder, 'note'), '0123456789');
  const fd = openFile(guest, 'note', READ_WRITE, 0);
  guest.put(BUFFER, 'ab');
  guest.putU32(VECTORS, BUFFER, 2);
  assert.is(guest.call('fd_pwrite', fd, VECTORS, 1, 4n, RESULT), 'ok');
  guest.putU32(VECTORS, BUFFER, 4);
  assert.is(guest.call('fd_pread', fd, VECTORS, 1, 3n, RESULT), 'ok');
  assert.is(guest.text(BUFFER, 4), '3ab6');
  assert.is(guest.call('fd_tell', fd, RESULT), 'ok');
  assert.is(guest.u64(RESULT), 0n);
});

test('a read of an empty stream blocks, and goes on when something comes or it ends', async () => {
  using guest = new FakeProcess();
  guest.putU32(VECTORS, BUFFER, 16);
  assert.is(guest.call('fd_read', 0, VECTORS, 1, RESULT), 'would-block');
  const waiting = guest.thread.wait();
  guest.stdin.write(Buffer.from('late'));
  assert.is(await waiting, 0);
  assert.is(guest.call('fd_read', 0, VECTORS, 1, RESULT), 'ok');
  assert.is(guest.text(BUFFER, guest.u32(RESULT)), 'late');
  guest.stdin.hasEnded = true;
  assert.is(guest.call('fd_read', 0, VECTORS, 1, RESULT), 'ok');
  assert.is(guest.u32(RESULT), 0);
});

test('a read of an empty stream that must not wait answers EAGAIN', () => {
  using guest = new FakeProcess();
  guest.putU32(VECTORS, BUFFER, 16);
  assert.is(guest.call('fd_fdstat_set_flags', 0, 4), 'ok');
  assert.is(guest.call('fd_read', 0, VECTORS, 1, RESULT), 'EAGAIN');
});

test('a blocking write larger than the room is answered once, for all of it', async () => {
  using guest = new FakeProcess();
  const text = 'x'.repeat(100) + 'y'.repeat(60);
  guest.put(BUFFER, text);
  guest.putU32(VECTORS, BUFFER, 100, BUFFER + 100, 60);
  let received = '';
  assert.is(guest.call('fd_write', 1, VECTORS, 2, RESULT), 'would-block');
  for (;;) {
    const waiting = guest.thread.wait();
    const part = new Uint8Array(40);
    received += Buffer.from(part.subarray(0, guest.stdout.read(part))).toString();
    assert.is(await waiting, 0);
    if (guest.call('fd_write', 1, VECTORS, 2, RESULT) === 'ok') break;
  }
  assert.is(guest.u32(RESULT), 160);
  assert.is(received + guest.stdout.text(), text);
});

test('a sync suspends and is answered when the host has done it', async () => {
  using guest = new FakeProcess();
  const file = openFile(guest, 'note', READ_WRITE);
  const ROOT = 3;
  for (const fd of [file, ROOT]) {
    assert.is(guest.call('fd_sync', fd), 'would-block');
    assert.is(await guest.thread.wait(), 0);
    assert.is(guest.call('fd_sync', fd), 'ok');
    assert.is(guest.thread.retry, undefined);
  }
});

test('the end of a process wakes it, and no hostcall is answered afterwards', async () => {
  using guest = new FakeProcess();
  guest.putU32(VECTORS, BUFFER, 16);
  assert.is(guest.call('fd_read', 0, VECTORS, 1, RESULT), 'would-block');
  const waiting = guest.thread.wait();
  guest.process.end({ status: { type: 'signaled', signal: 15 } });
  guest.process.end({ status: { type: 'exited', code: 1 } });
  assert.is(await waiting, 1);
  assert.is(guest.call('fd_read', 0, VECTORS, 1, RESULT), 'exit');
  assert.equal(
    guest.process.ending?.status,
    { type: 'signaled', signal: 15 },
    'the first end counts',
  );
});

const ROWS: readonly (readonly [string, string, (number | bigint)[], string])[] = [
  ['an fd that is not open', 'fd_read', [77, VECTORS, 1, RESULT], 'EBADF'],
  ['an fd that is no number of ours', 'fd_close', [-1], 'EBADF'],
  ['vectors outside the memory', 'fd_read', [0, 65_532, 1, RESULT], 'EFAULT'],
  ['vectors at the end of the address space', 'fd_write', [1, -8, 1, RESULT], 'EFAULT'],
  ['more vectors than anybody has', 'fd_write', [1, VECTORS, -1, RESULT], 'EINVAL'],
  ['a result pointer outside the memory', 'fd_write', [1, VECTORS, 0, 65_534], 'EFAULT'],
  ['reading from standard output', 'fd_read', [1, VECTORS, 0, RESULT], 'EBADF'],
  ['seeking in a stream', 'fd_seek', [0, 0n, 0, RESULT], 'ESPIPE'],
  ['reading a directory', 'fd_read', [3, VECTORS, 0, RESULT], 'EBADF'],
  ['a socket call on a file', 'sock_recv', [0, 0, 0, 0, 0, 0], 'ENOTSOCK'],
  ['a flag that nobody defined', 'fd_fdstat_set_flags', [0, 64], 'EINVAL'],
];

for (const [what, name, args, expected] of ROWS) {
  test(`refused: ${what}`, () => {
    using guest = new FakeProcess();
    assert.is(guest.call(name, ...args), expected);
  });
}

test.run();
