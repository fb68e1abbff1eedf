import { ERRNO } from '../base/errno.ts';
import {
  ACCESS,
  type Accessor,
  giveTo,
  requireAccess,
  requireNewName,
  requireOldName,
  requireTimes,
} from './access.ts';
import type {
  Alias,
  Attributes,
  AttributesChange,
  DirectoryEntry,
  FileKind,
  FileSystem,
  FileSystemStatistics,
  NodeKind,
  OpenFile,
  OpenMode,
  Xattrs,
} from './contract.ts';
import { type Mount, MountTable } from './mount-table.ts';
import { checkPath, Location, type PathAt, type Resolved, walk } from './path-walk.ts';

/**
 * A container's files as its system calls see them: every operation that takes a path. What a path
 * means is `path-walk.ts`'s; what is mounted where, `mount-table.ts`'s; what a file is, its file
 * system's.
 *
 * # Use
 * ```
 * using tree = new FileTree(overlay);
 * tree.mount('/dev', devices, { isVirtual: true });
 * tree.mount('/data', hostDirectory);
 * const opened = tree.open({ start: tree.root, path: '/data/x' }, options);
 * ```
 * Mount everything before the first process starts, outer targets before inner ones: a Location
 * that was obtained earlier does not see a later mount.
 *
 * # Errors
 * Those of `walk` for each path, those of the file system, and what is said at each method. All are
 * `Errno`s.
 */
export class FileTree implements Disposable {
  /** The container's root directory. */
  readonly root: Location;
  readonly #mounts: MountTable;

  /** Owns `rootFileSystem`, and later all that is mounted, until it is disposed. */
  constructor(rootFileSystem: FileSystem) {
    this.#mounts = new MountTable(rootFileSystem);
    this.root = Location.rootOf(this.#mounts);
  }

  /**
   * Mounts a file system at an absolute guest path; symbolic links on the way are followed inside
   * the container. When nothing is there, an empty directory (or file, when the file system's root
   * is one) is made with its parents, as Docker does, and stays in the container's upperdir. A
   * virtual mount is a directory that is only shown there, whatever the path leads to without it.
   *
   * Owns `fileSystem` when it returns; when it throws, the caller still does.
   *
   * Throws ENOTDIR when a directory is mounted on a file or a file on a directory; EBUSY for `/`.
   */
  mount(
    path: string,
    fileSystem: FileSystem,
    options: { readonly isVirtual?: boolean } = {},
  ): void {
    if (options.isVirtual === true) {
      this.#mounts.mount(path.split('/').slice(1), fileSystem);
      return;
    }
    const resolved = walkOrMake(this.root, path);
    const { parent, name, found } = resolved;
    if (name === undefined) {
      // The path led to a directory by `.` or `..`, or to the root itself.
      this.#mounts.mount((found ?? parent).names, fileSystem);
      return;
    }
    const isDirectory = fileSystem.root.kind === 'directory';
    if (found) {
      if ((found.node.kind === 'directory') !== isDirectory) throw ERRNO.ENOTDIR;
    } else if (isDirectory) {
      parent.node.makeDirectory(name, 0o755);
    } else {
      parent.node.createFile(name, 0o644, WRITE_ONLY).close();
    }
    this.#mounts.mount([...parent.names, name], fileSystem);
  }

  /** The file that the path names. Throws ENOENT. */
  resolve(at: PathAt, followLast: boolean): Location {
    const { found } = walk(this.root, at, followLast ? 'follow' : 'no-follow');
    if (!found) throw ERRNO.ENOENT;
    return found;
  }

  /**
   * As open(2).
   *
   * # Errors
   * - ENOENT: not there, and not to be created
   * - EEXIST: there, and to be created exclusively
   * - EISDIR: a directory, to be written, truncated or created; or a file to be created before a
   *   trailing slash
   * - ENOTDIR: no directory, but wanted as one
   * - ELOOP: a symbolic link, not to be followed
   * - EINVAL: `directory` together with `create`, `exclusive` or `truncate`
   * - ENXIO, EACCES: a socket or device that cannot be opened here
   */
  open(at: PathAt, options: OpenOptions): Opened {
    const { create, exclusive, directory, truncate } = options;
    if (directory && (create || exclusive || truncate)) throw ERRNO.EINVAL;
    const isNew = create && exclusive;
    const lastLink = options.followLast && !isNew ? 'follow' : 'no-follow';
    for (let tries = 1; ; tries++) {
      const resolved = walk(this.root, at, lastLink);
      if (resolved.found) {
        if (isNew) throw ERRNO.EEXIST;
        return openFound(resolved.found, options, at.by);
      }
      if (!create) throw ERRNO.ENOENT;
      try {
        return createAndOpen(resolved, options, at.by);
      } catch (thrown) {
        // Somebody on the host made it between the walk and now: it is then to be opened.
        if (thrown !== ERRNO.EEXIST || isNew || tries === MAX_CREATE_TRIES) throw thrown;
      }
    }
  }

  /** As stat(2), or lstat(2). */
  stat(at: PathAt, followLast: boolean): Attributes {
    return this.resolve(at, followLast).node.attributes();
  }

  /**
   * Changes times, size or mode of what the path names. Throws EISDIR, EINVAL for the size of what
   * is no regular file.
   */
  change(at: PathAt, followLast: boolean, change: AttributesChange): void {
    const { node } = this.resolve(at, followLast);
    if (change.sizeBytes !== undefined) requireAccess(at.by, node, ACCESS.write);
    else requireTimes(at.by, node);
    node.change(change);
  }

  /** The extended attributes of what the path names. */
  xattrs(at: PathAt, followLast: boolean): Xattrs {
    return this.resolve(at, followLast).node.xattrs();
  }

  /** As statfs(2). */
  statistics(at: PathAt): FileSystemStatistics & { readonly isReadOnly: boolean } {
    const { fileSystem } = this.resolve(at, true);
    return { ...fileSystem.statistics(), isReadOnly: fileSystem.isReadOnly };
  }

  /** What is mounted, in the order in which it was; the container's root first. */
  get mounts(): readonly Mount[] {
    return this.#mounts.mounts;
  }

  /**
   * As readlink(2): the target as it stands there. Throws EINVAL on anything but a symbolic link.
   */
  readLink(at: PathAt): string {
    return this.resolve(at, false).node.readLink();
  }

  /** The entries of a directory and what is mounted in it, without `.` and `..`. Throws ENOTDIR. */
  list(directory: Location): readonly DirectoryEntry[] {
    const entries = directory.node.list();
    if (!directory.mountPoint) return entries;
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    for (const [name, point] of directory.mountPoint.children()) {
      if (!point.mounted) continue;
      const { kind } = point.mounted.root;
      byName.set(name, { name, kind, inode: point.mounted.root.attributes().inode });
    }
    return [...byName.values()];
  }

  /** As mkdir(2). Throws EEXIST. */
  makeDirectory(at: PathAt, permissions: number): void {
    const { parent, name, found } = walk(this.root, at, 'keep');
    if (found || name === undefined) throw ERRNO.EEXIST;
    requireNewName(at.by, parent.node);
    parent.node.makeDirectory(name, permissions);
    giveTo(at.by, parent.node, name);
  }

  /**
   * As symlink(2); `target` is kept as it is. Throws EEXIST; ENOENT for an empty target or before a
   * trailing slash; ENAMETOOLONG.
   */
  makeSymlink(target: string, at: PathAt): void {
    checkPath(target);
    const { parent, name } = this.#resolveNew(at);
    parent.node.makeSymlink(name, target);
    giveTo(at.by, parent.node, name);
  }

  /** As mknod(2) for a FIFO or a socket. Throws EEXIST; ENOENT before a trailing slash. */
  makeNode(at: PathAt, kind: NodeKind, permissions: number): void {
    const { parent, name } = this.#resolveNew(at);
    parent.node.makeNode(name, kind, permissions);
    giveTo(at.by, parent.node, name);
  }

  /** As linkat(2). Throws EEXIST, EPERM for a directory, EXDEV across mounts. */
  makeLink(from: PathAt, followLast: boolean, to: PathAt): void {
    const source = this.resolve(from, followLast);
    const { parent, name } = this.#resolveNew(to);
    if (source.node.kind === 'directory') throw ERRNO.EPERM;
    if (source.fileSystem !== parent.fileSystem) throw ERRNO.EXDEV;
    parent.node.makeLink(name, source.node);
  }

  /** As unlink(2). Throws EISDIR for a directory, EBUSY for a mount point. */
  removeFile(at: PathAt): void {
    const { parent, name, found } = walk(this.root, at, 'keep');
    if (name === undefined) throw ERRNO.EISDIR;
    if (!found) throw ERRNO.ENOENT;
    if (parent.isMountPoint(name)) throw ERRNO.EBUSY;
    requireOldName(at.by, parent.node, found.node);
    parent.node.removeFile(name);
  }

  /**
   * As rmdir(2). Throws ENOTDIR, ENOTEMPTY, EBUSY for the root, a mount point or what holds one,
   * EINVAL for `.`.
   */
  removeDirectory(at: PathAt): void {
    const { parent, name, found } = walk(this.root, at, 'keep');
    if (name === undefined) throw found === parent ? ERRNO.EBUSY : errorOfDots(at.path);
    if (!found) throw ERRNO.ENOENT;
    if (parent.isMountPoint(name)) throw ERRNO.EBUSY;
    requireOldName(at.by, parent.node, found.node);
    parent.node.removeDirectory(name);
  }

  /**
   * As rename(2), replacing a file by a file and an empty directory by a directory.
   *
   * # Errors
   * - EBUSY: a mount point, what holds one, `.`, `..` or the root
   * - EXDEV: across mounts; or a directory of the image that is still partly in its layers
   *   (programs such as mv then copy)
   * - EINVAL: a directory into itself
   * - EISDIR, ENOTDIR, ENOTEMPTY: what is at `to` cannot be replaced by it
   */
  rename(from: PathAt, to: PathAt): void {
    const source = walk(this.root, from, 'keep');
    const target = walk(this.root, to, 'keep');
    if (source.name === undefined || target.name === undefined) throw ERRNO.EBUSY;
    if (!source.found) throw ERRNO.ENOENT;
    if (target.mustBeDirectory && source.found.node.kind !== 'directory') throw ERRNO.ENOTDIR;
    if (source.parent.isMountPoint(source.name)) throw ERRNO.EBUSY;
    if (target.parent.isMountPoint(target.name)) throw ERRNO.EBUSY;
    if (source.parent.fileSystem !== target.parent.fileSystem) throw ERRNO.EXDEV;
    requireOldName(from.by, source.parent.node, source.found.node);
    if (target.found) requireOldName(to.by, target.parent.node, target.found.node);
    else requireNewName(to.by, target.parent.node);
    source.parent.node.rename(source.name, target.parent.node, target.name);
  }

  /** Disposes all file systems. Files that are still open stay open. Idempotent. */
  [Symbol.dispose](): void {
    this.#mounts[Symbol.dispose]();
  }

  /** The place for a new name that cannot be a directory. */
  #resolveNew(at: PathAt): { readonly parent: Location; readonly name: string } {
    const { parent, name, found, mustBeDirectory } = walk(this.root, at, 'keep');
    if (found || name === undefined) throw ERRNO.EEXIST;
    if (mustBeDirectory) throw ERRNO.ENOENT;
    requireNewName(at.by, parent.node);
    return { parent, name };
  }
}

export interface OpenOptions {
  readonly read: boolean;
  readonly write: boolean;
  readonly create: boolean;
  /** With `create`: fail when it is there already; a symbolic link counts as such. */
  readonly exclusive: boolean;
  /** Only a directory will do. */
  readonly directory: boolean;
  readonly truncate: boolean;
  readonly followLast: boolean;
  /** Mode bits of a file that is created. */
  readonly permissions: number;
}

export type Opened =
  | { readonly type: 'directory'; readonly directory: Location }
  | {
      readonly type: 'file';
      readonly kind: FileKind;
      readonly file: OpenFile;
      /** Where it was found: with `name`, what /proc shows of it. */
      readonly parent: Location | undefined;
      readonly name: string;
    }
  /** Another open file, or a terminal, which the caller gets. */
  | { readonly type: 'alias'; readonly alias: Alias }
  /** The pipe of this FIFO. */
  | { readonly type: 'fifo'; readonly device: bigint; readonly inode: bigint };

const WRITE_ONLY: OpenMode = { read: false, write: true, truncate: false };
/** A name that comes and goes this often between two calls of ours does so to keep us busy. */
const MAX_CREATE_TRIES = 8;

function openFound(found: Location, options: OpenOptions, by: Accessor | undefined): Opened {
  const { node, parent, name } = found;
  const { kind } = node;
  if (kind === 'directory') {
    if (options.write || options.truncate || options.create) throw ERRNO.EISDIR;
    requireAccess(by, node, ACCESS.read);
    return { type: 'directory', directory: found };
  }
  if (kind === 'symlink') throw ERRNO.ELOOP;
  if (options.directory) throw ERRNO.ENOTDIR;
  requireAccess(by, node, accessOf(options));
  if (node.alias !== undefined) return { type: 'alias', alias: node.alias };
  if (kind === 'fifo') {
    const { device, inode } = node.attributes();
    return { type: 'fifo', device, inode };
  }
  return { type: 'file', kind, file: node.open(modeOf(options)), parent, name };
}

/** As bits of a mode. */
function accessOf({ read, write, truncate }: OpenOptions): number {
  return (read ? ACCESS.read : 0) | (write || truncate ? ACCESS.write : 0);
}

function createAndOpen(resolved: Resolved, options: OpenOptions, by: Accessor | undefined): Opened {
  const { parent, name, mustBeDirectory } = resolved;
  if (mustBeDirectory || name === undefined) throw ERRNO.EISDIR;
  requireNewName(by, parent.node);
  const file = parent.node.createFile(name, options.permissions, modeOf(options));
  giveTo(by, parent.node, name);
  return { type: 'file', kind: 'regular', file, parent, name };
}

function modeOf({ read, write, truncate }: OpenOptions): OpenMode {
  return { read, write, truncate };
}

/** What rmdir(2) answers to a path that ends with `.` or `..`. */
function errorOfDots(path: string): typeof ERRNO.EINVAL {
  return /(^|\/)\.\.\/*$/.test(path) ? ERRNO.ENOTEMPTY : ERRNO.EINVAL;
}

/** Resolves a mount's target, making the directories that lead to it. */
function walkOrMake(root: Location, path: string): Resolved {
  if (!path.startsWith('/')) throw ERRNO.EINVAL;
  let made = '';
  for (const name of path.split('/').slice(0, -1)) {
    if (name === '') continue;
    made += `/${name}`;
    const step = walk(root, { start: root, path: made }, 'follow');
    if (!step.found && step.name !== undefined) step.parent.node.makeDirectory(step.name, 0o755);
  }
  return walk(root, { start: root, path }, 'follow');
}
