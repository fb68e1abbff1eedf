import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { Kitchens } from '../../images/kitchen.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const kitchens = new Kitchens({
  cacheDirectory: cacheDirectoryOf(process.env, process.platform),
  sourceDirectory: join(root, 'images'),
});

/** Compiles a C source of the repository, or takes it from the cache. */
export function compileSource(path: string): Promise<Uint8Array> {
  return kitchens.open(() => {}).compileC(join(root, path));
}
