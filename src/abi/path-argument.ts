import { ERRNO } from '../base/errno.ts';
import type { GuestMemory } from '../kernel/guest-memory.ts';
import { accessorOf } from '../kernel/permissions.ts';
import type { Thread } from '../kernel/thread.ts';
import type { PathAt } from '../vfs/path-walk.ts';
import { checkFlags, LOOKUP_SYMLINK_FOLLOW } from './preview1/numbers.ts';
import { startOfPath } from './preview1/preopens.ts';
import { requireRights } from './preview1/rights.ts';

/**
 * Stands for the working directory, which the kernel knows, in the place of a directory's fd
 * (wasi-libc's AT_FDCWD). Paths from there follow POSIX: they may be absolute, and `..` stays at the
 * root.
 */
export const WORKING_DIRECTORY_FD = -2;

/**
 * A path as a call is given it: relative to an open directory to which it has `rights`. Throws
 * EBADF, ENOTDIR, ENOTCAPABLE, EFAULT, EILSEQ.
 */
export function pathAt(
  thread: Thread,
  fd: number,
  rights: bigint,
  pointer: number,
  length: number,
): PathAt {
  const by = accessorOf(thread.process.credentials);
  if (fd === WORKING_DIRECTORY_FD) {
    const start = thread.process.workingDirectory;
    return { start, path: readText(thread.memory, pointer, length), by };
  }
  const entry = thread.fds.get(fd);
  const { description } = entry;
  if (description.kind !== 'directory') throw ERRNO.ENOTDIR;
  requireRights(entry, rights);
  const path = readText(thread.memory, pointer, length);
  const start = startOfPath(entry, description.location, thread.system.files.root, path);
  const isConfined = entry.isConfined === true;
  const refuseEscape = isConfined || entry.preopenName !== undefined;
  return { start, path, refuseEscape, isConfined, by };
}

/**
 * Whether what is opened from there is confined (`FdEntry.isConfined`): what stands below a preopen
 * or such an fd.
 */
export function confines(thread: Thread, fd: number): boolean {
  if (fd === WORKING_DIRECTORY_FD) return false;
  const { preopenName, isConfined } = thread.fds.get(fd);
  return preopenName !== undefined || isConfined === true;
}

export function isFollowing(lookupFlags: number): boolean {
  checkFlags(lookupFlags, { follow: LOOKUP_SYMLINK_FOLLOW });
  return (lookupFlags & LOOKUP_SYMLINK_FOLLOW) !== 0;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Linux's PATH_MAX less its NUL: a guest-chosen size bounds what is decoded. */
const MAX_TEXT_BYTES = 4095;

/**
 * Throws EFAULT, ENAMETOOLONG, and EILSEQ for what is no UTF-8: names are text in preview1.
 */
export function readText(memory: GuestMemory, pointer: number, length: number): string {
  const bytes = memory.bytes(pointer, length);
  if (bytes.length > MAX_TEXT_BYTES) throw ERRNO.ENAMETOOLONG;
  try {
    return decoder.decode(bytes);
  } catch (thrown) {
    if (thrown instanceof TypeError) throw ERRNO.EILSEQ;
    throw thrown;
  }
}
