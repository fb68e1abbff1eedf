import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Changes with everything that an image is built by: recipes (as the program that they are bundled
 * into) and our sources that go into images. Versions of packages stand in the recipes.
 *
 * @param packageDirectory the folder with `dist`, `images` and `wasm`
 */
export function builderDigest(packageDirectory: string): string {
  const sources = ['images', join('wasm', 'libc')].flatMap((folder) =>
    readdirSync(join(packageDirectory, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const hash = createHash('sha256');
  for (const path of [join(packageDirectory, 'dist', 'images.cjs'), ...sources.sort()]) {
    hash.update(`${path.slice(packageDirectory.length)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}
