import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { createKitchen } from '../../images/kitchen.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Compiles a C source of the repository, or takes it from the cache. */
export function compileSource(path: string): Promise<Uint8Array> {
  return createKitchen({
    cacheDirectory: cacheDirectoryOf(process.env, process.platform),
    sourceDirectory: join(root, 'images'),
    progress: () => {},
  }).compileC(join(root, path));
}
