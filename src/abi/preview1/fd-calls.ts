import { ERRNO } from '../../base/errno.ts';
import type { FdEntry } from '../../kernel/fd-table.ts';
import type { FileDescription } from '../../kernel/file-description.ts';
import type { Thread } from '../../kernel/thread.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { type FileStatWriter, timesChange, writeFileStat } from './file-stat.ts';
import { checkFlags, FD_FLAGS, FILE_TYPES, RIGHTS, SET_TIMES } from './numbers.ts';
import { requireRights } from './rights.ts';
import { fdFlagsOf, statusFlagsOf } from './status-flags.ts';

const FDSTAT_SIZE = 24;
const PREOPEN_DIRECTORY = 0;
/** A kind that preview1 has not: programs pass over it. */
const NO_PREOPEN = 0xff;
const LAST_ADVICE = 5;

/** What concerns an fd as such: its state, its file's attributes, its place in the table. */
export const FD_CALLS = {
  fd_close: hostcall(['i32'], (thread, fd) => {
    thread.process.closeFd(fd);
    return undefined;
  }),

  fd_renumber: hostcall(['i32', 'i32'], (thread, from, to) => {
    thread.fds.renumber(from, to);
    return undefined;
  }),

  fd_fdstat_get: hostcall(['i32', 'i32'], (thread, fd, stat) => {
    const { description, rights, inheritingRights } = thread.fds.get(fd);
    const { memory } = thread;
    const at = stat >>> 0;
    memory.bytes(at, FDSTAT_SIZE).fill(0);
    memory.writeU8(at, FILE_TYPES[typeOf(description)]);
    memory.writeU16(at + 2, fdFlagsOf(description.flags));
    memory.writeU64(at + 8, rights);
    memory.writeU64(at + 16, inheritingRights);
    return undefined;
  }),

  fd_fdstat_set_flags: hostcall(['i32', 'i32'], (thread, fd, flags) => {
    checkFlags(flags, FD_FLAGS);
    const { description } = entryFor(thread, fd, RIGHTS.fdFdstatSetFlags);
    description.flags = statusFlagsOf(flags);
    return undefined;
  }),

  fd_fdstat_set_rights: hostcall(['i32', 'i64', 'i64'], (thread, fd, base, inheriting) => {
    const entry = thread.fds.get(fd);
    const rights = BigInt.asUintN(64, base);
    const inherited = BigInt.asUintN(64, inheriting);
    const isMore = (rights & ~entry.rights) | (inherited & ~entry.inheritingRights);
    if (isMore !== 0n) throw ERRNO.ENOTCAPABLE;
    entry.rights = rights;
    entry.inheritingRights = inherited;
    return undefined;
  }),

  fd_filestat_get: fdStatCall(writeFileStat),

  fd_filestat_set_size: hostcall(['i32', 'i64'], (thread, fd, size) => {
    const { description } = entryFor(thread, fd, RIGHTS.fdFilestatSetSize);
    resize(description, size);
    return undefined;
  }),

  fd_filestat_set_times: hostcall(
    ['i32', 'i64', 'i64', 'i32'],
    (thread, fd, accessed, modified, which) => {
      checkFlags(which, SET_TIMES);
      const { description } = entryFor(thread, fd, RIGHTS.fdFilestatSetTimes);
      description.change(timesChange(thread.system.clock, accessed, modified, which));
      return undefined;
    },
  ),

  fd_advise: hostcall(['i32', 'i64', 'i64', 'i32'], (thread, fd, offset, length, advice) => {
    const { description } = entryFor(thread, fd, RIGHTS.fdAdvise);
    if (description.kind === 'stream') throw ERRNO.ESPIPE;
    if (advice < 0 || advice > LAST_ADVICE || offset < 0n || length < 0n) throw ERRNO.EINVAL;
    // Advice may be ignored (posix_fadvise); the host's own read-ahead does what it would.
    return undefined;
  }),

  fd_allocate: hostcall(['i32', 'i64', 'i64'], (thread, fd, offset, length) => {
    const { description } = entryFor(thread, fd, RIGHTS.fdAllocate);
    if (offset < 0n || length <= 0n) throw ERRNO.EINVAL;
    const end = offset + length;
    if (end > BigInt(description.attributes().sizeBytes)) resize(description, end);
    return undefined;
  }),

  fd_prestat_get: hostcall(['i32', 'i32'], (thread, fd, prestat) => {
    const entry = thread.fds.get(fd);
    thread.memory.bytes(prestat, 8).fill(0);
    if (entry.preopenName === undefined && thread.fds.hasPreopenAbove(fd)) {
      // An fd that was inherited. Programs look from 3 on, and would stop at EBADF.
      thread.memory.writeU8(prestat, NO_PREOPEN);
      return undefined;
    }
    const name = preopenName(entry);
    thread.memory.writeU8(prestat, PREOPEN_DIRECTORY);
    thread.memory.writeU32((prestat >>> 0) + 4, name.length);
    return undefined;
  }),

  fd_prestat_dir_name: hostcall(['i32', 'i32', 'i32'], (thread, fd, pointer, length) => {
    const name = preopenName(thread.fds.get(fd));
    if (name.length > length >>> 0) throw ERRNO.ENAMETOOLONG;
    thread.memory.bytes(pointer, name.length).set(name);
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

export function fdStatCall(write: FileStatWriter): Hostcall {
  return hostcall(['i32', 'i32'], (thread, fd, stat) => {
    const { description } = entryFor(thread, fd, RIGHTS.fdFilestatGet);
    return write(thread.memory, stat, description.attributes());
  });
}

/** Sockets come with the network; until then no fd is one. */
export const SOCKET_CALLS = {
  sock_accept: hostcall(['i32', 'i32', 'i32'], (thread, fd) => notSocket(thread, fd)),
  sock_recv: hostcall(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (thread, fd) =>
    notSocket(thread, fd),
  ),
  sock_send: hostcall(['i32', 'i32', 'i32', 'i32', 'i32'], (thread, fd) => notSocket(thread, fd)),
  sock_shutdown: hostcall(['i32', 'i32'], (thread, fd) => notSocket(thread, fd)),
} satisfies Record<string, Hostcall>;

function notSocket(thread: Thread, fd: number): never {
  thread.fds.get(fd);
  throw ERRNO.ENOTSOCK;
}

function entryFor(thread: Thread, fd: number, rights: bigint): FdEntry {
  const entry = thread.fds.get(fd);
  requireRights(entry, rights);
  return entry;
}

/**
 * Streams other than terminals are FIFOs, for which preview1 has no type: "unknown". Programs take
 * that for a pipe or a file; what matters is that only a terminal looks like one.
 */
function typeOf(
  description: FileDescription,
): 'directory' | 'character-device' | 'fifo' | 'regular' {
  switch (description.kind) {
    case 'directory':
      return 'directory';
    case 'stream':
      return description.isTerminal ? 'character-device' : 'fifo';
    case 'file':
      return description.attributes().kind === 'regular' ? 'regular' : 'character-device';
  }
}

function resize(description: FileDescription, size: bigint): void {
  if (description.kind !== 'file' || !description.access.write) throw ERRNO.EINVAL;
  if (size < 0n) throw ERRNO.EINVAL;
  description.change({ sizeBytes: Number(size) });
}

function preopenName({ description, preopenName: name }: FdEntry): Uint8Array {
  if (description.kind !== 'directory' || name === undefined) throw ERRNO.EBADF;
  return new TextEncoder().encode(name);
}
