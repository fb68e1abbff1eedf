import { ERRNO } from '../base/errno.ts';
import type { Attributes, AttributesChange } from '../vfs/contract.ts';
import { type Credentials, type Ids, isPrivileged, sameIds } from './credentials.ts';
import { mayAccess } from './permissions.ts';

/** What can be asked for its attributes and changed: a vnode or an open file. */
interface Owned {
  attributes(): Attributes;
  change(change: AttributesChange): void;
}

const SET_USER = 0o4000;
const SET_GROUP = 0o2000;
const GROUP_EXECUTE = 0o010;

/** chmod(2). Throws EPERM for who neither owns the file nor is root. */
export function changeMode(file: Owned, credentials: Credentials, mode: number): void {
  if (isPrivileged(credentials)) {
    file.change({ mode });
    return;
  }
  const { uid, gid } = file.attributes();
  if (credentials.user.effective !== uid) throw ERRNO.EPERM;
  // A group that one does not belong to would be entered by it.
  file.change({ mode: isOfGroup(credentials, gid) ? mode : mode & ~SET_GROUP });
}

/**
 * chown(2). Throws EPERM: only root gives files away, others may choose among their groups.
 * Programs lose their set-id bits.
 */
export function changeOwner(
  file: Owned,
  credentials: Credentials,
  wanted: { readonly uid: number | undefined; readonly gid: number | undefined },
): void {
  const { uid, gid, mode, kind } = file.attributes();
  if (!isPrivileged(credentials)) {
    const isOwner = credentials.user.effective === uid;
    const keepsUser = wanted.uid === undefined || wanted.uid === uid;
    const mayGroup = wanted.gid === undefined || isOfGroup(credentials, wanted.gid);
    if (!isOwner || !keepsUser || !mayGroup) throw ERRNO.EPERM;
  }
  if (wanted.uid === undefined && wanted.gid === undefined) return;
  const lost = kind === 'regular' ? setIdBits(mode) : 0;
  file.change({
    uid: wanted.uid ?? uid,
    gid: wanted.gid ?? gid,
    ...(lost === 0 ? {} : { mode: mode & ~lost }),
  });
}

/** access(2). Throws EACCES; `wanted` is of bits of `ACCESS`. */
export function requireAccess(
  attributes: Attributes,
  credentials: Credentials,
  by: keyof Ids,
  wanted: number,
): void {
  const { user, group, supplementary } = credentials;
  const asked = { user: sameIds(user[by]), group: sameIds(group[by]), supplementary };
  if (!mayAccess(attributes, asked, wanted)) throw ERRNO.EACCES;
}

function isOfGroup({ group, supplementary }: Credentials, gid: number): boolean {
  return group.effective === gid || supplementary.includes(gid);
}

/** Set-gid without execution by the group means mandatory locks, and stays. */
function setIdBits(mode: number): number {
  const isGroupProgram = (mode & SET_GROUP) !== 0 && (mode & GROUP_EXECUTE) !== 0;
  return (mode & SET_USER) | (isGroupProgram ? SET_GROUP : 0);
}
