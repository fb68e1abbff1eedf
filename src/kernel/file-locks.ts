import { ERRNO } from '../base/errno.ts';
import { WaitQueue } from './wait-queue.ts';

/** More locks on one file, or more files with locks, are ENOLCK. */
const MAX_LOCKS_OF_FILE = 4096;
const MAX_LOCKED_FILES = 65_536;

/** Who holds a lock: a process (fcntl), or an open file description (flock). */
export type LockOwner = object;

export interface LockRange {
  readonly start: number;
  /** First byte behind it; Infinity: to the end, wherever that will be. */
  readonly end: number;
}

export interface HeldLock extends LockRange {
  readonly owner: LockOwner;
  readonly isExclusive: boolean;
  /** For F_GETLK; 0 for what no process holds. */
  readonly pid: number;
}

interface LockedFile {
  locks: readonly HeldLock[];
  readonly released: WaitQueue;
}

/** Names a file within a container. */
export interface FileKey {
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * Advisory locks on the files of a container (fcntl(2), flock(2)). One table for each of the two
 * kinds, as on Linux they do not see each other. Locks hold within the container: no host has a
 * call for them that Node offers.
 */
export class FileLocks {
  /** This and the next are made by the first lock; most containers never take one. */
  #files: Map<string, LockedFile> | undefined;
  /** The files on which an owner may have locks: who ends need not look through all. */
  #filesOf: Map<LockOwner, Set<string>> | undefined;

  /**
   * Takes a lock, or changes one's own: what the owner held in that range is replaced. Answers a
   * queue to wait on when somebody else's is in the way. Throws ENOLCK.
   */
  acquire(key: FileKey, lock: HeldLock): WaitQueue | undefined {
    this.#files ??= new Map();
    this.#filesOf ??= new Map();
    const file = this.#files.get(nameOf(key));
    if (file && conflictIn(file, lock)) return file.released;
    const locks = merged(file?.locks ?? [], lock);
    if (locks.length > MAX_LOCKS_OF_FILE) throw ERRNO.ENOLCK;
    if (!file && this.#files.size >= MAX_LOCKED_FILES) throw ERRNO.ENOLCK;
    const names = this.#filesOf.get(lock.owner) ?? new Set();
    this.#filesOf.set(lock.owner, names.add(nameOf(key)));
    if (!file) {
      this.#files.set(nameOf(key), { locks, released: new WaitQueue() });
      return undefined;
    }
    file.locks = locks;
    // A lock that became shared may be what others wait for.
    file.released.wakeAll();
    return undefined;
  }

  /** The lock that is in the way of this one. */
  conflict(key: FileKey, lock: HeldLock): HeldLock | undefined {
    const file = this.#files?.get(nameOf(key));
    return file && conflictIn(file, lock);
  }

  release(key: FileKey, owner: LockOwner, range: LockRange): void {
    const file = this.#files?.get(nameOf(key));
    if (file) this.#keep(nameOf(key), file, without(file.locks, owner, range));
  }

  releaseAll(owner: LockOwner): void {
    for (const name of this.#filesOf?.get(owner) ?? []) {
      const file = this.#files?.get(name);
      const others = file?.locks.filter((lock) => lock.owner !== owner);
      if (file && others) this.#keep(name, file, others);
    }
    this.#filesOf?.delete(owner);
  }

  get isEmpty(): boolean {
    return !this.#files?.size;
  }

  #keep(name: string, file: LockedFile, locks: readonly HeldLock[]): void {
    file.locks = locks;
    if (locks.length === 0) this.#files?.delete(name);
    file.released.wakeAll();
  }
}

function nameOf({ device, inode }: FileKey): string {
  return `${device}:${inode}`;
}

function conflictIn({ locks }: LockedFile, wanted: HeldLock): HeldLock | undefined {
  return locks.find(
    (lock) =>
      lock.owner !== wanted.owner &&
      (lock.isExclusive || wanted.isExclusive) &&
      lock.start < wanted.end &&
      wanted.start < lock.end,
  );
}

/** The locks with one more, joined with those of the same owner and kind that it touches. */
function merged(locks: readonly HeldLock[], added: HeldLock): readonly HeldLock[] {
  let { start, end } = added;
  const others: HeldLock[] = [];
  for (const lock of without(locks, added.owner, added)) {
    const isJoined =
      lock.owner === added.owner &&
      lock.isExclusive === added.isExclusive &&
      lock.start <= end &&
      start <= lock.end;
    if (isJoined) {
      start = Math.min(start, lock.start);
      end = Math.max(end, lock.end);
    } else {
      others.push(lock);
    }
  }
  return [...others, { ...added, start, end }];
}

/** Takes a range out of what an owner holds, which may leave two parts of one lock. */
function without(
  locks: readonly HeldLock[],
  owner: LockOwner,
  { start, end }: LockRange,
): readonly HeldLock[] {
  return locks.flatMap((lock) => {
    if (lock.owner !== owner || lock.end <= start || end <= lock.start) return [lock];
    const before = lock.start < start ? [{ ...lock, end: start }] : [];
    const behind = end < lock.end ? [{ ...lock, start: end }] : [];
    return [...before, ...behind];
  });
}
