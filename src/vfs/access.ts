import { ERRNO } from '../base/errno.ts';
import type { Attributes, Vnode } from './contract.ts';

/** What is asked of a file, as bits of a mode. */
export const ACCESS = { execute: 1, write: 2, read: 4 } as const;

/** A directory in which a name comes, goes or is replaced. */
const CHANGE_NAMES = ACCESS.write | ACCESS.execute;
/** Names in such a directory belong to the owners of the files (`/tmp`). */
const STICKY = 0o1000;

/**
 * Who names a file by a path, when it is not root, who may all: what the modes of files allow
 * (path_resolution(7)). It is asked where a path is walked, and before anything is done.
 */
export interface Accessor {
  readonly uid: number;
  readonly gid: number;
  may(attributes: Attributes, wanted: number): boolean;
}

/** Throws EACCES; `by` is undefined for root. */
export function requireAccess(by: Accessor | undefined, node: Vnode, wanted: number): void {
  if (by && !by.may(node.attributes(), wanted)) throw ERRNO.EACCES;
}

/** Before a name is made in a directory. Throws EACCES. */
export function requireNewName(by: Accessor | undefined, directory: Vnode): void {
  requireAccess(by, directory, CHANGE_NAMES);
}

/** Before a name of a directory is taken away. Throws EACCES; EPERM in a sticky directory. */
export function requireOldName(by: Accessor | undefined, directory: Vnode, file: Vnode): void {
  if (!by) return;
  const { mode, uid } = directory.attributes();
  requireNewName(by, directory);
  if ((mode & STICKY) === 0 || by.uid === uid) return;
  if (by.uid !== file.attributes().uid) throw ERRNO.EPERM;
}

/**
 * Before a file's times are set: its owner may, and whoever may write it, who could set them to now
 * by writing (utimensat(2) allows the latter just that). Throws EPERM.
 */
export function requireTimes(by: Accessor | undefined, node: Vnode): void {
  if (!by) return;
  const attributes = node.attributes();
  if (by.uid !== attributes.uid && !by.may(attributes, ACCESS.write)) throw ERRNO.EPERM;
}

/** A new file belongs to who made it. */
export function giveTo(by: Accessor | undefined, directory: Vnode, name: string): void {
  if (!by) return;
  try {
    directory.lookup(name).change({ uid: by.uid, gid: by.gid });
  } catch (thrown) {
    // A file system that keeps no owners: all is root's there, as it was before.
    if (thrown !== ERRNO.EPERM && thrown !== ERRNO.ENOTSUP) throw thrown;
  }
}
