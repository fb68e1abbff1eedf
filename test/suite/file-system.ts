import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO, type Errno } from '../../src/base/errno.ts';
import type { FileSystem, OpenFile, OpenMode, Vnode } from '../../src/vfs/contract.ts';

/**
 * What `vfs/contract.ts` promises, asked of every implementation. `create` answers a fresh, empty,
 * writable file system; for the read-only half one that holds `SAMPLE`.
 */
export interface FileSystemFixture extends Disposable {
  readonly fileSystem: FileSystem;
}

export const READ: OpenMode = { read: true, write: false, truncate: false };
export const READ_WRITE: OpenMode = { read: true, write: true, truncate: false };

/** What the read-only half expects to find. */
export const SAMPLE = {
  hello: { name: 'hello', content: 'hello\n', mode: 0o644, modifiedNs: 1_500_000_000_000_000_000n },
  directory: { name: 'dir', inner: 'inner', innerContent: 'x'.repeat(5000) },
  link: { name: 'link', target: 'dir/inner' },
} as const;

export function throwsErrno(call: () => unknown, expected: Errno): void {
  let answer: unknown = 'no error';
  try {
    call();
  } catch (thrown) {
    answer = thrown;
  }
  assert.is(String(answer), expected.name);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function readAll(file: OpenFile): string {
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (;;) {
    const chunk = new Uint8Array(1024);
    const count = file.readAt(chunk, position);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    position += count;
  }
  return Buffer.concat(chunks).toString();
}

export function contentOf(vnode: Vnode): string {
  const file = vnode.open(READ);
  try {
    return readAll(file);
  } finally {
    file.close();
  }
}

export function putFile(directory: Vnode, name: string, content: string): void {
  const file = directory.createFile(name, 0o644, READ_WRITE);
  assert.is(file.writeAt(bytesOf(content), 0), content.length);
  file.close();
}

export function namesOf(directory: Vnode): string[] {
  return directory
    .list()
    .map((entry) => entry.name)
    .sort();
}

/** `keepsOwners` false: of a file system that has nowhere to keep owners, nodes and attributes. */
export function runWritableSuite(
  title: string,
  create: () => FileSystemFixture,
  { keepsOwners = true } = {},
): void {
  const test = suite(title);
  const check = (name: string, run: (root: Vnode) => void | Promise<void>): void => {
    test(name, async () => {
      using fixture = create();
      await run(fixture.fileSystem.root);
    });
  };
  defineFileTests(check);
  defineAttributeTests(check);
  if (keepsOwners) defineOwnerTests(check);
  if (keepsOwners) defineNodeTests(check);
  defineDirectoryTests(check);
  defineRenameTests(check);
  test.run();
}

type Check = (name: string, run: (root: Vnode) => void | Promise<void>) => void;

function defineFileTests(check: Check): void {
  check('a file is created, written, read and found', async (root) => {
    const file = root.createFile('a', 0o640, READ_WRITE);
    assert.is(file.writeAt(bytesOf('hello'), 0), 5);
    assert.is(file.writeAt(bytesOf('!'), 8), 1);
    assert.is(file.append(bytesOf('end')), 3);
    assert.is(readAll(file), 'hello\0\0\0!end');
    assert.is(file.readAt(new Uint8Array(4), 100), 0);
    await file.sync({ dataOnly: true });
    await file.sync({ dataOnly: false });
    assert.is(file.attributes().sizeBytes, 12);
    file.close();
    file.close();
    const found = root.lookup('a');
    assert.is(found.kind, 'regular');
    assert.is(found.attributes().mode, 0o640);
    assert.is(contentOf(found), 'hello\0\0\0!end');
  });

  check('opening truncates only when asked', (root) => {
    putFile(root, 'a', 'content');
    root.lookup('a').open(READ_WRITE).close();
    assert.is(contentOf(root.lookup('a')), 'content');
    root.lookup('a').open({ read: false, write: true, truncate: true }).close();
    assert.is(contentOf(root.lookup('a')), '');
  });

  check('a file open for reading is not written', (root) => {
    putFile(root, 'a', 'content');
    const file = root.lookup('a').open(READ);
    throwsErrno(() => file.writeAt(bytesOf('x'), 0), ERRNO.EBADF);
    throwsErrno(() => file.append(bytesOf('x')), ERRNO.EBADF);
    file.close();
    throwsErrno(() => file.readAt(new Uint8Array(1), 0), ERRNO.EBADF);
    assert.is(contentOf(root.lookup('a')), 'content');
  });

  check('an open file outlives its name', (root) => {
    putFile(root, 'a', 'content');
    const file = root.lookup('a').open(READ_WRITE);
    root.removeFile('a');
    throwsErrno(() => root.lookup('a'), ERRNO.ENOENT);
    assert.is(readAll(file), 'content');
    assert.is(file.append(bytesOf('+')), 1);
    assert.is(readAll(file), 'content+');
    file.close();
  });

  check('names that are taken, missing or no names are refused', (root) => {
    putFile(root, 'a', '');
    throwsErrno(() => root.createFile('a', 0o644, READ_WRITE), ERRNO.EEXIST);
    throwsErrno(() => root.makeDirectory('a', 0o755), ERRNO.EEXIST);
    throwsErrno(() => root.makeSymlink('a', 'x'), ERRNO.EEXIST);
    throwsErrno(() => root.lookup('b'), ERRNO.ENOENT);
    throwsErrno(() => root.removeFile('b'), ERRNO.ENOENT);
    throwsErrno(() => root.removeDirectory('b'), ERRNO.ENOENT);
    throwsErrno(() => root.lookup('a').lookup('b'), ERRNO.ENOTDIR);
    throwsErrno(() => root.lookup('a').list(), ERRNO.ENOTDIR);
    throwsErrno(() => root.lookup('a').readLink(), ERRNO.EINVAL);
    throwsErrno(() => root.open(READ), ERRNO.EISDIR);
    for (const name of ['', '.', '..', 'x/y', '/x', 'x\0y']) {
      throwsErrno(() => root.createFile(name, 0o644, READ_WRITE), ERRNO.EINVAL);
      throwsErrno(() => root.makeDirectory(name, 0o755), ERRNO.EINVAL);
      throwsErrno(() => root.removeFile(name), ERRNO.EINVAL);
      throwsErrno(() => root.rename('a', root, name), ERRNO.EINVAL);
    }
    const longest = 'n'.repeat(255);
    putFile(root, longest, 'x');
    assert.is(contentOf(root.lookup(longest)), 'x');
    throwsErrno(() => root.createFile(`${longest}n`, 0o644, READ_WRITE), ERRNO.ENAMETOOLONG);
    throwsErrno(() => root.createFile('ü'.repeat(128), 0o644, READ_WRITE), ERRNO.ENAMETOOLONG);
  });

  check('symbolic links keep their target and are not followed', (root) => {
    root.makeSymlink('link', '/etc/../somewhere');
    const link = root.lookup('link');
    assert.is(link.kind, 'symlink');
    assert.is(link.readLink(), '/etc/../somewhere');
    throwsErrno(() => link.open(READ), ERRNO.ELOOP);
    throwsErrno(() => link.lookup('x'), ERRNO.ENOTDIR);
    link.change({ modifiedNs: 1_000_000_000n });
    assert.is(link.attributes().modifiedNs, 1_000_000_000n);
    root.removeFile('link');
    throwsErrno(() => root.lookup('link'), ERRNO.ENOENT);
  });
}

function defineAttributeTests(check: Check): void {
  check('hard links are one file', (root) => {
    putFile(root, 'a', 'one');
    root.makeDirectory('d', 0o755);
    root.lookup('d').makeLink('b', root.lookup('a'));
    const [a, b] = [root.lookup('a').attributes(), root.lookup('d').lookup('b').attributes()];
    assert.is(a.inode, b.inode);
    assert.is(a.linkCount, 2);
    throwsErrno(() => root.makeLink('a', root.lookup('a')), ERRNO.EEXIST);
    throwsErrno(() => root.makeLink('e', root.lookup('d')), ERRNO.EPERM);
    root.removeFile('a');
    assert.is(contentOf(root.lookup('d').lookup('b')), 'one');
  });

  check('size, mode and times change, one without the others', (root) => {
    putFile(root, 'a', 'content');
    const vnode = root.lookup('a');
    vnode.change({ sizeBytes: 3 });
    assert.is(contentOf(vnode), 'con');
    vnode.change({ mode: 0o600, modifiedNs: 5_000_000_000n });
    vnode.change({ accessedNs: 7_000_000_000n });
    const { mode, modifiedNs, accessedNs } = vnode.attributes();
    assert.equal([mode, modifiedNs, accessedNs], [0o600, 5_000_000_000n, 7_000_000_000n]);
    const file = vnode.open(READ_WRITE);
    file.change({ sizeBytes: 5, modifiedNs: 9_000_000_000n, mode: 0o644 });
    assert.is(file.attributes().modifiedNs, 9_000_000_000n);
    assert.is(file.attributes().inode, vnode.attributes().inode);
    throwsErrno(() => file.change({ sizeBytes: -1 }), ERRNO.EINVAL);
    throwsErrno(() => file.change({ sizeBytes: 2 ** 62 }), ERRNO.EFBIG);
    throwsErrno(() => file.readAt(new Uint8Array(1), -1), ERRNO.EINVAL);
    throwsErrno(() => file.writeAt(new Uint8Array(1), 2 ** 62), ERRNO.EFBIG);
    assert.is(file.readAt(new Uint8Array(1), 2 ** 62), 0);
    file.close();
    assert.is(contentOf(vnode), 'con\0\0');
    throwsErrno(() => root.change({ sizeBytes: 0 }), ERRNO.EISDIR);
    root.change({ modifiedNs: 3_000_000_000n });
    assert.is(root.attributes().modifiedNs, 3_000_000_000n);
  });
}

function defineOwnerTests(check: Check): void {
  check('owners and special bits are kept, one without the others', (root) => {
    putFile(root, 'a', 'content');
    root.makeDirectory('d', 0o755);
    root.makeSymlink('l', 'a');
    for (const name of ['a', 'd', 'l']) {
      const vnode = root.lookup(name);
      assert.equal([vnode.attributes().uid, vnode.attributes().gid], [0, 0]);
      vnode.change({ uid: 1000 });
      vnode.change({ gid: 0xffff_fffe, modifiedNs: 3_000_000_000n });
      const { uid, gid, modifiedNs } = root.lookup(name).attributes();
      assert.equal([uid, gid, modifiedNs], [1000, 0xffff_fffe, 3_000_000_000n]);
    }
    root.lookup('a').change({ mode: 0o6755 });
    root.lookup('d').change({ mode: 0o1777 });
    assert.is(root.lookup('a').attributes().mode, 0o6755);
    assert.is(root.lookup('d').attributes().mode, 0o1777);
    // The mode is the guest's; that we must be able to use the file ourselves is not its business.
    root.lookup('a').change({ mode: 0 });
    root.lookup('d').change({ mode: 0 });
    assert.is(root.lookup('a').attributes().mode, 0);
    assert.is(contentOf(root.lookup('a')), 'content');
    putFile(root.lookup('d'), 'inner', 'x');
    assert.is(root.lookup('d').attributes().mode, 0);
    assert.is(contentOf(root.lookup('d').lookup('inner')), 'x');
    const file = root.lookup('a').open(READ_WRITE);
    file.change({ uid: 7, mode: 0o4711 });
    assert.equal([file.attributes().uid, file.attributes().mode], [7, 0o4711]);
    file.close();
    root.rename('a', root.lookup('d'), 'b');
    const { uid, gid, mode } = root.lookup('d').lookup('b').attributes();
    assert.equal([uid, gid, mode], [7, 0xffff_fffe, 0o4711]);
    const made = root.createFile('none', 0, READ_WRITE);
    assert.is(made.append(bytesOf('x')), 1);
    made.close();
    assert.is(root.lookup('none').attributes().mode, 0);
    assert.is(contentOf(root.lookup('none')), 'x');
  });

  check('a name that is used again has nothing of the file before', (root) => {
    for (const uid of [1, 0]) {
      putFile(root, 'a', '');
      root.makeDirectory('d', 0o700);
      const found = [root.lookup('a'), root.lookup('d')];
      for (const vnode of found) {
        assert.equal([vnode.attributes().uid, vnode.xattrs().list()], [0, []]);
        vnode.xattrs().set('user.x', bytesOf('x'), 'create');
        vnode.change({ uid, mode: 0o7777 });
      }
      root.removeFile('a');
      root.removeDirectory('d');
    }
  });

  check('extended attributes are set, read, listed and removed', (root) => {
    putFile(root, 'a', 'content');
    const xattrs = root.lookup('a').xattrs();
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    xattrs.set('user.name', value, 'create');
    xattrs.set('trusted.empty', new Uint8Array(0), 'create or replace');
    value.fill(0);
    const file = root.lookup('a').open(READ);
    assert.is(file.xattrs().get('user.name')[255], 255);
    file.close();
    assert.is(xattrs.get('trusted.empty').length, 0);
    assert.equal([...xattrs.list()].sort(), ['trusted.empty', 'user.name']);
    throwsErrno(() => xattrs.set('user.name', value, 'create'), ERRNO.EEXIST);
    throwsErrno(() => xattrs.set('user.other', value, 'replace'), ERRNO.ENOENT);
    xattrs.set('user.name', bytesOf('new'), 'replace');
    assert.equal(root.lookup('a').xattrs().get('user.name'), bytesOf('new'));
    xattrs.remove('user.name');
    throwsErrno(() => xattrs.get('user.name'), ERRNO.ENOENT);
    throwsErrno(() => xattrs.remove('user.name'), ERRNO.ENOENT);
    throwsErrno(() => xattrs.get('system.posix_acl_access'), ERRNO.ENOTSUP);
    throwsErrno(() => xattrs.set('user.', value, 'create'), ERRNO.ENOTSUP);
    throwsErrno(() => xattrs.set(`user.${'n'.repeat(251)}`, value, 'create'), ERRNO.ERANGE);
    throwsErrno(() => xattrs.set('user.big', new Uint8Array(65_537), 'create'), ERRNO.E2BIG);
    xattrs.set('user.big', new Uint8Array(65_536), 'create');
    throwsErrno(() => xattrs.set('user.more', new Uint8Array(65_536), 'create'), ERRNO.ENOSPC);
    root.makeDirectory('d', 0o755);
    root.lookup('d').xattrs().set('user.d', bytesOf('d'), 'create');
    root.makeSymlink('l', 'a');
    throwsErrno(() => root.lookup('l').xattrs().set('user.l', value, 'create'), ERRNO.EPERM);
    root.lookup('l').xattrs().set('security.l', bytesOf('l'), 'create');
    assert.equal(root.lookup('d').xattrs().list(), ['user.d']);
  });
}

function defineNodeTests(check: Check): void {
  check('FIFOs and sockets are names to meet at', (root) => {
    root.makeNode('f', 'fifo', 0o640);
    root.makeNode('s', 'socket', 0o755);
    throwsErrno(() => root.makeNode('f', 'fifo', 0o640), ERRNO.EEXIST);
    throwsErrno(() => root.makeNode('x/y', 'fifo', 0o640), ERRNO.EINVAL);
    assert.equal(
      root
        .list()
        .map(({ name, kind }) => `${name}:${kind}`)
        .sort(),
      ['f:fifo', 's:socket'],
    );
    for (const [name, kind, mode] of [
      ['f', 'fifo', 0o640] as const,
      ['s', 'socket', 0o755] as const,
    ]) {
      const vnode = root.lookup(name);
      assert.is(vnode.kind, kind);
      const attributes = vnode.attributes();
      assert.equal([attributes.kind, attributes.mode, attributes.sizeBytes], [kind, mode, 0]);
      throwsErrno(() => vnode.open(READ), ERRNO.ENXIO);
      throwsErrno(() => vnode.lookup('x'), ERRNO.ENOTDIR);
    }
    root.makeLink('g', root.lookup('f'));
    root.rename('f', root, 'h');
    assert.is(root.lookup('h').attributes().inode, root.lookup('g').attributes().inode);
    root.lookup('h').change({ mode: 0o600, uid: 5 });
    assert.equal([root.lookup('g').kind, root.lookup('g').attributes().mode], ['fifo', 0o600]);
    for (const name of ['g', 'h', 's']) root.removeFile(name);
    assert.equal(namesOf(root), []);
    putFile(root, 'f', 'x');
    assert.is(contentOf(root.lookup('f')), 'x');
  });
}

function defineDirectoryTests(check: Check): void {
  check('directories are made, listed and removed when empty', (root) => {
    root.makeDirectory('d', 0o750);
    putFile(root, 'f', '');
    root.makeSymlink('l', 'f');
    const kinds = root.list().map((entry) => `${entry.name}:${entry.kind}`);
    assert.equal(kinds.sort(), ['d:directory', 'f:regular', 'l:symlink']);
    for (const { name, inode } of root.list()) {
      assert.is(root.lookup(name).attributes().inode, inode);
    }
    assert.is(root.lookup('d').attributes().mode, 0o750);
    putFile(root.lookup('d'), 'x', '');
    throwsErrno(() => root.removeDirectory('d'), ERRNO.ENOTEMPTY);
    throwsErrno(() => root.removeDirectory('f'), ERRNO.ENOTDIR);
    throwsErrno(() => root.removeFile('d'), ERRNO.EISDIR);
    root.lookup('d').removeFile('x');
    root.removeDirectory('d');
    assert.equal(namesOf(root), ['f', 'l']);
  });

  check('a removed directory takes nothing in', (root) => {
    root.makeDirectory('d', 0o755);
    const held = root.lookup('d');
    root.removeDirectory('d');
    assert.throws(() => held.createFile('x', 0o644, READ_WRITE));
    root.makeDirectory('d', 0o755);
    assert.equal(namesOf(root.lookup('d')), []);
  });
}

function defineRenameTests(check: Check): void {
  check('rename moves files and replaces them', (root) => {
    putFile(root, 'a', 'a');
    putFile(root, 'b', 'b');
    root.makeDirectory('d', 0o755);
    root.rename('a', root, 'b');
    assert.is(contentOf(root.lookup('b')), 'a');
    root.rename('b', root.lookup('d'), 'c');
    assert.equal(namesOf(root), ['d']);
    assert.is(contentOf(root.lookup('d').lookup('c')), 'a');
    throwsErrno(() => root.rename('none', root, 'x'), ERRNO.ENOENT);
    root.lookup('d').rename('c', root.lookup('d'), 'c');
    assert.equal(namesOf(root.lookup('d')), ['c']);
  });

  check('rename replaces only what may be replaced', (root) => {
    putFile(root, 'f', '');
    root.makeDirectory('d', 0o755);
    root.makeDirectory('e', 0o755);
    putFile(root.lookup('e'), 'x', '');
    throwsErrno(() => root.rename('f', root, 'd'), ERRNO.EISDIR);
    throwsErrno(() => root.rename('d', root, 'f'), ERRNO.ENOTDIR);
    throwsErrno(() => root.rename('d', root, 'e'), ERRNO.ENOTEMPTY);
    throwsErrno(() => root.rename('d', root.lookup('d'), 'x'), ERRNO.EINVAL);
    root.rename('e', root, 'd');
    assert.equal(namesOf(root), ['d', 'f']);
    assert.equal(namesOf(root.lookup('d')), ['x']);
  });

  check('a directory that is held is the same one after a rename', (root) => {
    root.makeDirectory('d', 0o755);
    root.makeDirectory('e', 0o755);
    const held = root.lookup('d');
    held.makeDirectory('below', 0o755);
    const below = held.lookup('below');
    putFile(below, 'x', 'x');
    root.rename('d', root.lookup('e'), 'moved');
    root.makeDirectory('d', 0o755);
    assert.equal(namesOf(held), ['below']);
    putFile(held, 'y', 'y');
    assert.is(contentOf(below.lookup('x')), 'x');
    assert.equal(namesOf(root.lookup('e').lookup('moved')), ['below', 'y']);
    assert.equal(namesOf(root.lookup('d')), []);
  });
}

/** `create` answers a file system that holds `SAMPLE` and is read-only. */
export function runReadOnlySuite(title: string, create: () => FileSystemFixture): void {
  const test = suite(title);
  const check = (name: string, run: (root: Vnode) => void): void => {
    test(name, () => {
      using fixture = create();
      assert.is(fixture.fileSystem.isReadOnly, true);
      run(fixture.fileSystem.root);
    });
  };
  defineReadOnlyTests(check);
  test.run();
}

function defineReadOnlyTests(check: Check): void {
  check('what it holds is found', (root) => {
    const { hello, directory, link } = SAMPLE;
    assert.equal(namesOf(root), ['dir', 'hello', 'link']);
    const file = root.lookup(hello.name);
    assert.is(contentOf(file), hello.content);
    const { mode, modifiedNs, sizeBytes } = file.attributes();
    assert.equal([mode, modifiedNs, sizeBytes], [hello.mode, hello.modifiedNs, 6]);
    assert.is(root.lookup(link.name).readLink(), link.target);
    const inner = root.lookup(directory.name).lookup(directory.inner);
    assert.is(contentOf(inner), directory.innerContent);
    throwsErrno(() => root.lookup('none'), ERRNO.ENOENT);
    throwsErrno(() => file.lookup('x'), ERRNO.ENOTDIR);
    for (const entry of root.list()) {
      assert.is(root.lookup(entry.name).attributes().inode, entry.inode);
      assert.is(root.lookup(entry.name).kind, entry.kind);
    }
  });

  check('reads stop at the end of the file, not of what holds it', (root) => {
    const file = root.lookup('hello').open(READ);
    const target = new Uint8Array(100).fill(7);
    assert.is(file.readAt(target, 2), 4);
    assert.equal([...target.subarray(0, 5)], [108, 108, 111, 10, 7]);
    assert.is(file.readAt(target, 6), 0);
    assert.is(file.readAt(target, 2 ** 62), 0);
    throwsErrno(() => file.readAt(target, -1), ERRNO.EINVAL);
    throwsErrno(() => file.writeAt(target, 0), ERRNO.EBADF);
    file.close();
  });

  check('nothing changes it', (root) => {
    const file = root.lookup('hello');
    throwsErrno(() => file.open(READ_WRITE), ERRNO.EROFS);
    throwsErrno(() => file.open({ ...READ, truncate: true }), ERRNO.EROFS);
    throwsErrno(() => file.change({ modifiedNs: 0n }), ERRNO.EROFS);
    throwsErrno(() => root.createFile('x', 0o644, READ_WRITE), ERRNO.EROFS);
    throwsErrno(() => root.makeDirectory('x', 0o755), ERRNO.EROFS);
    throwsErrno(() => root.makeSymlink('x', 'y'), ERRNO.EROFS);
    throwsErrno(() => root.makeLink('x', file), ERRNO.EROFS);
    throwsErrno(() => root.removeFile('hello'), ERRNO.EROFS);
    throwsErrno(() => root.removeDirectory('dir'), ERRNO.EROFS);
    throwsErrno(() => root.rename('hello', root, 'x'), ERRNO.EROFS);
    const open = file.open(READ);
    throwsErrno(() => open.change({ modifiedNs: 0n }), ERRNO.EROFS);
    open.close();
    assert.is(contentOf(root.lookup('hello')), SAMPLE.hello.content);
  });
}
