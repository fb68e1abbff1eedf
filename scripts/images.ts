import { join } from 'node:path';
import { type BuildOutcome, buildImages } from '../images/build-images.ts';
import { builderDigest } from '../images/builder-digest.ts';
import { cacheDirectoryOf } from '../images/cache-directory.ts';
import { Kitchens } from '../images/kitchen.ts';
import { RECIPES } from '../images/recipes.ts';
import { StatusTable } from './status-table.ts';

// Builds the images that come with Wolffia into the cache, so that a later `run` need not wait:
//   npm run images [-- NAME…]     all of them, or these
//   npm run images -- --list      their names, and why one cannot be built here

const packageDirectory = join(import.meta.dirname, '..');
const MEGABYTE = 1_000_000;

function list(): void {
  for (const { name, summary, absence } of RECIPES) {
    const reason = absence?.();
    const rest = reason === undefined ? '' : ` (not here: ${reason})`;
    process.stdout.write(`${name.padEnd(NAME_WIDTH)}${summary}${rest}\n`);
  }
}

const NAME_WIDTH = Math.max(...RECIPES.map(({ name }) => name.length)) + 2;

async function build(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !RECIPES.some((recipe) => recipe.name === name));
  if (unknown.length > 0) {
    throw new Error(`no image ${unknown.join(', ')}: see npm run images -- --list`);
  }
  const wanted = RECIPES.filter(({ name }) => names.length === 0 || names.includes(name));
  const cacheDirectory = cacheDirectoryOf(process.env, process.platform);
  const table = new StatusTable(process.stdout, NAME_WIDTH);
  const outcomes = await buildImages(wanted, {
    kitchens: new Kitchens({ cacheDirectory, sourceDirectory: join(packageDirectory, 'images') }),
    cacheDirectory,
    builder: builderDigest(packageDirectory),
    progress: (name, status) => table.show(name, status),
    ended: (outcome) => table.end(outcome.name, textOf(outcome)),
  });
  const count = (kind: BuildOutcome['kind']): number =>
    outcomes.filter((outcome) => outcome.kind === kind).length;
  const kinds = (['built', 'cached', 'skipped', 'failed'] as const).filter(count);
  process.stdout.write(`${kinds.map((kind) => `${count(kind)} ${kind}`).join(', ')}\n`);
  if (count('failed') > 0) process.exitCode = 1;
}

function textOf(outcome: BuildOutcome): string {
  return 'reason' in outcome
    ? `${outcome.kind}: ${outcome.reason}`
    : `${outcome.kind}, ${(outcome.sizeBytes / MEGABYTE).toFixed(1)} MB`;
}

const names = process.argv.slice(2);
if (names.includes('--list')) list();
else {
  await build(names).catch((thrown: Error) => {
    process.stderr.write(`${thrown.message}\n`);
    process.exitCode = 1;
  });
}
