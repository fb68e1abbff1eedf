import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bindHostcall } from '../../../../src/abi/hostcall.ts';
import { UNSTABLE } from '../../../../src/abi/unstable/unstable.ts';
import { FakeProcess } from '../../../fake/fake-process.ts';

const PATH = 1024;
const STAT = 2048;
const INPUT = 4096;
const OUTPUT = 8192;
const RESULT = 64;
const READ_AND_SEEK = 0x3fffffffn;

function call(guest: FakeProcess, name: string, ...args: (number | bigint)[]): number {
  const hostcall = UNSTABLE.calls[name];
  if (!hostcall) throw new Error(`no hostcall ${name}`);
  const running = { running: guest.thread };
  return bindHostcall(name, hostcall, running, UNSTABLE.errnoNumbers, (_name, thrown) => {
    throw thrown;
  })(...args);
}

function openFile(guest: FakeProcess): number {
  writeFileSync(join(guest.folder, 'file'), 'seven b');
  const length = guest.put(PATH, 'file');
  assert.is(call(guest, 'path_open', 3, 0, PATH, length, 0, READ_AND_SEEK, 0n, 0, RESULT), 0);
  return guest.u32(RESULT);
}

test('whence counts from the current position, the end, the start', () => {
  using guest = new FakeProcess();
  const fd = openFile(guest);
  const seek = (offset: bigint, whence: number): bigint => {
    assert.is(call(guest, 'fd_seek', fd, offset, whence, RESULT), 0);
    return guest.u64(RESULT);
  };
  assert.is(seek(2n, 2), 2n);
  assert.is(seek(3n, 0), 5n);
  assert.is(seek(-1n, 1), 6n);
  assert.is(call(guest, 'fd_seek', fd, 0n, 3, RESULT), 28, 'EINVAL');
});

test('a filestat has 56 bytes, with a link count of 32 bits', () => {
  using guest = new FakeProcess();
  const fd = openFile(guest);
  const stats = [
    (): number => call(guest, 'fd_filestat_get', fd, STAT),
    (): number => call(guest, 'path_filestat_get', 3, 0, PATH, 4, STAT),
  ];
  for (const stat of stats) {
    new Uint8Array(guest.memory.buffer).fill(0xee, STAT, STAT + 64);
    assert.is(stat(), 0);
    assert.is(guest.u32(STAT + 16), 4, 'a regular file');
    assert.is(guest.u32(STAT + 20), 1);
    assert.is(guest.u64(STAT + 24), 7n);
    assert.is(guest.u64(STAT + 56), 0xeeeeeeeeeeeeeeeen, 'what stands behind is left alone');
  }
});

test('a clock’s subscription begins with an identifier', () => {
  using guest = new FakeProcess();
  const view = new DataView(guest.memory.buffer);
  const MONOTONIC = 1;
  // Due at once, and in an hour.
  [0n, 3_600_000_000_000n].forEach((timeout, index) => {
    const at = INPUT + index * 56;
    view.setBigUint64(at, BigInt(100 + index), true);
    view.setUint8(at + 8, 0);
    view.setBigUint64(at + 16, 999n, true);
    view.setUint32(at + 24, MONOTONIC, true);
    view.setBigUint64(at + 32, timeout, true);
  });
  assert.is(call(guest, 'poll_oneoff', INPUT, OUTPUT, 2, RESULT), 0);
  assert.is(guest.u32(RESULT), 1);
  assert.is(guest.u64(OUTPUT), 100n);
});

test('it has all that preview1 has, but for accepting', () => {
  assert.is(UNSTABLE.calls['sock_accept'], undefined);
  assert.ok(UNSTABLE.calls['fd_readdir'] && UNSTABLE.calls['sock_shutdown']);
});

test.run();
