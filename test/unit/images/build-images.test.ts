import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildImages } from '../../../images/build-images.ts';
import { Kitchens } from '../../../images/kitchen.ts';
import type { Recipe } from '../../../images/recipe.ts';
import { loadImages } from '../../../src/image/load.ts';
import { ImageFixture } from '../../fake/image-fixture.ts';

const test = suite('building images');
const cacheDirectory = mkdtempSync(join(tmpdir(), 'wolffia-test-'));

test.after(() => rmSync(cacheDirectory, { recursive: true, force: true }));

function recipe(name: string, rest: Partial<Recipe> = {}): Recipe {
  return {
    name,
    summary: '',
    changes: [],
    build: async (rootDirectory, { progress }) => {
      progress('Writing');
      writeFileSync(join(rootDirectory, 'file'), name);
    },
    ...rest,
  };
}

async function build(builder: string, ...recipes: readonly Recipe[]) {
  const told: string[] = [];
  const outcomes = await buildImages(recipes, {
    kitchens: new Kitchens({ cacheDirectory, sourceDirectory: join(cacheDirectory, 'none') }),
    cacheDirectory,
    builder,
    progress: (name, status) => told.push(`${name}: ${status}`),
    ended: ({ name, kind }) => told.push(`${name} ${kind}`),
  });
  return { told, kinds: outcomes.map(({ kind }) => kind), outcomes };
}

test('what is built is kept until its builder or its configuration changes', async () => {
  const first = await build('one', recipe('a'));
  assert.equal(first.told, ['a: Writing', 'a: Packing a', 'a built']);
  assert.equal((await build('one', recipe('a'))).told, ['a cached']);
  assert.equal((await build('two', recipe('a'))).kinds, ['built']);
  assert.equal((await build('two', recipe('a', { changes: ['CMD ["x"]'] }))).kinds, ['built']);
  assert.ok(readdirSync(join(cacheDirectory, 'images')).every((name) => name.endsWith('.tar')));
});

test('one that cannot be built, or fails, stops no other, and leaves nothing', async () => {
  const failing = recipe('failing', { build: () => Promise.reject(new Error('no flour')) });
  const absent = recipe('absent', { absence: () => 'there is no oven' });
  const { kinds, outcomes } = await build('one', failing, absent, recipe('b'));
  assert.equal(kinds, ['failed', 'skipped', 'built']);
  assert.equal(outcomes[0], { kind: 'failed', name: 'failing', reason: 'no flour' });
  assert.equal(outcomes[1], { kind: 'skipped', name: 'absent', reason: 'there is no oven' });
  const names = readdirSync(join(cacheDirectory, 'images'));
  assert.ok(names.every((name) => !name.includes('failing')));
});

test('an image is the same whenever it is built, and can be loaded', async () => {
  const changes = ['ENV A=1', 'ENTRYPOINT ["/file"]'];
  const ids = new Set<string>();
  for (const builder of ['one', 'two']) {
    await build(builder, recipe('same', { changes }));
    using fixture = new ImageFixture();
    const images = await fixture.open();
    for (const name of readdirSync(join(cacheDirectory, 'images'))) {
      if (!name.startsWith('same-')) continue;
      const archive = createReadStream(join(cacheDirectory, 'images', name));
      const [loaded] = await loadImages(images, archive, () => {});
      assert.equal(loaded?.names, ['same:latest']);
      assert.equal(loaded?.image.config, { Env: ['A=1'], Entrypoint: ['/file'] });
      assert.is(loaded?.image.createdNs, 0n);
      ids.add(loaded?.image.manifest.digest ?? '');
    }
  }
  assert.is(ids.size, 1);
});

test.run();
