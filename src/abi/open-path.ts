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

export interface OpenRequest {
  readonly fd: number;
  readonly lookupFlags: number;
  readonly path: { readonly pointer: number; readonly length: number };
  /** preview1's oflags, rights and fdflags. */
  readonly openFlags: number;
  readonly rights: bigint;
  readonly inheritingRights: bigint;
  readonly fdFlags: number;
  readonly closeOnExec: boolean;
  /** Of a file that is created, before the umask. */
  readonly permissions: number;
}

/**
 * Rights that mean that a program wants to change the file it opens (as wasi-libc and wasmtime read
 * them).
 */
const WRITE_RIGHTS = RIGHTS.fdWrite | RIGHTS.fdAllocate | RIGHTS.fdFilestatSetSize;
const READ_RIGHTS = RIGHTS.fdRead | RIGHTS.fdReaddir;

/**
 * Opens what a path names, for all ABIs: answers the new fd, or WOULD_BLOCK (a FIFO whose other end
 * nobody has).
 */
export function openPath(thread: Thread, request: OpenRequest): number {
  const { openFlags, path } = request;
  const opening = openingOf(request);
  const at = pathAt(thread, request.fd, rightsToOpen(openFlags), path.pointer, path.length);
  const description = openFile(thread, at, opening);
  if (description === 'would-block') return WOULD_BLOCK;
  return thread.fds.add({
    description,
    rights: request.rights & rightsOf(description),
    inheritingRights: request.inheritingRights & INHERITED_RIGHTS,
    isConfined: confines(thread, request.fd),
    closeOnExec: request.closeOnExec,
  });
}

/** What preview1's flags and rights ask for. Throws EINVAL. */
export function openingOf(
  request: Pick<OpenRequest, 'openFlags' | 'fdFlags' | 'lookupFlags' | 'rights' | 'permissions'>,
): FileOpening {
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
