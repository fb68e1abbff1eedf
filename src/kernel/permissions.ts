import { ACCESS, type Accessor } from '../vfs/access.ts';
import type { Attributes } from '../vfs/contract.ts';
import { type Credentials, isPrivileged } from './credentials.ts';

/**
 * Whether what `wanted` (bits of `ACCESS`) asks for is allowed by a file's mode
 * (path_resolution(7)).
 */
export function mayAccess(
  attributes: Pick<Attributes, 'mode' | 'uid' | 'gid' | 'kind'>,
  credentials: Credentials,
  wanted: number,
): boolean {
  const { mode, uid, gid, kind } = attributes;
  if (isPrivileged(credentials)) {
    // Root may all, but execute a file that nobody may.
    return (wanted & ACCESS.execute) === 0 || kind === 'directory' || (mode & 0o111) !== 0;
  }
  const { user, group, supplementary } = credentials;
  const isOfGroup = group.effective === gid || supplementary.includes(gid);
  const shift = user.effective === uid ? 6 : isOfGroup ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}

/** Whose rights count where files are named; undefined for root. */
export function accessorOf(credentials: Credentials): Accessor | undefined {
  if (isPrivileged(credentials)) return undefined;
  return {
    uid: credentials.user.effective,
    gid: credentials.group.effective,
    may: (attributes, wanted) => mayAccess(attributes, credentials, wanted),
  };
}
