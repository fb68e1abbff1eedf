import { ERRNO } from '../../base/errno.ts';
import type { DirectoryHandle } from '../../kernel/file-description.ts';
import type { Thread } from '../../kernel/thread.ts';
import type { DirectoryEntry } from '../../vfs/contract.ts';
import type { Location } from '../../vfs/path-walk.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { FILE_TYPES, RIGHTS } from './numbers.ts';
import { requireRights } from './rights.ts';

const ENTRY_HEADER_SIZE = 24;

export const READDIR_CALLS = {
  /**
   * A cookie is the index of the next entry in what the directory held when it was listed from the
   * start. The last entry is cut off when it does not fit, and a full buffer tells the caller to
   * ask again.
   */
  fd_readdir: hostcall(
    ['i32', 'i32', 'i32', 'i64', 'i32'],
    (thread, fd, buffer, length, cookie, used) => {
      const entry = thread.fds.get(fd);
      requireRights(entry, RIGHTS.fdReaddir);
      if (entry.description.kind !== 'directory') throw ERRNO.ENOTDIR;
      const target = thread.memory.bytes(buffer, length);
      thread.memory.bytes(used, 4);
      const first = BigInt.asUintN(64, cookie);
      const entries = listing(thread, entry.description, first === 0n);
      let filled = 0;
      // A cookie past the end is the end: nothing is left to list.
      for (let index = first; index < BigInt(entries.length) && filled < target.length; index++) {
        const found = entries[Number(index)];
        if (found) filled += put(target.subarray(filled), encodeEntry(found, index + 1n));
      }
      thread.memory.writeU32(used, filled);
      return undefined;
    },
  ),
} satisfies Record<string, Hostcall>;

function listing(
  thread: Thread,
  directory: DirectoryHandle,
  fromStart: boolean,
): readonly DirectoryEntry[] {
  if (!fromStart && directory.listing) return directory.listing;
  const { location } = directory;
  const entries = [
    dot('.', location),
    dot('..', location.parent ?? location),
    ...thread.system.files.list(location),
  ];
  directory.keepListing(entries, thread.system.group.memory);
  return entries;
}

function dot(name: string, { node }: Location): DirectoryEntry {
  return { name, kind: 'directory', inode: node.attributes().inode };
}

function encodeEntry({ name, kind, inode }: DirectoryEntry, next: bigint): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(ENTRY_HEADER_SIZE + text.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, next, true);
  view.setBigUint64(8, inode, true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, FILE_TYPES[kind]);
  bytes.set(text, ENTRY_HEADER_SIZE);
  return bytes;
}

function put(target: Uint8Array, source: Uint8Array): number {
  const size = Math.min(target.length, source.length);
  target.set(source.subarray(0, size));
  return size;
}
