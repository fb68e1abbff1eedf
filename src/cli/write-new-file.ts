import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/**
 * A file of all that comes, in the place of one that is there; when it does not come to its end,
 * nothing of it is left, and the one before stays. Devices and pipes are written to.
 */
export async function writeNewFile(path: string, parts: AsyncIterable<Uint8Array>): Promise<void> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() !== false;
  if (!isFile) return pipeline(parts, createWriteStream(path));
  const partial = `${path}.partial`;
  try {
    await pipeline(parts, createWriteStream(partial, { mode: 0o600 }));
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}
