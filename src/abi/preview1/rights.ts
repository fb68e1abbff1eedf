import { ERRNO } from '../../base/errno.ts';
import type { FdEntry } from '../../kernel/fd-table.ts';
import { RIGHTS } from './numbers.ts';

const READ_OR_WRITE = RIGHTS.fdRead | RIGHTS.fdWrite;

/**
 * Throws when the fd lacks one of `rights`: EBADF where reading or writing is asked for, which is
 * what programs know from read(2) and write(2), else ENOTCAPABLE.
 */
export function requireRights(entry: FdEntry, rights: bigint): void {
  if ((entry.rights & rights) === rights) return;
  throw (rights & READ_OR_WRITE) === 0n ? ERRNO.ENOTCAPABLE : ERRNO.EBADF;
}
