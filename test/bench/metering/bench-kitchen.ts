import { join } from 'node:path';
import { cacheDirectoryOf } from '../../../images/cache-directory.ts';
import { Kitchens } from '../../../images/kitchen.ts';
import type { BenchKitchen } from './bench-program.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Builds into the same cache as the images do; says what takes long. */
export function openBenchKitchen(): BenchKitchen {
  const cacheDirectory = cacheDirectoryOf(process.env, process.platform);
  const progress = (status: string): void => void process.stderr.write(`${status} …\n`);
  return {
    ...new Kitchens({ cacheDirectory, sourceDirectory: join(root, 'images') }).open(progress),
    repositoryPath: (path) => join(root, path),
  };
}
