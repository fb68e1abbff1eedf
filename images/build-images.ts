import { existsSync, statSync } from 'node:fs';
import { archivePathOf, buildImage } from './build-image.ts';
import type { Kitchens } from './kitchen.ts';
import type { Recipe } from './recipe.ts';

export interface BuildOptions {
  readonly kitchens: Kitchens;
  readonly cacheDirectory: string;
  /** See `builderDigest`. */
  readonly builder: string;
  readonly progress: (name: string, status: string) => void;
  /** Told of each as it is done. */
  readonly ended: (outcome: BuildOutcome) => void;
}

export type BuildOutcome =
  | { readonly kind: 'built' | 'cached'; readonly name: string; readonly sizeBytes: number }
  | { readonly kind: 'skipped' | 'failed'; readonly name: string; readonly reason: string };

/**
 * Builds images beside each other; what they compile is spread over the machine's cores by the
 * compiler that they share. Answers an outcome for each, in order; one that fails stops no other.
 */
export function buildImages(
  recipes: readonly Recipe[],
  options: BuildOptions,
): Promise<BuildOutcome[]> {
  return Promise.all(
    recipes.map(async (recipe) => {
      const outcome = await build(recipe, options);
      options.ended(outcome);
      return outcome;
    }),
  );
}

async function build(
  recipe: Recipe,
  { kitchens, cacheDirectory, builder, progress }: BuildOptions,
): Promise<BuildOutcome> {
  const { name } = recipe;
  const archivePath = archivePathOf(recipe, cacheDirectory, builder);
  const kind = existsSync(archivePath) ? 'cached' : 'built';
  const absence = kind === 'cached' ? undefined : recipe.absence?.();
  if (absence !== undefined) return { kind: 'skipped', name, reason: absence };
  try {
    const kitchen = kitchens.open((status) => progress(name, status));
    await buildImage(recipe, kitchen, archivePath);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: 'failed', name, reason };
  }
  return { kind, name, sizeBytes: statSync(archivePath).size };
}
