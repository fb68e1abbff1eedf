import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { archiveDirectory } from '../src/archive/directory-archive.ts';
import { imageArchive } from './image-archive.ts';
import type { Kitchen, Recipe } from './recipe.ts';

/** Where the archive of an image is, or would be, that is built by this builder. */
export function archivePathOf({ name, changes }: Recipe, cacheDirectory: string, builder: string) {
  const key = createHash('sha256')
    .update([builder, name, ...changes].join('\0'))
    .digest('hex');
  return join(cacheDirectory, 'images', `${name}-${key.slice(0, 16)}.tar`);
}

/**
 * Builds a recipe's image at that path, unless it is there: an archive as `docker save` writes it.
 * Throws what the recipe throws.
 */
export async function buildImage(
  recipe: Recipe,
  kitchen: Kitchen,
  archivePath: string,
): Promise<void> {
  if (existsSync(archivePath)) return;
  const directory = join(archivePath, '..');
  mkdirSync(directory, { recursive: true });
  const workDirectory = mkdtempSync(join(directory, `.${recipe.name}-`));
  try {
    const rootDirectory = join(workDirectory, 'root');
    mkdirSync(rootDirectory);
    await recipe.build(rootDirectory, kitchen);
    kitchen.progress(`Packing ${recipe.name}`);
    const layerPath = join(workDirectory, 'layer.tar');
    await pipeline(archiveDirectory(rootDirectory), createWriteStream(layerPath));
    const incoming = join(workDirectory, 'image.tar');
    await pipeline(await imageArchive(recipe, layerPath), createWriteStream(incoming));
    renameSync(incoming, archivePath);
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
}
