import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** A container that wrote more files is told without a size: counting them would take seconds. */
const MAX_ENTRIES = 100_000;

/**
 * What the files under a host directory hold, in bytes; 0 when there is none. Undefined when there
 * are too many to be counted. What goes away meanwhile or cannot be read counts as nothing.
 */
export async function treeSize(directory: string): Promise<number | undefined> {
  const pending = [directory];
  let sizeBytes = 0;
  let count = 0;
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for await (const { name, kind } of entriesOf(path)) {
      count += 1;
      if (count > MAX_ENTRIES) return undefined;
      if (kind === 'directory') pending.push(join(path, name));
      else sizeBytes += await fileSize(join(path, name));
    }
  }
  return sizeBytes;
}

async function* entriesOf(
  path: string,
): AsyncGenerator<{ name: string; kind: 'directory' | 'file' }> {
  try {
    for await (const entry of await opendir(path)) {
      yield { name: entry.name, kind: entry.isDirectory() ? 'directory' : 'file' };
    }
  } catch (thrown) {
    if (isAbsent(thrown)) return;
    throw thrown;
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (thrown) {
    if (isAbsent(thrown)) return 0;
    throw thrown;
  }
}

function isAbsent(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    ['ENOENT', 'EACCES', 'ENOTDIR'].includes(String(thrown.code))
  );
}
