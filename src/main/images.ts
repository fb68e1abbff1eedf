import { join } from 'node:path';
import { buildImage } from '../../images/build-image.ts';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { HELLO_WORLD } from '../../images/hello-world.ts';
import { PHP, PYTHON } from '../../images/interpreters.ts';
import { createKitchen } from '../../images/kitchen.ts';
import { messageOf } from '../base/engine-error.ts';

const RECIPES = [HELLO_WORLD, PHP, PYTHON];

/** What the daemon reads as "there is no such image". */
const NO_SUCH_IMAGE = 3;

/**
 * Builds one of the images that come with Wolffia: `images.cjs NAME`. A program of its own, so that
 * compilers do not run in the daemon. It writes a JSON object a line: `{"status": …}` on the way,
 * and `{"tar": path, "changes": […]}` at the end.
 */
async function main(): Promise<void> {
  const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
  const recipe = RECIPES.find(({ name }) => name === process.argv[2]);
  if (!recipe) {
    process.exitCode = NO_SUCH_IMAGE;
    return;
  }
  const cacheDirectory = cacheDirectoryOf(process.env, process.platform);
  const kitchen = createKitchen({
    cacheDirectory,
    sourceDirectory: join(__dirname, '..', 'images'),
    progress: (status) => say({ status }),
  });
  const tar = await buildImage(recipe, kitchen, cacheDirectory);
  say({ tar, changes: recipe.changes });
}

void main().catch((thrown) => {
  process.stderr.write(`${messageOf(thrown)}\n`);
  process.exitCode = 1;
});
