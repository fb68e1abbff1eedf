import { ERRNO } from '../base/errno.ts';
import type { FileSystem } from './contract.ts';

/**
 * Which file systems a container sees, and where.
 *
 * # Theory of operation
 * The mount points form a tree of names of their own: every directory on the way to one has a
 * `MountPoint`. The walk goes down this tree beside the directories, so that a directory with no
 * mount at or below it costs nothing, and a mount point need not exist in the file system that it
 * covers. As mount points are kept by name, neither they nor the directories above them can be
 * removed or renamed (EBUSY); Linux would let the latter be renamed.
 */
export class MountPoint {
  /** Undefined as long as there is none, as in most. */
  #children: Map<string, MountPoint> | undefined;
  #mounted: FileSystem | undefined;

  /** What is mounted exactly here. */
  get mounted(): FileSystem | undefined {
    return this.#mounted;
  }

  child(name: string): MountPoint | undefined {
    return this.#children?.get(name);
  }

  children(): Iterable<readonly [string, MountPoint]> {
    return this.#children ?? [];
  }

  makeChild(name: string): MountPoint {
    const present = this.child(name);
    if (present) return present;
    const made = new MountPoint();
    this.#children ??= new Map();
    this.#children.set(name, made);
    return made;
  }

  cover(fileSystem: FileSystem): void {
    this.#mounted = fileSystem;
  }
}

/** Far more than people mount; a bound because each costs a descriptor. */
const MAX_MOUNTS = 1024;

export interface Mount {
  readonly path: string;
  readonly fileSystem: FileSystem;
}

/** Owns the file systems that are mounted in it. */
export class MountTable implements Disposable {
  readonly root = new MountPoint();
  readonly rootFileSystem: FileSystem;
  readonly #owned = new DisposableStack();
  readonly #mounts: Mount[] = [];

  constructor(rootFileSystem: FileSystem) {
    this.rootFileSystem = this.#owned.use(rootFileSystem);
    this.root.cover(rootFileSystem);
    this.#mounts.push({ path: '/', fileSystem: rootFileSystem });
  }

  get mounts(): readonly Mount[] {
    return this.#mounts;
  }

  /**
   * Mounts at the end of `names`, counted from the root, over whatever was there or mounted there.
   * Owns `fileSystem` from now on. Throws EBUSY for the root itself, ENOSPC past 1,024 mounts (as
   * Linux does at its own limit); the caller keeps `fileSystem` then.
   */
  mount(names: readonly string[], fileSystem: FileSystem): void {
    if (names.length === 0) throw ERRNO.EBUSY;
    if (this.#mounts.length >= MAX_MOUNTS) throw ERRNO.ENOSPC;
    let point = this.root;
    for (const name of names) point = point.makeChild(name);
    point.cover(this.#owned.use(fileSystem));
    this.#mounts.push({ path: `/${names.join('/')}`, fileSystem });
  }

  /** Disposes all file systems, the last mounted first. Idempotent. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
