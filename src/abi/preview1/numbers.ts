import type { ErrnoName } from '../../base/errno.ts';
import { ERRNO } from '../../base/errno.ts';
import type { FileKind } from '../../vfs/contract.ts';

/**
 * The numbers of WASI preview1 (`wasi_snapshot_preview1`): what crosses the border, and nothing
 * that it means. Source: WebAssembly/WASI, legacy/preview1/docs.md.
 */
export const ERRNO_NUMBERS = {
  E2BIG: 1,
  EACCES: 2,
  EADDRINUSE: 3,
  EADDRNOTAVAIL: 4,
  EAFNOSUPPORT: 5,
  EAGAIN: 6,
  EALREADY: 7,
  EBADF: 8,
  EBADMSG: 9,
  EBUSY: 10,
  ECANCELED: 11,
  ECHILD: 12,
  ECONNABORTED: 13,
  ECONNREFUSED: 14,
  ECONNRESET: 15,
  EDEADLK: 16,
  EDESTADDRREQ: 17,
  EDOM: 18,
  EDQUOT: 19,
  EEXIST: 20,
  EFAULT: 21,
  EFBIG: 22,
  EHOSTUNREACH: 23,
  EIDRM: 24,
  EILSEQ: 25,
  EINPROGRESS: 26,
  EINTR: 27,
  EINVAL: 28,
  EIO: 29,
  EISCONN: 30,
  EISDIR: 31,
  ELOOP: 32,
  EMFILE: 33,
  EMLINK: 34,
  EMSGSIZE: 35,
  ENAMETOOLONG: 37,
  ENETDOWN: 38,
  ENETRESET: 39,
  ENETUNREACH: 40,
  ENFILE: 41,
  ENOBUFS: 42,
  ENODEV: 43,
  ENOENT: 44,
  ENOEXEC: 45,
  ENOLCK: 46,
  ENOMEM: 48,
  ENOMSG: 49,
  ENOPROTOOPT: 50,
  ENOSPC: 51,
  ENOSYS: 52,
  ENOTCONN: 53,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  ENOTRECOVERABLE: 56,
  ENOTSOCK: 57,
  ENOTSUP: 58,
  ENOTTY: 59,
  ENXIO: 60,
  EOVERFLOW: 61,
  EOWNERDEAD: 62,
  EPERM: 63,
  EPIPE: 64,
  EPROTO: 65,
  EPROTONOSUPPORT: 66,
  EPROTOTYPE: 67,
  ERANGE: 68,
  EROFS: 69,
  ESPIPE: 70,
  ESRCH: 71,
  ESTALE: 72,
  ETIMEDOUT: 73,
  ETXTBSY: 74,
  EXDEV: 75,
  ENOTCAPABLE: 76,
} as const satisfies Record<ErrnoName, number>;

export const FILE_TYPES = {
  'block-device': 1,
  'character-device': 2,
  directory: 3,
  regular: 4,
  socket: 6,
  symlink: 7,
  // preview1 has no number for a FIFO; wasi-libc reads 0 as "unknown".
  fifo: 0,
} as const satisfies Record<FileKind, number>;

export const RIGHTS = {
  fdDatasync: 1n << 0n,
  fdRead: 1n << 1n,
  fdSeek: 1n << 2n,
  fdFdstatSetFlags: 1n << 3n,
  fdSync: 1n << 4n,
  fdTell: 1n << 5n,
  fdWrite: 1n << 6n,
  fdAdvise: 1n << 7n,
  fdAllocate: 1n << 8n,
  pathCreateDirectory: 1n << 9n,
  pathCreateFile: 1n << 10n,
  pathLinkSource: 1n << 11n,
  pathLinkTarget: 1n << 12n,
  pathOpen: 1n << 13n,
  fdReaddir: 1n << 14n,
  pathReadlink: 1n << 15n,
  pathRenameSource: 1n << 16n,
  pathRenameTarget: 1n << 17n,
  pathFilestatGet: 1n << 18n,
  pathFilestatSetSize: 1n << 19n,
  pathFilestatSetTimes: 1n << 20n,
  fdFilestatGet: 1n << 21n,
  fdFilestatSetSize: 1n << 22n,
  fdFilestatSetTimes: 1n << 23n,
  pathSymlink: 1n << 24n,
  pathRemoveDirectory: 1n << 25n,
  pathUnlinkFile: 1n << 26n,
  pollFdReadwrite: 1n << 27n,
  sockShutdown: 1n << 28n,
  sockAccept: 1n << 29n,
} as const;

export const ALL_RIGHTS = (1n << 30n) - 1n;
const SOCKET_RIGHTS = RIGHTS.sockShutdown | RIGHTS.sockAccept;
const FILE_ONLY_RIGHTS =
  RIGHTS.fdRead | RIGHTS.fdWrite | RIGHTS.fdSeek | RIGHTS.fdTell | RIGHTS.fdAllocate;

export const DIRECTORY_RIGHTS =
  ALL_RIGHTS & ~FILE_ONLY_RIGHTS & ~RIGHTS.fdFilestatSetSize & ~SOCKET_RIGHTS;
export const INHERITED_RIGHTS = ALL_RIGHTS & ~SOCKET_RIGHTS;
export const REGULAR_RIGHTS =
  FILE_ONLY_RIGHTS |
  RIGHTS.fdDatasync |
  RIGHTS.fdFdstatSetFlags |
  RIGHTS.fdSync |
  RIGHTS.fdAdvise |
  RIGHTS.fdFilestatGet |
  RIGHTS.fdFilestatSetSize |
  RIGHTS.fdFilestatSetTimes |
  RIGHTS.pollFdReadwrite;
/** wasi-libc's isatty: a character device that can neither seek nor tell. */
export const STREAM_RIGHTS = REGULAR_RIGHTS & ~(RIGHTS.fdSeek | RIGHTS.fdTell | RIGHTS.fdAllocate);

export const FD_FLAGS = { append: 1, dsync: 2, nonBlock: 4, rsync: 8, sync: 16 } as const;
export const WHENCE = { start: 0, current: 1, end: 2 } as const;
export const OPEN_FLAGS = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;
export const LOOKUP_SYMLINK_FOLLOW = 1;
export const SET_TIMES = { accessed: 1, accessedNow: 2, modified: 4, modifiedNow: 8 } as const;
export const CLOCKS = { realtime: 0, monotonic: 1, processCpu: 2, threadCpu: 3 } as const;
export const EVENT_TYPES = { clock: 0, fdRead: 1, fdWrite: 2 } as const;
export const EVENT_HANGUP = 1;
export const CLOCK_ABSOLUTE = 1;

/**
 * A flag word that holds a bit nobody has defined is an error, so that a later meaning cannot be
 * misread.
 */
export function checkFlags(flags: number, known: Readonly<Record<string, number>>): void {
  const all = Object.values(known).reduce((sum, bit) => sum | bit, 0);
  if ((flags & ~all) !== 0) throw ERRNO.EINVAL;
}
