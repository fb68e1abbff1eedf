import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { DirectoryHandle } from '../../../src/kernel/file-description.ts';
import { MemoryAccount } from '../../../src/kernel/memory-account.ts';
import type { DirectoryEntry } from '../../../src/vfs/contract.ts';
import { FileTree } from '../../../src/vfs/file-tree.ts';
import { MemoryFileSystem } from '../../../src/vfs/memory.ts';
import { throwsErrno } from '../../suite/file-system.ts';

const charge = { tryCharge: () => true, release: () => {} };
const options = { device: 1n, sizeBytes: 4096, maxFiles: 1, now: () => 0n, charge };

test('the listing of an open directory is the container’s memory', () => {
  using tree = new FileTree(new MemoryFileSystem(options));
  const account = new MemoryAccount(2000);
  const handle = new DirectoryHandle(tree.root);
  const entry: DirectoryEntry = { name: 'name', kind: 'regular', inode: 1n };
  const entries = (count: number): DirectoryEntry[] => new Array(count).fill(entry);
  handle.keepListing(entries(5), account);
  const used = account.usedBytes;
  assert.ok(used > 500);
  handle.keepListing(entries(5), account);
  assert.is(account.usedBytes, used);
  throwsErrno(() => handle.keepListing(entries(50), account), ERRNO.ENOMEM);
  assert.equal([handle.listing, account.usedBytes], [undefined, 0]);
  handle.keepListing(entries(1), account);
  handle.discard();
  assert.equal([handle.listing, account.usedBytes], [undefined, 0]);
});

test.run();
