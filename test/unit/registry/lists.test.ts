import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MEDIA_TYPES } from '../../../src/spec/media-types.ts';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { failureOf, RegistryHarness } from '../../fake/registry-harness.ts';

const USER = { username: 'ada', password: 'secret' };

function addTags(registry: FakeRegistry, path: string, tags: readonly string[]): void {
  for (const tag of tags) registry.addManifest(path, tag, MEDIA_TYPES.ociManifest, '{}');
}

test('tags, page by page, as far as they are wanted', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const tags = Array.from({ length: 25 }, (_, index) => `v${index + 10}`);
  addTags(registry, 'team/app', tags);
  registry.pageSize = 10;
  const name = `${registry.host}/team/app`;
  assert.equal(await harness.client.listTags(name, 100, {}), tags);
  assert.is(registry.log.filter((line) => line.includes('tags')).length, 3);
  assert.equal(await harness.client.listTags(name, 5, {}), tags.slice(0, 5));
  assert.is(registry.log.filter((line) => line.includes('tags')).length, 4);
});

test('no tags, and no such repository', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const name = `${registry.host}/app`;
  assert.is(
    await failureOf(harness.client.listTags(name, 10, {})),
    `not-found: cannot list the tags of ${name}: ${registry.host}: name unknown: repository name not known to registry`,
  );
  const body = '{"name":"app","tags":null}';
  registry.misbehave({ url: /tags/, does: { kind: 'answer', status: 200, body } });
  assert.equal(await harness.client.listTags(name, 10, {}), []);
});

test('lists that are none, and what is no tag', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const name = `${registry.host}/app`;
  for (const body of ['', '[]', '{"tags":1}', '{', '"tags"']) {
    registry.misbehave({ url: /tags/, does: { kind: 'answer', status: 200, body } });
    assert.is(
      await failureOf(harness.client.listTags(name, 10, {})),
      `invalid-argument: cannot list the tags of ${name}: ${registry.host} answers without a list of tags`,
    );
  }
  const body = JSON.stringify({ tags: ['good', '\u001b[31m', 'a b', 7, null, '-x', 'ok_1'] });
  registry.misbehave({ url: /tags/, does: { kind: 'answer', status: 200, body } });
  assert.equal(await harness.client.listTags(name, 10, {}), ['good', 'ok_1']);
});

test('pages without end', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const headers = { link: '<http://elsewhere.invalid/v2/app/tags/list?again>; rel="next"' };
  const does = { kind: 'answer', status: 200, headers, body: '{"tags":["a"]}' } as const;
  registry.misbehave({ url: /tags/, does, times: 1_000 });
  const tags = await harness.client.listTags(`${registry.host}/app`, 10_000, {});
  assert.is(tags.length, 200);
});

test('search in the index of Docker Hub', async () => {
  await using hub = await FakeRegistry.start();
  const dockerHub = { registry: 'https://never.invalid/', search: `${hub.origin}/` };
  await using harness = new RegistryHarness({}, { dockerHub });
  hub.searchResults = [
    { name: 'python', description: 'A language\n', star_count: 9, is_official: true },
    { name: 'team/python', description: null, star_count: 'many' },
    { description: 'nameless' },
    null,
  ];
  assert.equal(await harness.client.search('docker.io', 'py thon', 25, {}), [
    { name: 'python', description: 'A language ', starCount: 9, isOfficial: true },
    { name: 'team/python', description: '', starCount: 0, isOfficial: false },
  ]);
  assert.is(hub.log.at(-1), 'GET /v1/search?q=py+thon&n=25');
  assert.is((await harness.client.search('docker.io', 'python', 1, {})).length, 1);
});

test('search in the catalog of a registry that has no index', async () => {
  const auth = { kind: 'token', ...USER } as const;
  await using registry = await FakeRegistry.start({ auth });
  await using harness = new RegistryHarness();
  for (const path of ['python', 'team/Python-3', 'lua', 'a/python']) {
    addTags(registry, path, ['latest']);
  }
  registry.pageSize = 2;
  const { host } = registry;
  const search = (term: string, limit: number) =>
    harness.client.search(host, term, limit, { credentials: USER });
  assert.equal(
    (await search('PYTHON', 25)).map(({ name }) => name),
    [`${host}/a/python`, `${host}/python`, `${host}/team/Python-3`],
  );
  assert.is((await search('python', 2)).length, 2);
  assert.is(
    await failureOf(harness.client.search(host, 'python', 25, {})),
    `permission-denied: denied: requested access to the resource is denied`,
  );
});

test('a registry that cannot be searched', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const does = { kind: 'answer', status: 404 } as const;
  registry.misbehave({ url: /_catalog/, does });
  assert.is(
    await failureOf(harness.client.search(registry.host, 'x', 25, {})),
    `unavailable: ${registry.host} cannot be searched: it has neither a search nor a catalog`,
  );
});

test.run();
