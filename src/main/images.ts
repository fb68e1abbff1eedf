import { join } from 'node:path';
import { archivePathOf, buildImage } from '../../images/build-image.ts';
import { builderDigest } from '../../images/builder-digest.ts';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { Kitchens } from '../../images/kitchen.ts';
import { RECIPES } from '../../images/recipes.ts';
import { messageOf } from '../base/engine-error.ts';

/**
 * Builds one of the images that come with Wolffia: `images.cjs NAME`. A program of its own, so that
 * compilers do not run in the daemon. It writes a JSON object a line: `{"status": …}` on the way,
 * and `{"archive": path}` at the end.
 */
async function main(): Promise<void> {
  const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
  const recipe = RECIPES.find(({ name }) => name === process.argv[2]);
  if (!recipe) throw new Error(`there is no recipe for ${process.argv[2]}`);
  const absence = recipe.absence?.();
  if (absence !== undefined) throw new Error(absence);
  const packageDirectory = join(__dirname, '..');
  const cacheDirectory = cacheDirectoryOf(process.env, process.platform);
  const archive = archivePathOf(recipe, cacheDirectory, builderDigest(packageDirectory));
  const kitchens = new Kitchens({
    cacheDirectory,
    sourceDirectory: join(packageDirectory, 'images'),
  });
  await buildImage(
    recipe,
    kitchens.open((status) => say({ status })),
    archive,
  );
  say({ archive });
}

void main().catch((thrown) => {
  process.stderr.write(`${messageOf(thrown)}\n`);
  process.exitCode = 1;
});
