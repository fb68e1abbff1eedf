import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { sameIds } from '../../../src/kernel/credentials.ts';
import { accessorOf } from '../../../src/kernel/permissions.ts';
import { FileTree } from '../../../src/vfs/file-tree.ts';
import { MemoryFileSystem } from '../../../src/vfs/memory.ts';
import type { PathAt } from '../../../src/vfs/path-walk.ts';

const MIB = 1 << 20;
const OPEN = {
  read: true,
  write: false,
  create: false,
  exclusive: false,
  directory: false,
  truncate: false,
  followLast: true,
  permissions: 0o644,
};
const CREATE = { ...OPEN, write: true, create: true };

/** `/tmp` is everybody's, `/home` is alice's, `/etc` is root's. */
function tree(): FileTree {
  const files = new FileTree(
    new MemoryFileSystem({
      device: 1n,
      sizeBytes: MIB,
      maxFiles: 100,
      now: () => 0n,
      charge: { tryCharge: () => true, release: () => {} },
    }),
  );
  const at = (path: string): PathAt => ({ start: files.root, path });
  for (const [path, mode, uid] of [
    ['/tmp', 0o1777, 0],
    ['/home', 0o700, ALICE],
    ['/etc', 0o755, 0],
  ] as const) {
    files.makeDirectory(at(path), 0o755);
    files.resolve(at(path), true).node.change({ mode, uid, gid: uid });
  }
  const opened = files.open(at('/etc/secret'), { ...CREATE, permissions: 0o640 });
  if (opened.type === 'file') opened.file.close();
  return files;
}

const ALICE = 1000;
const BOB = 1001;

function as(files: FileTree, id: number, path: string, groups: readonly number[] = []): PathAt {
  const by = accessorOf({ user: sameIds(id), group: sameIds(id), supplementary: groups });
  return { start: files.root, path, by };
}

function refused(call: () => unknown, errno: typeof ERRNO.EACCES): void {
  assert.throws(call, (thrown: unknown) => thrown === errno);
}

test('a file belongs to who made it, and opens to whom its mode says', () => {
  const files = tree();
  files.open(as(files, ALICE, '/tmp/note'), { ...CREATE, permissions: 0o600 });
  assert.is(files.stat(as(files, ALICE, '/tmp/note'), true).uid, ALICE);
  refused(() => files.open(as(files, BOB, '/tmp/note'), OPEN), ERRNO.EACCES);
  files.open({ start: files.root, path: '/tmp/note' }, OPEN);
  refused(() => files.open(as(files, ALICE, '/etc/secret'), OPEN), ERRNO.EACCES);
  files.open(as(files, ALICE, '/etc/secret', [0]), OPEN);
  const writing = { ...OPEN, write: true };
  refused(() => files.open(as(files, ALICE, '/etc/secret', [0]), writing), ERRNO.EACCES);
});

test('a directory that may not be searched hides what is in it', () => {
  const files = tree();
  files.open(as(files, ALICE, '/home/diary'), CREATE);
  refused(() => files.stat(as(files, BOB, '/home/diary'), true), ERRNO.EACCES);
  refused(() => files.open(as(files, BOB, '/home'), OPEN), ERRNO.EACCES);
});

test('names are made and taken away by whom the directory allows', () => {
  const files = tree();
  refused(() => files.makeDirectory(as(files, BOB, '/etc/x'), 0o755), ERRNO.EACCES);
  refused(() => files.makeSymlink('x', as(files, BOB, '/etc/x')), ERRNO.EACCES);
  refused(() => files.removeFile(as(files, BOB, '/etc/secret')), ERRNO.EACCES);
  files.open(as(files, ALICE, '/tmp/hers'), CREATE);
  refused(() => files.removeFile(as(files, BOB, '/tmp/hers')), ERRNO.EPERM);
  refused(() => files.rename(as(files, BOB, '/tmp/hers'), as(files, BOB, '/tmp/his')), ERRNO.EPERM);
  files.removeFile(as(files, ALICE, '/tmp/hers'));
});

test('times are the owner’s to set, and of whoever may write', () => {
  const files = tree();
  files.open(as(files, ALICE, '/tmp/hers'), CREATE);
  refused(() => files.change(as(files, BOB, '/tmp/hers'), true, { modifiedNs: 1n }), ERRNO.EPERM);
  files.change(as(files, ALICE, '/tmp/hers'), true, { modifiedNs: 1n });
});

test.run();
