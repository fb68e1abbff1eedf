import { ERRNO } from '../base/errno.ts';
import type { FileSystem, FileSystemStatistics, OpenMode, Vnode } from './contract.ts';
import { openHostDirectory } from './host-dir.ts';
import { isThere, translated } from './host-files.ts';
import type { HostPaths } from './host-paths.ts';
import type { MemoryCharge } from './memory-quota.ts';
import { Sidecar } from './sidecar.ts';
import { statisticsOf, UNCOUNTED } from './statistics.ts';
import { StorageQuota } from './storage-quota.ts';

/**
 * The writable part of an overlay: an ordinary directory of the host that holds what the container
 * added and changed, and marks for what it removed, by the names of the OCI image-spec (layer.md).
 * It is made when it is first needed.
 *
 * Besides what an archive may hold there is one directory of ours, in which files are made ready
 * before they are renamed to their place. Its name is one of those that are never archived
 * (`.wh..wh.`), and it has nothing in it that a crash could lose.
 */
export const WHITEOUT_PREFIX = '.wh.';
export const OPAQUE_MARK = '.wh..wh..opq';
const WORK_NAME = '.wh..wh.work';
/** What the directory cannot hold stands in a file beside it. */
const SIDECAR_SUFFIX = '.attributes';

export function whiteoutOf(name: string): string {
  return `${WHITEOUT_PREFIX}${name}`;
}

/** Names that mean something in an upperdir, and so cannot be a guest's. */
export function isReservedName(name: string): boolean {
  return name.startsWith(WHITEOUT_PREFIX);
}

const WRITE_ONLY: OpenMode = { read: false, write: true, truncate: false };

/** Makes an empty file as a mark; no error when it is there. */
export function putMark(directory: Vnode, name: string): void {
  try {
    directory.createFile(name, 0o644, WRITE_ONLY).close();
  } catch (thrown) {
    if (thrown !== ERRNO.EEXIST) throw thrown;
  }
}

export interface UpperdirOptions {
  readonly paths: HostPaths;
  /** Absolute path on the host; need not exist. */
  readonly hostPath: string;
  /** How much it may hold. */
  readonly sizeLimitBytes?: number | undefined;
  /** Pays for what is held in memory of files. */
  readonly charge?: MemoryCharge | undefined;
  /** Of what somebody else may write to meanwhile. */
  readonly isReadOnly?: boolean;
}

/**
 * One at a time for a host directory, besides those that only read: it holds names and marks in
 * memory.
 */
export class Upperdir implements Disposable {
  readonly #paths: HostPaths;
  readonly #charge: MemoryCharge | undefined;
  readonly #quota: StorageQuota | undefined;
  readonly #hostPath: string;
  readonly #isReadOnly: boolean;
  #fileSystem: FileSystem | undefined;
  #sidecar: Sidecar | undefined;
  #work: Vnode | undefined;
  #stagedCount = 0;

  constructor(options: UpperdirOptions) {
    this.#paths = options.paths;
    this.#hostPath = options.hostPath;
    const { sizeLimitBytes, charge, isReadOnly = false } = options;
    this.#charge = charge;
    this.#isReadOnly = isReadOnly;
    if (sizeLimitBytes !== undefined) this.#quota = new StorageQuota(sizeLimitBytes);
    if (!translated(() => isThere(this.#paths.host, this.#hostPath))) return;
    this.#fileSystem = this.#open();
    this.#quota?.count(this.#fileSystem.root);
  }

  /** Undefined as long as nothing was ever written. */
  get root(): Vnode | undefined {
    return this.#fileSystem?.root;
  }

  makeRoot(): Vnode {
    if (!this.#fileSystem) {
      const { fs } = this.#paths.host;
      translated(() => fs.mkdirSync(this.#hostPath, { mode: 0o755, recursive: true }));
      this.#fileSystem = this.#open();
    }
    return this.#fileSystem.root;
  }

  /** Of the nearest directory that is there: the upperdir itself may not be yet. */
  statistics(): FileSystemStatistics {
    if (this.#fileSystem) return this.#fileSystem.statistics();
    const parent = this.#hostPath.slice(0, this.#hostPath.lastIndexOf('/'));
    const { fs } = this.#paths.host;
    try {
      const host = statisticsOf(fs.statfsSync(parent));
      return this.#quota ? this.#quota.narrow(host) : host;
    } catch {
      // An image that is only looked at has no upperdir, nor a place for one.
      return UNCOUNTED;
    }
  }

  /**
   * Makes something under a name of its own in the work directory, and then moves it to `name` of
   * `directory` in one step, replacing what is there as rename(2) does. When either throws, nothing
   * has happened.
   */
  place(directory: Vnode, name: string, make: (work: Vnode, stagedName: string) => void): void {
    const work = this.#openWork();
    const stagedName = this.#nextStagedName();
    try {
      make(work, stagedName);
      work.rename(stagedName, directory, name);
    } catch (thrown) {
      removeStaged(work, stagedName);
      throw thrown;
    }
  }

  /** Removes a directory of which only marks are left, in one step as others see it. */
  discard(directory: Vnode, name: string): void {
    const work = this.#openWork();
    const stagedName = this.#nextStagedName();
    directory.rename(name, work, stagedName);
    removeStaged(work, stagedName);
  }

  [Symbol.dispose](): void {
    this.#fileSystem?.[Symbol.dispose]();
    this.#sidecar?.[Symbol.dispose]();
  }

  /** With the sidecar: without a directory there is nothing of which it could speak. */
  #open(): FileSystem {
    using owned = new DisposableStack();
    const sidecarPath = `${this.#hostPath}${SIDECAR_SUFFIX}`;
    const access = { charge: this.#charge, isReadOnly: this.#isReadOnly };
    const sidecar = owned.use(new Sidecar(this.#paths.host, sidecarPath, access));
    const fileSystem = owned.use(
      openHostDirectory(this.#paths, {
        source: this.#hostPath,
        device: 0n,
        isReadOnly: this.#isReadOnly,
        sidecar,
        quota: this.#quota,
      }),
    );
    if (fileSystem.root.kind !== 'directory') throw ERRNO.ENOTDIR;
    owned.move();
    this.#sidecar = sidecar;
    return fileSystem;
  }

  #nextStagedName(): string {
    this.#stagedCount++;
    return String(this.#stagedCount);
  }

  /** The work directory, emptied of what a crash left when it is first used. */
  #openWork(): Vnode {
    if (this.#work) return this.#work;
    const root = this.makeRoot();
    try {
      root.makeDirectory(WORK_NAME, 0o700);
    } catch (thrown) {
      if (thrown !== ERRNO.EEXIST) throw thrown;
    }
    const work = root.lookup(WORK_NAME);
    for (const { name } of work.list()) removeStaged(work, name);
    this.#work = work;
    return work;
  }
}

/** Removes a staged file, or a staged directory with the marks in it, as far as it is there. */
function removeStaged(work: Vnode, name: string): void {
  try {
    const staged = work.lookup(name);
    if (staged.kind !== 'directory') {
      work.removeFile(name);
      return;
    }
    for (const entry of staged.list()) staged.removeFile(entry.name);
    work.removeDirectory(name);
  } catch (thrown) {
    // What cannot be removed now is in nobody's way, and is tried again at the next start.
    if (thrown !== ERRNO.ENOENT && thrown !== ERRNO.EIO) throw thrown;
  }
}
