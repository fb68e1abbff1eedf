import { ERRNO } from '../base/errno.ts';
import { ACCESS, type Accessor, requireAccess } from './access.ts';
import type { FileSystem, Vnode } from './contract.ts';
import { checkName, isLongerThan } from './file-name.ts';
import type { MountPoint, MountTable } from './mount-table.ts';

/** Linux's PATH_MAX less its NUL, for what a guest gives and for the target of a link. */
const MAX_PATH_BYTES = 4095;
/** As Linux: how many symbolic links one path may follow. */
const MAX_LINKS = 40;
/**
 * How deep a directory may stand. A path of PATH_MAX bytes names no deeper one; without a bound a
 * guest could dig down one directory at a time, and make every later call on the deepest one slow.
 */
const MAX_DEPTH = 2048;

/**
 * A file together with the way to it: the stack of directories and mounts from the container's
 * root. A process holds one for each open directory and for its working directory. Immutable, owns
 * nothing.
 *
 * When a directory on the way is renamed meanwhile, the Location goes on to name the same
 * directory; `..` and `path` still tell the old way.
 */
export class Location {
  readonly node: Vnode;
  /** The file system in which `node` lies. Names cannot be moved or linked into another (EXDEV). */
  readonly fileSystem: FileSystem;
  /** Undefined for the container's root. */
  readonly parent: Location | undefined;
  /** The name in `parent`; empty for the root. */
  readonly name: string;
  /** The tree of mount points at and below this place, when there are any. */
  readonly mountPoint: MountPoint | undefined;
  readonly #depth: number;

  private constructor(
    node: Vnode,
    fileSystem: FileSystem,
    parent: Location | undefined,
    name: string,
    mountPoint: MountPoint | undefined,
  ) {
    this.node = node;
    this.fileSystem = fileSystem;
    this.parent = parent;
    this.name = name;
    this.mountPoint = mountPoint;
    this.#depth = parent ? parent.#depth + 1 : 0;
  }

  static rootOf(mounts: MountTable): Location {
    const { rootFileSystem } = mounts;
    return new Location(rootFileSystem.root, rootFileSystem, undefined, '', mounts.root);
  }

  /**
   * The file of that name in this directory, or the root of what is mounted there; undefined when
   * there is none.
   */
  lookup(name: string): Location | undefined {
    if (this.#depth >= MAX_DEPTH) throw ERRNO.ENAMETOOLONG;
    const point = this.mountPoint?.child(name);
    const mounted = point?.mounted;
    if (mounted) return new Location(mounted.root, mounted, this, name, point);
    try {
      return new Location(this.node.lookup(name), this.fileSystem, this, name, point);
    } catch (thrown) {
      if (thrown === ERRNO.ENOENT) return undefined;
      throw thrown;
    }
  }

  /** The file without a path to which this one, a link, leads. */
  replacedBy(node: Vnode): Location {
    return new Location(node, this.fileSystem, this.parent, this.name, undefined);
  }

  /** True when something is mounted on that name of this directory, or below it. */
  isMountPoint(name: string): boolean {
    return this.mountPoint?.child(name) !== undefined;
  }

  /** The names from the container's root to this place. */
  get names(): readonly string[] {
    const names: string[] = [];
    for (let at: Location = this; at.parent; at = at.parent) names.push(at.name);
    return names.reverse();
  }

  /** The absolute guest path. */
  get path(): string {
    return `/${this.names.join('/')}`;
  }
}

/** A path as a guest gives it: relative to an open directory, or absolute. */
export interface PathAt {
  readonly start: Location;
  readonly path: string;
  /**
   * Preview1's rule: what the guest itself wrote must not lead out of the container's root. An
   * absolute path, or a literal `..` at the root, is ENOTCAPABLE. Otherwise (POSIX) the one starts
   * at the root and the other stays there. Targets of symbolic links always follow POSIX.
   */
  readonly refuseEscape?: boolean;
  /** The same for `start`: a literal `..` there is ENOTCAPABLE. */
  readonly isConfined?: boolean;
  /** Whose rights count; undefined: root's. */
  readonly by?: Accessor | undefined;
}

/**
 * What to do when the last component is a symbolic link:
 * - `follow`: as stat(2) and open(2)
 * - `no-follow`: as lstat(2): a trailing slash follows it all the same
 * - `keep`: as unlink(2), rename(2), mkdir(2): never followed
 */
export type LastLink = 'follow' | 'no-follow' | 'keep';

export interface Resolved {
  /** The directory in which the last component stands. */
  readonly parent: Location;
  /**
   * The last component; undefined when it was `.`, `..` or the root, which have no name that could
   * be changed.
   */
  readonly name: string | undefined;
  readonly found: Location | undefined;
  /** The path ended with a slash: only a directory may be found or made there. */
  readonly mustBeDirectory: boolean;
}

/**
 * Resolves a path. A missing last component is no error (`found` is undefined), a missing one
 * before is.
 *
 * # Errors
 * - ENOENT: a directory on the way, or a link's target on the way, does not exist; the path is
 *   empty
 * - ENOTDIR: something on the way, or `start`, is no directory; or what was found before a trailing
 *   slash is none
 * - ELOOP: more than 40 symbolic links
 * - ENAMETOOLONG: the path is longer than 4,095 bytes, a name than 255, or the place deeper than
 *   2,048
 * - ENOTCAPABLE: see `refuseEscape` and `isConfined`
 * - EACCES: a directory on the way that `by` may not search
 * - EINVAL: the path holds a NUL
 */
export function walk(root: Location, at: PathAt, lastLink: LastLink): Resolved {
  checkPath(at.path);
  if (at.start.node.kind !== 'directory') throw ERRNO.ENOTDIR;
  const refuseEscape = at.refuseEscape === true;
  const isAbsolute = at.path.startsWith('/');
  if (isAbsolute && refuseEscape) throw ERRNO.ENOTCAPABLE;

  let current = isAbsolute ? root : at.start;
  // The components still to go, the next one last. Those that the guest wrote lie below those of
  // links.
  const pending = componentsOf(at.path);
  let literalCount = pending.length;
  let mustBeDirectory = at.path.endsWith('/');
  let linkCount = 0;

  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const isLiteral = pending.length < literalCount;
    if (isLiteral) literalCount = pending.length;
    if (at.by) requireAccess(at.by, current.node, ACCESS.execute);
    if (name === '.') continue;
    if (name === '..') {
      const isOut = at.isConfined === true ? current === at.start : !current.parent;
      if (isOut && isLiteral && refuseEscape) throw ERRNO.ENOTCAPABLE;
      current = current.parent ?? current;
      continue;
    }
    checkName(name);
    const isLast = pending.length === 0;
    let next = current.lookup(name);
    if (!next) {
      if (!isLast) throw ERRNO.ENOENT;
      return { parent: current, name, found: undefined, mustBeDirectory };
    }
    const isLink = next.node.kind === 'symlink';
    if (isLink && (!isLast || isFollowed(lastLink, mustBeDirectory))) {
      if (++linkCount > MAX_LINKS) throw ERRNO.ELOOP;
      const { destination } = next.node;
      if (destination) {
        next = next.replacedBy(destination);
        if (!isLast || mustBeDirectory) throw ERRNO.ENOTDIR;
        return { parent: current, name, found: next, mustBeDirectory };
      }
      const target = next.node.readLink();
      checkPath(target);
      if (target.startsWith('/')) current = root;
      if (isLast && target.endsWith('/')) mustBeDirectory = true;
      for (const component of componentsOf(target)) pending.push(component);
      continue;
    }
    if (next.node.kind !== 'directory' && (!isLast || mustBeDirectory)) throw ERRNO.ENOTDIR;
    if (isLast) return { parent: current, name, found: next, mustBeDirectory };
    current = next;
  }
  return { parent: current.parent ?? current, name: undefined, found: current, mustBeDirectory };
}

function isFollowed(lastLink: LastLink, mustBeDirectory: boolean): boolean {
  return lastLink === 'follow' || (lastLink === 'no-follow' && mustBeDirectory);
}

/**
 * What holds of every path, and of every link's target. Throws ENOENT, ENAMETOOLONG, EINVAL as
 * `walk` says.
 */
export function checkPath(path: string): void {
  if (path === '') throw ERRNO.ENOENT;
  if (isLongerThan(path, MAX_PATH_BYTES)) throw ERRNO.ENAMETOOLONG;
  if (path.includes('\0')) throw ERRNO.EINVAL;
}

/** The components of a path, the last one first. */
function componentsOf(path: string): string[] {
  const components: string[] = [];
  let end = path.length;
  while (end > 0) {
    const start = path.lastIndexOf('/', end - 1) + 1;
    if (start < end) components.push(path.slice(start, end));
    end = start - 1;
  }
  return components;
}
