import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { createDevices } from '../../../src/vfs/device.ts';
import { namesOf, READ, READ_WRITE, throwsErrno } from '../../suite/file-system.ts';

const { root } = createDevices({
  device: 5n,
  now: () => 1_000n,
  hasTerminal: true,
  charge: { tryCharge: () => true, release: () => {} },
  fillRandom: (target) => void target.fill(7),
});

function read(name: string): number[] {
  const target = new Uint8Array(3).fill(1);
  const file = root.lookup(name).open(READ);
  const count = file.readAt(target, 2 ** 62);
  file.close();
  return [...target.subarray(0, count)];
}

test('devices read and write as mem(4) says', () => {
  assert.equal(read('null'), []);
  assert.equal(read('zero'), [0, 0, 0]);
  assert.equal(read('full'), [0, 0, 0]);
  assert.equal(read('random'), [7, 7, 7]);
  assert.equal(read('urandom'), [7, 7, 7]);
  const bytes = new Uint8Array(10);
  for (const name of ['null', 'zero', 'random', 'urandom']) {
    const file = root.lookup(name).open({ ...READ_WRITE, truncate: true });
    assert.is(file.writeAt(bytes, 0), 10);
    assert.is(file.append(bytes), 10);
    file.close();
  }
  throwsErrno(() => root.lookup('full').open(READ_WRITE).writeAt(bytes, 0), ERRNO.ENOSPC);
  throwsErrno(() => root.lookup('null').open(READ).writeAt(bytes, 0), ERRNO.EBADF);
});

test('one read is bounded', () => {
  const target = new Uint8Array((1 << 25) + 10);
  assert.is(root.lookup('zero').open(READ).readAt(target, 0), (1 << 25) - 1);
});

test('it holds what Docker puts there, and takes more', () => {
  const names = 'console fd full null pts random shm stderr stdin stdout tty urandom zero';
  assert.equal(namesOf(root), names.split(' '));
  assert.is(root.lookup('null').attributes().rdev, 0x103n);
  assert.is(root.lookup('null').attributes().mode, 0o666);
  assert.is(root.lookup('stdin').readLink(), '/proc/self/fd/0');
  assert.is(root.lookup('fd').readLink(), '/proc/self/fd');
  for (const terminal of [root.lookup('tty'), root.lookup('pts').lookup('0')]) {
    assert.is(terminal.alias, 'controlling-terminal');
    throwsErrno(() => terminal.open(READ), ERRNO.ENXIO);
  }
  root.createFile('x', 0o644, READ_WRITE).close();
  root.removeFile('x');
  throwsErrno(() => root.lookup('none'), ERRNO.ENOENT);
  throwsErrno(() => root.lookup('null').lookup('x'), ERRNO.ENOTDIR);
  for (const { name, inode, kind } of root.list()) {
    const attributes = root.lookup(name).attributes();
    assert.equal([attributes.inode, attributes.kind, attributes.device], [inode, kind, 5n]);
  }
});

test.run();
