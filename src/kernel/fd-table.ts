import { ERRNO } from '../base/errno.ts';
import type { FileDescription } from './file-description.ts';

/**
 * What an fd of a process stands for: an open file description with the rights that this fd has to
 * it. Rights are the ABI's own bits; the kernel only keeps them beside the fd.
 */
export interface FdEntry {
  readonly description: FileDescription;
  rights: bigint;
  inheritingRights: bigint;
  /** The name under which a directory was opened for the program before its start. */
  readonly preopenName?: string;
  /**
   * A directory that paths do not lead out of by what the program itself wrote: preview1's rule for
   * those that it has opened. Preopens lead anywhere in the container.
   */
  readonly isConfined?: boolean;
  closeOnExec?: boolean;
}

/** As Linux's default soft limit (RLIMIT_NOFILE). */
const DEFAULT_LIMIT = 1024;
/**
 * What nobody raises the limit above, as Linux's nr_open: a table reaches up to its highest fd, in
 * memory that no container pays for, and who looks for a free number passes over all of it.
 */
export const MAX_FDS = 65_536;

/** The fds of one process; each holds a reference to its description. */
export class FdTable {
  readonly #entries: (FdEntry | undefined)[] = [];
  /** RLIMIT_NOFILE: fds are below it. */
  limit = DEFAULT_LIMIT;

  /** Throws EBADF. */
  get(fd: number): FdEntry {
    const entry = this.#entries[fd];
    if (!entry) throw ERRNO.EBADF;
    return entry;
  }

  has(fd: number): boolean {
    return this.#entries[fd] !== undefined;
  }

  /**
   * Puts an entry at the lowest free number from `minimum` on; answers it. Throws EMFILE, and
   * closes the description then if nobody else has it.
   */
  add(entry: FdEntry, minimum = 0): number {
    entry.description.retain();
    for (let fd = minimum; fd < this.limit; fd++) {
      if (this.#entries[fd]) continue;
      this.#put(fd, entry);
      return fd;
    }
    entry.description.release();
    throw ERRNO.EMFILE;
  }

  /** Throws EBADF. */
  close(fd: number): void {
    const entry = this.get(fd);
    this.#entries[fd] = undefined;
    entry.description.release();
  }

  /**
   * Moves `from` onto `to`, closing what was there. Both must be open (preview1's fd_renumber).
   * Throws EBADF.
   */
  renumber(from: number, to: number): void {
    const moved = this.get(from);
    const replaced = this.get(to);
    if (from === to) return;
    this.#entries[from] = undefined;
    this.#entries[to] = moved;
    replaced.description.release();
  }

  /** Makes `fd` once more, from `minimum` on (F_DUPFD). Throws EBADF, EINVAL, EMFILE. */
  duplicate(fd: number, minimum: number, closeOnExec: boolean): number {
    const entry = this.get(fd);
    if (minimum < 0 || minimum >= this.limit) throw ERRNO.EINVAL;
    return this.add(copyOf(entry, closeOnExec), minimum);
  }

  /**
   * Makes `to` a copy of `fd`, closing what was there (dup2(2)); the same number changes nothing.
   * Throws EBADF.
   */
  duplicateTo(fd: number, to: number, closeOnExec: boolean): void {
    const entry = this.get(fd);
    if (to < 0 || to >= this.limit) throw ERRNO.EBADF;
    if (fd === to) return;
    this.set(to, copyOf(entry, closeOnExec));
  }

  /** Puts an entry at that number, closing what was there. Throws EBADF past the limit. */
  set(fd: number, entry: FdEntry): void {
    entry.description.retain();
    if (fd < 0 || fd >= this.limit) {
      entry.description.release();
      throw ERRNO.EBADF;
    }
    const replaced = this.#entries[fd];
    this.#put(fd, entry);
    replaced?.description.release();
  }

  /** The table of a child: the same descriptions under the same numbers. */
  fork(): FdTable {
    const child = new FdTable();
    child.limit = this.limit;
    this.#entries.forEach((entry, fd) => {
      if (!entry) return;
      entry.description.retain();
      child.#entries[fd] = { ...entry };
    });
    return child;
  }

  /** As execve(2), and without what was opened for the program that goes. */
  closeForExec(): void {
    this.#entries.forEach((entry, fd) => {
      if (entry && (entry.closeOnExec === true || entry.preopenName !== undefined)) this.close(fd);
    });
  }

  closeAll(): void {
    this.#entries.forEach((entry, fd) => {
      if (entry) this.close(fd);
    });
  }

  /** All that are open, in their order. */
  *open(): Iterable<readonly [fd: number, entry: FdEntry]> {
    for (const [fd, entry] of this.#entries.entries()) if (entry) yield [fd, entry];
  }

  /** Whether an fd above is one that was opened for the program. */
  hasPreopenAbove(fd: number): boolean {
    return this.#entries.some((entry, at) => at > fd && entry?.preopenName !== undefined);
  }

  #put(fd: number, entry: FdEntry): void {
    // An array with holes is slower for all that follows.
    while (this.#entries.length < fd) this.#entries.push(undefined);
    this.#entries[fd] = entry;
  }
}

/** A copy is an ordinary fd, whatever the first one was opened for. */
function copyOf(entry: FdEntry, closeOnExec: boolean): FdEntry {
  const { description, rights, inheritingRights, isConfined = false } = entry;
  return { description, rights, inheritingRights, isConfined, closeOnExec };
}
