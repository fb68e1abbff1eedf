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
}

/** As Linux's default soft limit (RLIMIT_NOFILE). */
const MAX_FDS = 1024;

export class FdTable {
  readonly #entries = new Map<number, FdEntry>();

  /** Throws EBADF. */
  get(fd: number): FdEntry {
    const entry = this.#entries.get(fd);
    if (!entry) throw ERRNO.EBADF;
    return entry;
  }

  /** Puts an entry at the lowest free number. Throws EMFILE, and closes the description then. */
  add(entry: FdEntry): number {
    for (let fd = 0; fd < MAX_FDS; fd++) {
      if (this.#entries.has(fd)) continue;
      this.#entries.set(fd, entry);
      return fd;
    }
    entry.description.close();
    throw ERRNO.EMFILE;
  }

  /** Throws EBADF. */
  close(fd: number): void {
    const entry = this.get(fd);
    this.#entries.delete(fd);
    entry.description.close();
  }

  /**
   * Moves `from` onto `to`, closing what was there. Both must be open (preview1's fd_renumber).
   * Throws EBADF.
   */
  renumber(from: number, to: number): void {
    const moved = this.get(from);
    const replaced = this.get(to);
    if (from === to) return;
    this.#entries.delete(from);
    this.#entries.set(to, moved);
    replaced.description.close();
  }

  closeAll(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) entry.description.close();
  }
}
