import { ERRNO } from '../../base/errno.ts';
import { makeDirectory, makeNode } from '../../kernel/file-creation.ts';
import { changeMode, changeOwner, requireAccess } from '../../kernel/file-ownership.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Thread } from '../../kernel/thread.ts';
import type { Attributes, FileKind } from '../../vfs/contract.ts';
import type { Location } from '../../vfs/path-walk.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { openPath } from '../open-path.ts';
import { pathAt } from '../path-argument.ts';
import { targetOf } from './file-target.ts';

const STAT_SIZE = 88;
const STATFS_SIZE = 64;
const NAME_MAX = 255;
const READ_ONLY = 1;
/** What a transfer should be made of, for all files (st_blksize). */
const BLOCK_SIZE = 4096;

/** Linux's file type bits (inode(7)). */
const TYPE_BITS = {
  fifo: 0o010000,
  'character-device': 0o020000,
  directory: 0o040000,
  'block-device': 0o060000,
  regular: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const satisfies Record<FileKind, number>;
const TYPE_MASK = 0o170000;

/** wasix' fdflagsext. */
const CLOSE_ON_EXEC = 1;
/** An id that is to stay as it is. */
const UNCHANGED = -1;

/** Files with what preview1 lacks: modes, owners, nodes, statistics. */
export const FILE_CALLS = {
  path_stat: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, stat) => {
      const target = targetOf(thread, fd, lookup, path, length);
      return writeStat(thread.memory, stat, target.attributes());
    },
  ),

  path_open: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, openFlags, rights, inheriting, fdFlags, ...rest) => {
      const [fdFlagsExt, mode, opened] = rest;
      const asked = [fd, lookup, path, length, openFlags, rights, inheriting, fdFlags] as const;
      const closeOnExec = (fdFlagsExt & CLOSE_ON_EXEC) !== 0;
      return openPath(thread, asked, opened, { closeOnExec, permissions: mode & 0o7777 });
    },
  ),

  path_mkdir: hostcall(['i32', 'i32', 'i32', 'i32'], (thread, fd, path, length, mode) => {
    makeDirectory(thread.process, pathAt(thread, fd, 0n, path, length), mode & 0o7777);
    return undefined;
  }),

  path_mknod: hostcall(['i32', 'i32', 'i32', 'i32', 'i64'], (thread, fd, path, length, mode) => {
    const at = pathAt(thread, fd, 0n, path, length);
    makeNode(thread.process, at, nodeKindOf(mode), mode & 0o7777);
    return undefined;
  }),

  path_chmod: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, mode) => {
      const target = targetOf(thread, fd, lookup, path, length);
      changeMode(target, thread.process.credentials, mode & 0o7777);
      return undefined;
    },
  ),

  path_chown: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, uid, gid) => {
      const target = targetOf(thread, fd, lookup, path, length);
      changeOwner(target, thread.process.credentials, {
        uid: uid === UNCHANGED ? undefined : uid >>> 0,
        gid: gid === UNCHANGED ? undefined : gid >>> 0,
      });
      return undefined;
    },
  ),

  path_access: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, wanted, effective) => {
      if ((wanted & ~7) !== 0) throw ERRNO.EINVAL;
      const target = targetOf(thread, fd, lookup, path, length);
      const by = effective === 0 ? 'real' : 'effective';
      requireAccess(target.attributes(), thread.process.credentials, by, wanted);
      return undefined;
    },
  ),

  path_statfs: hostcall(['i32', 'i32', 'i32', 'i32'], (thread, fd, path, length, result) => {
    const { memory } = thread;
    memory.bytes(result, STATFS_SIZE).fill(0);
    const at =
      length === 0
        ? { start: directoryOf(thread, fd), path: '.' }
        : pathAt(thread, fd, 0n, path, length);
    const statistics = thread.system.files.statistics(at);
    const numbers = [
      statistics.type,
      statistics.blockSizeBytes,
      statistics.blocks,
      statistics.freeBlocks,
      statistics.availableBlocks,
      statistics.files,
      statistics.freeFiles,
    ];
    numbers.forEach((value, index) => {
      memory.writeU64((result >>> 0) + index * 8, BigInt(value));
    });
    memory.writeU32((result >>> 0) + 56, statistics.isReadOnly ? READ_ONLY : 0);
    memory.writeU32((result >>> 0) + 60, NAME_MAX);
    return undefined;
  }),

  umask: hostcall(['i32', 'i32'], (thread, mask, old) => {
    thread.memory.writeU32(old, thread.process.umask);
    thread.process.umask = mask & 0o777;
    return undefined;
  }),

  fd_chdir: hostcall(['i32'], (thread, fd) => {
    const { description } = thread.fds.get(fd);
    if (description.kind !== 'directory') throw ERRNO.ENOTDIR;
    thread.process.workingDirectory = description.location;
    return undefined;
  }),

  sync: hostcall([], () => undefined),
} satisfies Record<string, Hostcall>;

/** A directory of the file system that an open file belongs to; streams have none. */
function directoryOf(thread: Thread, fd: number): Location {
  const { description } = thread.fds.get(fd);
  if (description.kind === 'directory') return description.location;
  const parent = description.kind === 'file' ? description.origin?.parent : undefined;
  if (!parent) throw ERRNO.ENOSYS;
  return parent;
}

function nodeKindOf(mode: number): 'fifo' | 'socket' | 'regular' {
  switch (mode & TYPE_MASK) {
    case TYPE_BITS.fifo:
      return 'fifo';
    case TYPE_BITS.socket:
      return 'socket';
    case 0:
    case TYPE_BITS.regular:
      return 'regular';
    case TYPE_BITS['character-device']:
    case TYPE_BITS['block-device']:
      throw ERRNO.EPERM;
    default:
      throw ERRNO.EINVAL;
  }
}

function writeStat(memory: GuestMemory, pointer: number, attributes: Attributes): undefined {
  const at = pointer >>> 0;
  memory.bytes(at, STAT_SIZE).fill(0);
  memory.writeU64(at, attributes.device);
  memory.writeU64(at + 8, attributes.inode);
  memory.writeU32(at + 16, TYPE_BITS[attributes.kind] | attributes.mode);
  memory.writeU32(at + 20, attributes.linkCount);
  memory.writeU32(at + 24, attributes.uid);
  memory.writeU32(at + 28, attributes.gid);
  memory.writeU64(at + 32, attributes.rdev);
  memory.writeU64(at + 40, BigInt(attributes.sizeBytes));
  memory.writeU64(at + 48, BigInt(attributes.blocks));
  memory.writeU32(at + 56, BLOCK_SIZE);
  memory.writeU64(at + 64, attributes.accessedNs);
  memory.writeU64(at + 72, attributes.modifiedNs);
  memory.writeU64(at + 80, attributes.changedNs);
}
