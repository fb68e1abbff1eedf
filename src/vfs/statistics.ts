import type { FileSystemStatistics } from './contract.ts';
import type { HostStatistics } from './host-files.ts';

/** What statfs(2) calls each file system: Linux's magic numbers. */
export const MAGIC = { overlay: 0x794c7630, proc: 0x9fa0, tmpfs: 0x01021994 } as const;

/** Of a file system that has no size. */
export const UNCOUNTED: FileSystemStatistics = {
  type: 0,
  blockSizeBytes: 4096,
  blocks: 0,
  freeBlocks: 0,
  availableBlocks: 0,
  files: 0,
  freeFiles: 0,
};

export function statisticsOf(host: HostStatistics): FileSystemStatistics {
  const { type, bsize, blocks, bfree, bavail, files, ffree } = host;
  const counts = { blocks, freeBlocks: bfree, availableBlocks: bavail, files, freeFiles: ffree };
  return { type, blockSizeBytes: bsize, ...counts };
}
