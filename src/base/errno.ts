/**
 * The guest plane's error: what a system call answers. Each `Errno` is one frozen, stackless
 * constant, because throwing it must stay cheap (0.25 µs against 5.8 µs for a fresh Error) and
 * a stack of ours means nothing to a guest. ABIs map the name to their own numbers.
 *
 * Thrown inside `vfs`, `net` and `kernel`; caught in one place per ABI.
 */
export const ERRNO_NAMES = [
  'E2BIG',
  'EACCES',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EAGAIN',
  'EALREADY',
  'EBADF',
  'EBADMSG',
  'EBUSY',
  'ECANCELED',
  'ECHILD',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EDEADLK',
  'EDESTADDRREQ',
  'EDOM',
  'EDQUOT',
  'EEXIST',
  'EFAULT',
  'EFBIG',
  'EHOSTUNREACH',
  'EIDRM',
  'EILSEQ',
  'EINPROGRESS',
  'EINTR',
  'EINVAL',
  'EIO',
  'EISCONN',
  'EISDIR',
  'ELOOP',
  'EMFILE',
  'EMLINK',
  'EMSGSIZE',
  'ENAMETOOLONG',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENFILE',
  'ENOBUFS',
  'ENODEV',
  'ENOENT',
  'ENOEXEC',
  'ENOLCK',
  'ENOMEM',
  'ENOMSG',
  'ENOPROTOOPT',
  'ENOSPC',
  'ENOSYS',
  'ENOTCAPABLE',
  'ENOTCONN',
  'ENOTDIR',
  'ENOTEMPTY',
  'ENOTRECOVERABLE',
  'ENOTSOCK',
  'ENOTSUP',
  'ENOTTY',
  'ENXIO',
  'EOVERFLOW',
  'EOWNERDEAD',
  'EPERM',
  'EPIPE',
  'EPROTO',
  'EPROTONOSUPPORT',
  'EPROTOTYPE',
  'ERANGE',
  'EROFS',
  'ESPIPE',
  'ESRCH',
  'ESTALE',
  'ETIMEDOUT',
  'ETXTBSY',
  'EXDEV',
] as const;

export type ErrnoName = (typeof ERRNO_NAMES)[number];

export class Errno {
  readonly name: ErrnoName;

  constructor(name: ErrnoName) {
    this.name = name;
    Object.freeze(this);
  }

  toString(): string {
    return this.name;
  }
}

/** One constant for each name: `throw ERRNO.ENOENT`. */
export const ERRNO: { readonly [Name in ErrnoName]: Errno } = Object.freeze(
  Object.fromEntries(ERRNO_NAMES.map((name) => [name, new Errno(name)])) as Record<
    ErrnoName,
    Errno
  >,
);

const ERRNO_OF_HOST_CODE = new Map<string, Errno>(
  ERRNO_NAMES.map((name) => [name as string, ERRNO[name]]),
);
// Node's and the hosts' own spellings of errors that have another name in the table above.
ERRNO_OF_HOST_CODE.set('EOPNOTSUPP', ERRNO.ENOTSUP);
ERRNO_OF_HOST_CODE.set('EWOULDBLOCK', ERRNO.EAGAIN);
ERRNO_OF_HOST_CODE.set('ERR_FS_FILE_TOO_LARGE', ERRNO.EFBIG);

/**
 * Translates what a host call threw. A guest must never see a host message (it holds host paths),
 * so a code we do not know becomes EIO. What is no host error (a bug of ours) is thrown on.
 */
export function errnoOfHostError(thrown: unknown): Errno {
  if (thrown instanceof Errno) return thrown;
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    return ERRNO_OF_HOST_CODE.get(thrown.code) ?? ERRNO.EIO;
  }
  throw thrown;
}
