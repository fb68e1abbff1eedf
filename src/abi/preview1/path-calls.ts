import { ERRNO } from '../../base/errno.ts';
import {
  DirectoryHandle,
  type FileDescription,
  FileHandle,
} from '../../kernel/file-description.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Thread } from '../../kernel/thread.ts';
import type { Opened } from '../../vfs/file-tree.ts';
import type { PathAt } from '../../vfs/path-walk.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { timesChange, writeFileStat } from './file-stat.ts';
import {
  checkFlags,
  DIRECTORY_RIGHTS,
  FD_FLAGS,
  INHERITED_RIGHTS,
  LOOKUP_SYMLINK_FOLLOW,
  OPEN_FLAGS,
  REGULAR_RIGHTS,
  RIGHTS,
  SET_TIMES,
} from './numbers.ts';
import { startOfPath } from './preopens.ts';
import { requireRights } from './rights.ts';
import { statusFlagsOf } from './status-flags.ts';

/** preview1 knows no modes: what a program creates is as with a umask of 022. */
const NEW_FILE_PERMISSIONS = 0o644;
const NEW_DIRECTORY_PERMISSIONS = 0o755;

/**
 * Rights that mean that a program wants to change the file it opens (as wasi-libc and wasmtime read
 * them).
 */
const WRITE_RIGHTS = RIGHTS.fdWrite | RIGHTS.fdAllocate | RIGHTS.fdFilestatSetSize;
const READ_RIGHTS = RIGHTS.fdRead | RIGHTS.fdReaddir;

/** All that names files by a path, relative to an open directory. */
export const PATH_CALLS = {
  path_open: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32'],
    (thread, fd, lookupFlags, path, length, openFlags, base, inheriting, fdFlags, opened) => {
      checkFlags(openFlags, OPEN_FLAGS);
      checkFlags(fdFlags, FD_FLAGS);
      const needed =
        RIGHTS.pathOpen | ((openFlags & OPEN_FLAGS.create) !== 0 ? RIGHTS.pathCreateFile : 0n);
      const at = pathAt(thread, fd, needed, path, length);
      thread.memory.bytes(opened, 4);
      const asked = { base: BigInt.asUintN(64, base), inheriting: BigInt.asUintN(64, inheriting) };
      const access = {
        read: (asked.base & READ_RIGHTS) !== 0n,
        write: (asked.base & WRITE_RIGHTS) !== 0n,
      };
      const result = thread.system.files.open(at, {
        read: access.read,
        write: access.write && (openFlags & OPEN_FLAGS.directory) === 0,
        create: (openFlags & OPEN_FLAGS.create) !== 0,
        exclusive: (openFlags & OPEN_FLAGS.exclusive) !== 0,
        directory: (openFlags & OPEN_FLAGS.directory) !== 0,
        truncate: (openFlags & OPEN_FLAGS.truncate) !== 0,
        followLast: isFollowing(lookupFlags),
        permissions: NEW_FILE_PERMISSIONS,
      });
      const description = describe(result, access, fdFlags);
      const allowed = description.kind === 'directory' ? DIRECTORY_RIGHTS : REGULAR_RIGHTS;
      const newFd = thread.fds.add({
        description,
        rights: asked.base & allowed,
        inheritingRights: asked.inheriting & INHERITED_RIGHTS,
      });
      thread.memory.writeU32(opened, newFd);
      return undefined;
    },
  ),

  path_filestat_get: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, flags, path, length, stat) => {
      const at = pathAt(thread, fd, RIGHTS.pathFilestatGet, path, length);
      writeFileStat(thread.memory, stat, thread.system.files.stat(at, isFollowing(flags)));
      return undefined;
    },
  ),

  path_filestat_set_times: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32'],
    (thread, fd, flags, path, length, accessed, modified, which) => {
      checkFlags(which, SET_TIMES);
      const at = pathAt(thread, fd, RIGHTS.pathFilestatSetTimes, path, length);
      const change = timesChange(thread.system.clock, accessed, modified, which);
      thread.system.files.change(at, isFollowing(flags), change);
      return undefined;
    },
  ),

  path_create_directory: hostcall(['i32', 'i32', 'i32'], (thread, fd, path, length) => {
    const at = pathAt(thread, fd, RIGHTS.pathCreateDirectory, path, length);
    thread.system.files.makeDirectory(at, NEW_DIRECTORY_PERMISSIONS);
    return undefined;
  }),

  path_remove_directory: hostcall(['i32', 'i32', 'i32'], (thread, fd, path, length) => {
    thread.system.files.removeDirectory(
      pathAt(thread, fd, RIGHTS.pathRemoveDirectory, path, length),
    );
    return undefined;
  }),

  path_unlink_file: hostcall(['i32', 'i32', 'i32'], (thread, fd, path, length) => {
    thread.system.files.removeFile(pathAt(thread, fd, RIGHTS.pathUnlinkFile, path, length));
    return undefined;
  }),

  path_rename: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, path, length, newFd, newPath, newLength) => {
      const from = pathAt(thread, fd, RIGHTS.pathRenameSource, path, length);
      const to = pathAt(thread, newFd, RIGHTS.pathRenameTarget, newPath, newLength);
      thread.system.files.rename(from, to);
      return undefined;
    },
  ),

  path_link: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, flags, path, length, newFd, newPath, newLength) => {
      const from = pathAt(thread, fd, RIGHTS.pathLinkSource, path, length);
      const to = pathAt(thread, newFd, RIGHTS.pathLinkTarget, newPath, newLength);
      thread.system.files.makeLink(from, isFollowing(flags), to);
      return undefined;
    },
  ),

  path_symlink: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, target, targetLength, fd, path, length) => {
      const at = pathAt(thread, fd, RIGHTS.pathSymlink, path, length);
      thread.system.files.makeSymlink(readText(thread.memory, target, targetLength), at);
      return undefined;
    },
  ),

  path_readlink: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, path, length, buffer, capacity, used) => {
      const at = pathAt(thread, fd, RIGHTS.pathReadlink, path, length);
      const target = new TextEncoder().encode(thread.system.files.readLink(at));
      // As readlink(2): what does not fit is cut off, and the caller sees that the buffer is full.
      const size = Math.min(target.length, capacity >>> 0);
      thread.memory.bytes(buffer, size).set(target.subarray(0, size));
      thread.memory.writeU32(used, size);
      return undefined;
    },
  ),
} satisfies Record<string, Hostcall>;

function isFollowing(lookupFlags: number): boolean {
  checkFlags(lookupFlags, { follow: LOOKUP_SYMLINK_FOLLOW });
  return (lookupFlags & LOOKUP_SYMLINK_FOLLOW) !== 0;
}

function pathAt(
  thread: Thread,
  fd: number,
  rights: bigint,
  pointer: number,
  length: number,
): PathAt {
  const entry = thread.fds.get(fd);
  const { description } = entry;
  if (description.kind !== 'directory') throw ERRNO.ENOTDIR;
  requireRights(entry, rights);
  const path = readText(thread.memory, pointer, length);
  const start = startOfPath(entry, description.location, thread.system.files.root, path);
  return { start, path, refuseEscape: true };
}

/** Throws EFAULT, and EILSEQ for what is no UTF-8: names are text in preview1. */
function readText(memory: GuestMemory, pointer: number, length: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      memory.bytes(pointer, length),
    );
  } catch (thrown) {
    if (thrown instanceof TypeError) throw ERRNO.EILSEQ;
    throw thrown;
  }
}

function describe(
  opened: Opened,
  access: { readonly read: boolean; readonly write: boolean },
  fdFlags: number,
): FileDescription {
  if (opened.type === 'directory') return new DirectoryHandle(opened.directory);
  // Pipes and terminals by name are not there to be opened yet.
  if (opened.type !== 'file') throw ERRNO.ENXIO;
  return new FileHandle(opened.file, access, statusFlagsOf(fdFlags));
}
