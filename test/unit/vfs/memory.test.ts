import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { MemoryAccount } from '../../../src/kernel/memory-account.ts';
import { MemoryFileSystem } from '../../../src/vfs/memory.ts';
import {
  bytesOf,
  contentOf,
  namesOf,
  putFile,
  READ_WRITE,
  runReadOnlySuite,
  runWritableSuite,
  SAMPLE,
  throwsErrno,
} from '../../suite/file-system.ts';

class MemoryFixture implements Disposable {
  readonly account = new MemoryAccount(1 << 20);
  readonly fileSystem: MemoryFileSystem;

  constructor(limits: { sizeBytes?: number; maxFiles?: number; isReadOnly?: boolean } = {}) {
    const { sizeBytes = 1 << 20, maxFiles = 100, isReadOnly = false } = limits;
    this.fileSystem = new MemoryFileSystem({
      device: 9n,
      sizeBytes,
      maxFiles,
      isReadOnly,
      now: () => SAMPLE.hello.modifiedNs,
      charge: this.account,
    });
  }

  [Symbol.dispose](): void {
    this.fileSystem[Symbol.dispose]();
    assert.is(this.account.usedBytes, 0);
  }
}

/** A file system that is filled, and then as if it were mounted to be read only. */
class SampleFixture extends MemoryFixture {
  constructor() {
    super();
    const { root } = this.fileSystem;
    putFile(root, SAMPLE.hello.name, SAMPLE.hello.content);
    root.makeDirectory(SAMPLE.directory.name, 0o755);
    putFile(root.lookup('dir'), SAMPLE.directory.inner, SAMPLE.directory.innerContent);
    root.makeSymlink(SAMPLE.link.name, SAMPLE.link.target);
    Object.assign(this.fileSystem, { isReadOnly: true });
  }
}

runWritableSuite('memory', () => new MemoryFixture());
runReadOnlySuite('memory, read-only', () => new SampleFixture());

test('its size is kept, by writes into holes too', () => {
  using fixture = new MemoryFixture({ sizeBytes: 4 * 4096 });
  const { root } = fixture.fileSystem;
  const file = root.createFile('a', 0o644, READ_WRITE);
  file.change({ sizeBytes: 2 ** 40 });
  assert.is(file.attributes().blocks, 0);
  assert.is(file.writeAt(bytesOf('x'), 2 ** 39), 1);
  assert.is(file.writeAt(new Uint8Array(4096), 100), 4096);
  assert.is(file.attributes().blocks, 3 * 8);
  assert.is(fixture.fileSystem.statistics().freeBlocks, 1);
  // One page and a half fit into one page only.
  assert.is(file.writeAt(new Uint8Array(6144), 10 * 4096), 4096);
  throwsErrno(() => file.writeAt(bytesOf('x'), 20 * 4096), ERRNO.ENOSPC);
  throwsErrno(() => file.append(bytesOf('x')), ERRNO.ENOSPC);
  assert.is(file.writeAt(bytesOf('y'), 2 ** 39), 1);
  file.change({ sizeBytes: 50 });
  assert.is(fixture.fileSystem.statistics().freeBlocks, 3);
  file.change({ sizeBytes: 4096 });
  const tail = new Uint8Array(4096).fill(1);
  file.readAt(tail, 0);
  assert.ok(tail.every((byte) => byte === 0));
  file.close();
});

test('what a file takes comes back with its last name and its last open file', () => {
  using fixture = new MemoryFixture();
  const { root } = fixture.fileSystem;
  const empty = fixture.account.usedBytes;
  putFile(root, 'a', 'content');
  root.makeLink('b', root.lookup('a'));
  const file = root.lookup('a').open(READ_WRITE);
  root.lookup('a').xattrs().set('user.x', bytesOf('value'), 'create');
  root.removeFile('a');
  root.removeFile('b');
  assert.is(fixture.fileSystem.statistics().freeBlocks, 255);
  assert.is(file.append(bytesOf('+')), 1);
  file.close();
  assert.is(fixture.fileSystem.statistics().freeBlocks, 256);
  assert.is(fixture.account.usedBytes, empty);
});

test('the number of names is kept, hard links counted', () => {
  using fixture = new MemoryFixture({ maxFiles: 3 });
  const { root } = fixture.fileSystem;
  putFile(root, 'a', '');
  root.makeLink('b', root.lookup('a'));
  root.makeDirectory('c', 0o755);
  throwsErrno(() => root.makeSymlink('d', 'x'), ERRNO.ENOSPC);
  throwsErrno(() => root.makeLink('d', root.lookup('a')), ERRNO.ENOSPC);
  assert.is(root.lookup('a').attributes().linkCount, 2);
  root.removeFile('b');
  root.makeNode('d', 'fifo', 0o644);
  assert.equal(namesOf(root), ['a', 'c', 'd']);
  assert.is(fixture.fileSystem.statistics().freeFiles, 0);
});

test('the memory of the container is a limit of its own', () => {
  using fixture = new MemoryFixture({ sizeBytes: 1 << 30 });
  const { root } = fixture.fileSystem;
  const file = root.createFile('a', 0o644, READ_WRITE);
  assert.ok(file.writeAt(new Uint8Array(2 << 20), 0) < 1 << 20);
  throwsErrno(() => file.writeAt(bytesOf('x'), 2 ** 30), ERRNO.ENOMEM);
  throwsErrno(() => root.makeSymlink('l', 'x'.repeat(4000)), ERRNO.ENOMEM);
  assert.equal(namesOf(root), ['a']);
  file.close();
  root.removeFile('a');
  putFile(root, 'b', 'b');
  assert.is(contentOf(root.lookup('b')), 'b');
});

test.run();
