import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { Kitchens } from '../../images/kitchen.ts';
import type { Kitchen } from '../../images/recipe.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const kitchens = new Kitchens({
  cacheDirectory: cacheDirectoryOf(process.env, process.platform),
  sourceDirectory: join(root, 'images'),
});

/** What recipes work with, over the user's cache. */
export function openKitchen(): Kitchen {
  return kitchens.open(() => {});
}

/** Compiles a C source of the repository, or takes it from the cache. */
export function compileSource(path: string): Promise<Uint8Array> {
  return openKitchen().compileC(join(root, path));
}

/** The same for a source that counts on a Unix: with our additions to wasi-libc; it may fork. */
export function compileUnixSource(
  path: string,
  { forks = false }: { readonly forks?: boolean } = {},
): Promise<Uint8Array> {
  const kitchen = openKitchen();
  const name = basename(path);
  const source = `/src/${name}`;
  return kitchen.compileProgram({
    name,
    sources: [source],
    files: { [source]: readFileSync(join(root, path)) },
    library: kitchen.library,
    forks,
    flags: ['-Wall', '-Werror'],
  });
}
