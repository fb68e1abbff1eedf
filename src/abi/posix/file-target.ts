import { ERRNO } from '../../base/errno.ts';
import type { FileDescription } from '../../kernel/file-description.ts';
import type { Thread } from '../../kernel/thread.ts';
import type { Attributes, AttributesChange, Xattrs } from '../../vfs/contract.ts';
import type { PathAt } from '../../vfs/path-walk.ts';
import { isFollowing, pathAt } from '../path-argument.ts';

/** A file that a call is about: named by a path, or open. */
export interface FileTarget {
  attributes(): Attributes;
  change(change: AttributesChange): void;
  xattrs(): Xattrs;
}

/**
 * What (dirfd, lookup, path) names; an empty path is the file that `dirfd` is open on. Throws what
 * the way there does.
 */
export function targetOf(
  thread: Thread,
  fd: number,
  lookupFlags: number,
  pointer: number,
  length: number,
): FileTarget {
  if (length === 0) return openTarget(thread.fds.get(fd).description);
  return namedTarget(thread, pathAt(thread, fd, 0n, pointer, length), isFollowing(lookupFlags));
}

function namedTarget(thread: Thread, at: PathAt, followsLast: boolean): FileTarget {
  return thread.system.files.resolve(at, followsLast).node;
}

function openTarget(description: FileDescription): FileTarget {
  if (description.kind === 'directory') return description.location.node;
  if (description.kind === 'file') return description.file;
  return {
    attributes: () => description.attributes(),
    change: () => description.change(),
    xattrs: () => {
      throw ERRNO.ENOTSUP;
    },
  };
}
