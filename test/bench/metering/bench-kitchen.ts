import { join } from 'node:path';
import { cacheDirectoryOf } from '../../../images/cache-directory.ts';
import { fetchDebianSource } from '../../../images/debian-source.ts';
import { createKitchen } from '../../../images/kitchen.ts';
import type { BenchKitchen } from './bench-program.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Builds into the same cache as the images do; says what takes long. */
export function openBenchKitchen(): BenchKitchen {
  const cacheDirectory = cacheDirectoryOf(process.env, process.platform);
  const progress = (status: string): void => void process.stderr.write(`${status} …\n`);
  return {
    ...createKitchen({ cacheDirectory, sourceDirectory: join(root, 'images'), progress }),
    debianSource: (name) => fetchDebianSource(cacheDirectory, name, progress),
    repositoryPath: (path) => join(root, path),
  };
}
