import { ERRNO } from '../base/errno.ts';
import type { FileKind, FileSystemStatistics, Vnode } from './contract.ts';
import { type HostStat, kindOfStat } from './host-files.ts';

/**
 * How much a directory of the host may hold, and does. Counted are the sizes of files in whole
 * blocks, holes too, and a block for each directory: what a guest can work out itself, whatever the
 * host makes of it. A file whose last name is gone counts until nobody has it open.
 *
 * There is one writer, who tells of every change.
 */
export class StorageQuota {
  readonly #limitBytes: number;
  #usedBytes = 0;
  /** How often files are open, by device and inode. */
  readonly #openCounts = new Map<string, number>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Counts what is there already, below a directory of the host. Throws Errnos. */
  count(directory: Vnode): void {
    const seen = new Set<bigint>();
    const pending = [directory];
    for (let next = pending.pop(); next; next = pending.pop()) {
      for (const { name } of next.list()) {
        const found = next.lookup(name);
        const { kind, linkCount, inode, sizeBytes } = found.attributes();
        if (kind === 'directory') pending.push(found);
        else if (linkCount > 1) {
          if (seen.has(inode)) continue;
          seen.add(inode);
        }
        this.#usedBytes += chargeOf(kind, sizeBytes);
      }
    }
  }

  /** The statistics of the host, as far as there is room here. */
  narrow(host: FileSystemStatistics): FileSystemStatistics {
    const free = Math.max(0, Math.floor((this.#limitBytes - this.#usedBytes) / BLOCK_BYTES));
    const onHost = Math.floor((host.availableBlocks * host.blockSizeBytes) / BLOCK_BYTES);
    return {
      ...host,
      blockSizeBytes: BLOCK_BYTES,
      blocks: Math.floor(this.#limitBytes / BLOCK_BYTES),
      freeBlocks: Math.min(free, onHost),
      availableBlocks: Math.min(free, onHost),
    };
  }

  /**
   * To be called before a file grows from one size to another: answers the size to which there is
   * room, and counts that. Throws ENOSPC when there is none at all.
   */
  grow(sizeBytes: number, wantedBytes: number): number {
    if (wantedBytes <= sizeBytes) return wantedBytes;
    const roomBytes = inBlocks(sizeBytes) + this.#freeBytes;
    const allowed = Math.min(wantedBytes, roomBytes);
    if (allowed <= sizeBytes) throw ERRNO.ENOSPC;
    this.#usedBytes += inBlocks(allowed) - inBlocks(sizeBytes);
    return allowed;
  }

  /** To be called after a file was cut off, or when it did not grow as far as it could have. */
  shrink(sizeBytes: number, remainingBytes: number): void {
    this.#usedBytes -= inBlocks(sizeBytes) - inBlocks(remainingBytes);
  }

  /** Throws ENOSPC. */
  takeDirectory(): void {
    if (this.#freeBytes < BLOCK_BYTES) throw ERRNO.ENOSPC;
    this.#usedBytes += BLOCK_BYTES;
  }

  giveDirectory(): void {
    this.#usedBytes -= BLOCK_BYTES;
  }

  opened(stat: HostStat): void {
    const key = keyOf(stat);
    this.#openCounts.set(key, (this.#openCounts.get(key) ?? 0) + 1);
  }

  /** `stat`: at the end of an open file. */
  closed(stat: HostStat): void {
    const key = keyOf(stat);
    const count = (this.#openCounts.get(key) ?? 1) - 1;
    if (count > 0) this.#openCounts.set(key, count);
    else this.#openCounts.delete(key);
    if (count === 0 && stat.nlink === 0n) this.#usedBytes -= chargeOfStat(stat);
  }

  /** To be called when a name is gone; `stat`: from before. */
  removed(stat: HostStat): void {
    const isDirectory = kindOfStat(stat) === 'directory';
    const isLast = isDirectory || (stat.nlink === 1n && !this.#openCounts.has(keyOf(stat)));
    if (isLast) this.#usedBytes -= chargeOfStat(stat);
  }

  get #freeBytes(): number {
    const freeBytes = this.#limitBytes - this.#usedBytes;
    return Math.max(0, freeBytes - (freeBytes % BLOCK_BYTES));
  }
}

const BLOCK_BYTES = 4096;

function inBlocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function chargeOfStat(stat: HostStat): number {
  return chargeOf(kindOfStat(stat), Number(stat.size));
}

function chargeOf(kind: FileKind, sizeBytes: number): number {
  if (kind === 'directory') return BLOCK_BYTES;
  return kind === 'regular' ? inBlocks(sizeBytes) : 0;
}

function keyOf({ dev, ino }: HostStat): string {
  return `${dev}:${ino}`;
}
