import type { FileSystem, FileSystemStatistics } from './contract.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { type MemoryCharge, MemoryQuota, PAGE_BYTES } from './memory-quota.ts';
import { MAGIC } from './statistics.ts';

/**
 * A file system in memory, as Linux's tmpfs: `--tmpfs`, /dev/shm, and what /dev is made of.
 *
 * Contents are in pages, and holes cost nothing until they are written. Size, number of files and
 * the container's memory are limits of their own. Times of access are not kept (noatime). All is
 * gone, and given back to the account, when it is disposed; files that are still open then are not
 * to be used any more.
 */
export interface MemoryOptions {
  readonly device: bigint;
  readonly sizeBytes: number;
  /** How many names there may be. */
  readonly maxFiles: number;
  /** Nanoseconds since the epoch. */
  readonly now: () => bigint;
  readonly charge: MemoryCharge;
  /** Of the root. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly isReadOnly?: boolean;
}

export class MemoryFileSystem implements FileSystem {
  readonly typeName = 'tmpfs';
  readonly root: MemoryDirectory;
  readonly isReadOnly: boolean;
  readonly device: bigint;
  readonly quota: MemoryQuota;
  readonly now: () => bigint;
  #lastInode = 0;

  constructor(options: MemoryOptions) {
    this.device = options.device;
    this.isReadOnly = options.isReadOnly === true;
    this.now = options.now;
    this.quota = new MemoryQuota(options, options.charge);
    const { mode = 0o1777, uid = 0, gid = 0 } = options;
    this.root = new MemoryDirectory(this, undefined, mode);
    this.root.inode.uid = uid;
    this.root.inode.gid = gid;
  }

  nextInode(): bigint {
    this.#lastInode++;
    return BigInt(this.#lastInode);
  }

  statistics(): FileSystemStatistics {
    const { maxPages, freePages, maxFiles, freeFiles } = this.quota;
    return {
      type: MAGIC.tmpfs,
      blockSizeBytes: PAGE_BYTES,
      blocks: maxPages,
      freeBlocks: freePages,
      availableBlocks: freePages,
      files: maxFiles,
      freeFiles,
    };
  }

  [Symbol.dispose](): void {
    this.quota.dispose();
  }
}
