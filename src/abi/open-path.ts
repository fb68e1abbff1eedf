import { type FileOpening, openFile } from '../kernel/file-creation.ts';
import type { FileDescription } from '../kernel/file-description.ts';
import type { Thread } from '../kernel/thread.ts';
import { WOULD_BLOCK } from './glue.ts';
import { confines, isFollowing, pathAt } from './path-argument.ts';
import {
  checkFlags,
  DIRECTORY_RIGHTS,
  FD_FLAGS,
  INHERITED_RIGHTS,
  OPEN_FLAGS,
  REGULAR_RIGHTS,
  RIGHTS,
  STREAM_RIGHTS,
} from './preview1/numbers.ts';
import { statusFlagsOf } from './preview1/status-flags.ts';

/** What preview1's path_open says of how to open. */
export interface OpenRequest {
  readonly lookupFlags: number;
  readonly openFlags: number;
  readonly rights: bigint;
  readonly fdFlags: number;
  /** Of a file that is created, before the umask. */
  readonly permissions: number;
}

/**
 * Rights that mean that a program wants to change the file it opens (as wasi-libc and wasmtime read
 * them).
 */
const WRITE_RIGHTS = RIGHTS.fdWrite | RIGHTS.fdAllocate | RIGHTS.fdFilestatSetSize;
const READ_RIGHTS = RIGHTS.fdRead | RIGHTS.fdReaddir;

/** What the path_open calls of all ABIs begin with, as it comes. */
export type OpenArguments = readonly [
  fd: number,
  lookupFlags: number,
  path: number,
  length: number,
  openFlags: number,
  rights: bigint,
  inheritingRights: bigint,
  fdFlags: number,
];

/**
 * The path_open of an ABI: opens what a path names, and writes the new fd to `opened`. Answers
 * WOULD_BLOCK for a FIFO whose other end nobody has. `permissions` are those of a file that is
 * created, before the umask.
 */
export function openPath(
  thread: Thread,
  [fd, lookupFlags, path, length, openFlags, rights, inheritingRights, fdFlags]: OpenArguments,
  opened: number,
  { closeOnExec, permissions }: { readonly closeOnExec: boolean; readonly permissions: number },
): number | undefined {
  thread.memory.bytes(opened, 4);
  const asked = BigInt.asUintN(64, rights);
  const opening = openingOf({ openFlags, fdFlags, lookupFlags, rights: asked, permissions });
  const at = pathAt(thread, fd, rightsToOpen(openFlags), path, length);
  const description = openFile(thread, at, opening);
  if (description === 'would-block') return WOULD_BLOCK;
  const newFd = thread.fds.add({
    description,
    rights: asked & rightsOf(description),
    inheritingRights: BigInt.asUintN(64, inheritingRights) & INHERITED_RIGHTS,
    isConfined: confines(thread, fd),
    closeOnExec,
  });
  thread.memory.writeU32(opened, newFd);
  return undefined;
}

/** What preview1's flags and rights ask for. Throws EINVAL. */
export function openingOf(request: OpenRequest): FileOpening {
  const { openFlags, fdFlags } = request;
  checkFlags(openFlags, OPEN_FLAGS);
  checkFlags(fdFlags, FD_FLAGS);
  const isDirectory = (openFlags & OPEN_FLAGS.directory) !== 0;
  const access = {
    read: (request.rights & READ_RIGHTS) !== 0n,
    write: (request.rights & (isDirectory ? RIGHTS.fdWrite : WRITE_RIGHTS)) !== 0n,
  };
  return {
    access,
    flags: statusFlagsOf(fdFlags),
    options: {
      read: access.read,
      write: access.write,
      create: (openFlags & OPEN_FLAGS.create) !== 0,
      exclusive: (openFlags & OPEN_FLAGS.exclusive) !== 0,
      directory: isDirectory,
      truncate: (openFlags & OPEN_FLAGS.truncate) !== 0,
      followLast: isFollowing(request.lookupFlags),
      permissions: request.permissions,
    },
  };
}

/** What an fd must allow for something to be opened from there. */
function rightsToOpen(openFlags: number): bigint {
  const create = (openFlags & OPEN_FLAGS.create) !== 0 ? RIGHTS.pathCreateFile : 0n;
  const truncate = (openFlags & OPEN_FLAGS.truncate) !== 0 ? RIGHTS.pathFilestatSetSize : 0n;
  return RIGHTS.pathOpen | create | truncate;
}

/** The rights that a kind of file allows. */
export function rightsOf({ kind }: FileDescription): bigint {
  switch (kind) {
    case 'directory':
      return DIRECTORY_RIGHTS;
    case 'file':
      return REGULAR_RIGHTS;
    case 'stream':
      return STREAM_RIGHTS;
  }
}
