import { ERRNO } from '../base/errno.ts';
import type { FileSystemStatistics } from './contract.ts';
import { type HostFiles, type HostStat, kindOfStat, translated } from './host-files.ts';

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

  /** Counts what is there already. Throws host errors as Errnos. */
  count(host: HostFiles, directory: string): void {
    const seen = new Set<string>();
    const pending = [directory];
    translated(() => {
      for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
        for (const name of host.fs.readdirSync(path)) {
          const below = `${path}/${name}`;
          const stat = host.fs.lstatSync(below, { bigint: true, throwIfNoEntry: false });
          if (!stat) continue;
          const isDirectory = kindOfStat(stat) === 'directory';
          if (isDirectory) pending.push(below);
          if (!isDirectory && stat.nlink > 1n) {
            if (seen.has(keyOf(stat))) continue;
            seen.add(keyOf(stat));
          }
          this.#usedBytes += chargeOf(stat);
        }
      }
    });
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
    if (count === 0 && stat.nlink === 0n) this.#usedBytes -= chargeOf(stat);
  }

  /** To be called when a name is gone; `stat`: from before. */
  removed(stat: HostStat): void {
    const isDirectory = kindOfStat(stat) === 'directory';
    const isLast = isDirectory || (stat.nlink === 1n && !this.#openCounts.has(keyOf(stat)));
    if (isLast) this.#usedBytes -= chargeOf(stat);
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

function chargeOf(stat: HostStat): number {
  const kind = kindOfStat(stat);
  if (kind === 'directory') return BLOCK_BYTES;
  return kind === 'regular' ? inBlocks(Number(stat.size)) : 0;
}

function keyOf({ dev, ino }: HostStat): string {
  return `${dev}:${ino}`;
}
