import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { archiveDirectory } from '../src/archive/directory-archive.ts';
import type { Kitchen, Recipe } from './recipe.ts';

/** Builds a recipe's archive, unless the same is in the cache; answers its path. */
export async function buildImage(
  recipe: Recipe,
  kitchen: Kitchen,
  cacheDirectory: string,
): Promise<string> {
  const directory = join(cacheDirectory, 'images');
  mkdirSync(directory, { recursive: true });
  const ingredients = [recipe.name, ...recipe.changes, ...recipe.ingredients(kitchen)];
  const key = createHash('sha256').update(ingredients.join('\0')).digest('hex');
  const archivePath = join(directory, `${recipe.name}-${key.slice(0, 16)}.tar`);
  if (existsSync(archivePath)) return archivePath;
  const workDirectory = mkdtempSync(join(directory, `.${recipe.name}-`));
  try {
    const rootDirectory = join(workDirectory, 'root');
    mkdirSync(rootDirectory);
    await recipe.build(rootDirectory, kitchen);
    kitchen.progress(`Packing ${recipe.name}`);
    const incoming = join(workDirectory, 'image.tar');
    await pipeline(archiveDirectory(rootDirectory), createWriteStream(incoming));
    renameSync(incoming, archivePath);
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
  return archivePath;
}
