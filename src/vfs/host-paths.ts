import { ERRNO } from '../base/errno.ts';
import {
  type HostFileCalls,
  type HostFiles,
  type HostStat,
  hostLstat,
  kindOfStat,
} from './host-files.ts';

/**
 * How a directory of the host is reached for a call on one of its entries, such that nobody can
 * lead the call elsewhere by putting a symbolic link in the way.
 *
 * # Theory of operation
 * A guest, another container on the same volume, or a user of the host may swap any directory for a
 * symbolic link between two of our calls. On Linux each directory is therefore opened by itself,
 * starting at the mount's root, with O_NOFOLLOW and by one name only, and compared with the file
 * that the walk saw; an entry's path is then `/proc/self/fd/<fd>/<name>`, which the kernel resolves
 * from that descriptor. O_PATH makes it work for directories that may be searched but not read. The
 * descriptors are a cache; roots have one for as long as they are mounted.
 *
 * Other hosts have no such path. There the way is checked name by name before each call, which
 * finds every link that stands in the way but not one that is swapped in between the check and the
 * call.
 */
export interface HostPaths extends Disposable {
  readonly host: HostFiles;

  /**
   * Opens what is to be a mount's root: a directory or any other file. Throws host errors.
   *
   * With `isResolved` no part of the path may be a link: somebody put one there since the path was
   * resolved (ELOOP, ESTALE). Where directories cannot be walked by handles, only the last name is
   * looked at, and always.
   */
  openRoot(hostPath: string, options?: { readonly isResolved?: boolean }): HostRoot;

  /**
   * The path of a directory, to which `/<name>` may be added. Valid until another two directories
   * have been asked for. Throws ESTALE when another file stands in its place, and host errors.
   */
  pathOf(directory: HostDirectory): string;

  /**
   * As `pathOf`, when that costs nothing and names the directory even if it was moved or removed;
   * else undefined.
   */
  openPathOf(directory: HostDirectory): string | undefined;
}

/** The root of what is mounted. Owned by the file system that opened it, and disposed by it. */
export interface HostRoot extends Disposable {
  /** Follows to the root itself; only for calls that follow links. */
  readonly path: string;
  stat(): HostStat;
}

/** A directory as its names lead to it. Moves when it is renamed. */
export interface HostDirectory {
  readonly root: HostRoot;
  /** Undefined for the root. */
  readonly parent: HostDirectory | undefined;
  readonly name: string;
  readonly identity: HostIdentity;
}

/** Which file a name led to. */
export interface HostIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

export function isSameFile(one: HostIdentity, other: HostIdentity): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** Enough for the directories that the running programs of a cell use over and over. */
const DEFAULT_CAPACITY = 256;

/** `pathOf` promises two paths at a time, and finds the second one from a directory above it. */
const LEAST_CAPACITY = 3;

/**
 * The safest way that the host has; shared by all file systems of a program, and disposed after
 * them.
 */
export function createHostPaths(host: HostFiles, capacity: number = DEFAULT_CAPACITY): HostPaths {
  if (host.platform !== 'linux') return new CheckedPaths(host);
  return new DescriptorPaths(host, Math.max(capacity, LEAST_CAPACITY));
}

/**
 * How many names may lead from a root to a directory. Twice what one path can name, as a directory
 * that is held open may be moved below another; more would only make calls slow.
 */
const MAX_WAY = 4096;

/** Linux's O_PATH, which Node does not name; the same on all architectures that Node runs on. */
const O_PATH = 0o10000000;

class DescriptorPaths implements HostPaths {
  readonly host: HostFiles;
  readonly #capacity: number;
  /** Open directories, the least recently used first. */
  readonly #descriptors = new Map<HostDirectory, number>();

  constructor(host: HostFiles, capacity: number) {
    this.host = host;
    this.#capacity = capacity;
  }

  openRoot(hostPath: string, { isResolved = false } = {}): HostRoot {
    const { fs } = this.host;
    const { O_NOFOLLOW = 0 } = fs.constants;
    const fd = fs.openSync(hostPath, isResolved ? O_PATH | O_NOFOLLOW : O_PATH);
    try {
      if (isResolved) this.#checkResolved(fd, hostPath);
    } catch (thrown) {
      fs.closeSync(fd);
      throw thrown;
    }
    const root: HostRoot = new DescriptorRoot(fs, fd, () => {
      for (const directory of this.#descriptors.keys()) {
        if (directory.root === root) this.#close(directory);
      }
    });
    return root;
  }

  /** The kernel's own name of what was opened tells whether a link has led there. */
  #checkResolved(fd: number, hostPath: string): void {
    const { fs } = this.host;
    if (kindOfStat(fs.fstatSync(fd, { bigint: true })) === 'symlink') throw ERRNO.ELOOP;
    if (fs.readlinkSync(descriptorPath(fd)) !== hostPath) throw ERRNO.ESTALE;
  }

  pathOf(directory: HostDirectory): string {
    const open = this.openPathOf(directory);
    if (open !== undefined) return open;
    const fd = this.#open(directory);
    this.#descriptors.set(directory, fd);
    if (this.#descriptors.size > this.#capacity) this.#closeOldest();
    return descriptorPath(fd);
  }

  openPathOf(directory: HostDirectory): string | undefined {
    if (!directory.parent) return directory.root.path;
    const fd = this.#descriptors.get(directory);
    if (fd === undefined) return undefined;
    this.#descriptors.delete(directory);
    this.#descriptors.set(directory, fd);
    return descriptorPath(fd);
  }

  [Symbol.dispose](): void {
    for (const directory of this.#descriptors.keys()) this.#close(directory);
  }

  /**
   * Opens a directory from the nearest one above it that is open; those between are closed again.
   */
  #open(directory: HostDirectory): number {
    const way = [directory];
    let path: string | undefined;
    for (let above = directory.parent; above && path === undefined; above = above.parent) {
      path = this.openPathOf(above);
      if (path === undefined) way.push(above);
      if (way.length > MAX_WAY) throw ERRNO.ENAMETOOLONG;
    }
    let fd: number | undefined;
    for (let next = way.pop(); next; next = way.pop()) {
      const parentFd = fd;
      try {
        fd = this.#openEntry(`${path}/${next.name}`, next.identity);
      } finally {
        if (parentFd !== undefined) this.host.fs.closeSync(parentFd);
      }
      path = descriptorPath(fd);
    }
    if (fd === undefined) throw new Error('a root is always open');
    return fd;
  }

  #openEntry(path: string, identity: HostIdentity): number {
    const { fs } = this.host;
    const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants;
    const fd = fs.openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!isSameFile(fs.fstatSync(fd, { bigint: true }), identity)) {
      fs.closeSync(fd);
      throw ERRNO.ESTALE;
    }
    return fd;
  }

  #closeOldest(): void {
    for (const oldest of this.#descriptors.keys()) {
      this.#close(oldest);
      return;
    }
  }

  #close(directory: HostDirectory): void {
    const fd = this.#descriptors.get(directory);
    this.#descriptors.delete(directory);
    if (fd !== undefined) this.host.fs.closeSync(fd);
  }
}

/** A root that is open. */
class DescriptorRoot implements HostRoot {
  readonly #fs: HostFileCalls;
  readonly #fd: number;
  readonly #closeBelow: () => void;
  #isOpen = true;

  constructor(fs: HostFileCalls, fd: number, closeBelow: () => void) {
    this.#fs = fs;
    this.#fd = fd;
    this.#closeBelow = closeBelow;
  }

  get path(): string {
    this.#checkOpen();
    return descriptorPath(this.#fd);
  }

  stat(): HostStat {
    this.#checkOpen();
    return this.#fs.fstatSync(this.#fd, { bigint: true });
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closeBelow();
    this.#fs.closeSync(this.#fd);
  }

  /** A closed descriptor's number may be another container's directory by now. */
  #checkOpen(): void {
    if (!this.#isOpen) throw ERRNO.ESTALE;
  }
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

class CheckedPaths implements HostPaths {
  readonly host: HostFiles;

  constructor(host: HostFiles) {
    this.host = host;
  }

  openRoot(hostPath: string): HostRoot {
    const stat = (): HostStat => hostLstat(this.host, hostPath);
    // Calls on the root would follow it; whoever names a mount's source resolves links first.
    if (kindOfStat(stat()) === 'symlink') throw ERRNO.ELOOP;
    return { path: hostPath, stat, [Symbol.dispose]: () => {} };
  }

  pathOf(directory: HostDirectory): string {
    const way: HostDirectory[] = [];
    let at = directory;
    for (; at.parent; at = at.parent) {
      way.push(at);
      if (way.length > MAX_WAY) throw ERRNO.ENAMETOOLONG;
    }
    let { path } = at.root;
    for (let next = way.pop(); next; next = way.pop()) {
      path = `${path}/${next.name}`;
      if (!isSameFile(hostLstat(this.host, path), next.identity)) throw ERRNO.ESTALE;
    }
    return path;
  }

  openPathOf(directory: HostDirectory): string | undefined {
    return directory.parent ? undefined : directory.root.path;
  }

  [Symbol.dispose](): void {}
}

/**
 * Changes the mode of a file that is no symbolic link, and never of one that a link leads to.
 * Throws ENOTSUP for a link, and host errors.
 */
export function changeModeAt(host: HostFiles, path: string, mode: number): void {
  const { fs, platform } = host;
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = fs.constants;
  const isLinux = platform === 'linux';
  // Without O_PATH the file must be readable, which is the price of not following a link.
  const fd = fs.openSync(path, (isLinux ? O_PATH : O_RDONLY | O_NONBLOCK) | O_NOFOLLOW);
  try {
    if (kindOfStat(fs.fstatSync(fd, { bigint: true })) === 'symlink') throw ERRNO.ENOTSUP;
    if (isLinux) fs.chmodSync(descriptorPath(fd), mode);
    else fs.fchmodSync(fd, mode);
  } finally {
    fs.closeSync(fd);
  }
}
