import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDeferred } from '../../../src/base/deferred.ts';
import { EngineError } from '../../../src/base/engine-error.ts';
import { type JsonMessage, parseJsonMessage } from '../../../src/wire/json-message.ts';
import { encodeRegistryAuth } from '../../../src/wire/registry-auth.ts';
import { FakeImageApi } from '../../fake/fake-image-api.ts';
import { digestOf, fakeImage } from '../../fake/fake-images.ts';

const DIGEST = digestOf('b');

function messages(body: string): readonly JsonMessage[] {
  return body
    .trim()
    .split('\r\n')
    .map((line) => parseJsonMessage(line) ?? {});
}

function statuses(body: string): readonly (string | undefined)[] {
  return messages(body).map(({ status, error }) => status ?? error);
}

function pulled(isNew: boolean, origin: 'registry' | 'catalog' = 'registry') {
  return { image: fakeImage('1'), origin, isNew, digest: DIGEST };
}

test('pull tells of layers and how it ended, with the credentials of the header', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.pulled = pulled(true);
  api.transfers.during = ({ tell }) => {
    tell({ id: 'latest', status: 'Pulling from library/python' });
    tell({ id: '111111111111', status: 'Downloading', current: 10_000, total: 3_400_000 });
    tell({ id: '111111111111', status: 'Pull complete' });
  };
  const { status, headers, body } = await api.send(
    'POST',
    '/v1.50/images/create?fromImage=python&tag=latest&platform=wasi%2Fwasm',
    { headers: { 'X-Registry-Auth': encodeRegistryAuth({ username: 'ada', password: 'p:w' }) } },
  );
  assert.is(status, 200);
  assert.is(headers['content-type'], 'application/json');
  assert.equal(statuses(body), [
    'Pulling from library/python',
    'Downloading',
    'Pull complete',
    `Digest: ${DIGEST}`,
    'Status: Downloaded newer image for python:latest',
  ]);
  assert.equal(messages(body)[1], {
    status: 'Downloading',
    progressDetail: { current: 10_000, total: 3_400_000 },
    progress: `[>${' '.repeat(50)}]     10kB/3.4MB`,
    id: '111111111111',
  });
  assert.equal(messages(body)[2]?.progressDetail, {});
  assert.equal(api.transfers.calls, ['pull python:latest for wasi/wasm']);
  assert.equal(api.transfers.lastAccess?.credentials, { username: 'ada', password: 'p:w' });
});

test('pull: what is there already, what comes along, and a digest', async () => {
  await using api = await FakeImageApi.open();
  const last = async (path: string): Promise<string | undefined> =>
    statuses((await api.send('POST', `/images/create?${path}`)).body).at(-1);
  api.transfers.pulled = pulled(false);
  assert.is(
    await last('fromImage=localhost:5000/a/b:v1'),
    'Status: Image is up to date for localhost:5000/a/b:v1',
  );
  assert.is(api.transfers.lastAccess?.credentials, undefined);
  api.transfers.pulled = pulled(true, 'catalog');
  assert.is(
    await last('fromImage=jq&tag=latest'),
    'Status: Made image from the catalog for jq:latest',
  );
  await last(`fromImage=docker.io/library/python&tag=${DIGEST}`);
  // A tag that is given apart is the one that counts.
  await last('fromImage=python:3&tag=4');
  assert.equal(api.transfers.calls.slice(2), [`pull python@${DIGEST}`, 'pull python:4']);
});

test('pull without a tag takes all of a repository', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.pulled = pulled(true);
  api.transfers.tags = ['v1', 'v2'];
  const { body } = await api.send('POST', '/images/create?fromImage=ghcr.io/a/b');
  assert.equal(api.transfers.calls, [
    'tags ghcr.io/a/b',
    'pull ghcr.io/a/b:v1',
    'pull ghcr.io/a/b:v2',
  ]);
  assert.is(statuses(body).at(-1), 'Status: Downloaded newer image for ghcr.io/a/b');
  api.transfers.tags = Array.from({ length: 1_001 }, (_, index) => `v${index}`);
  const many = await api.send('POST', '/images/create?fromImage=ghcr.io/a/b');
  assert.is(many.status, 503);
  assert.match(many.body, 'more than 1000 tags');
  api.transfers.tags = [];
  assert.is((await api.send('POST', '/images/create?fromImage=ghcr.io/a/b')).status, 404);
});

test('pull: a failure has a status before the first line, and is a line after it', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.failure = new EngineError('not-found', 'pull access denied for x');
  const early = await api.send('POST', '/images/create?fromImage=x&tag=latest');
  assert.is(early.status, 404);
  assert.equal(JSON.parse(early.body), { message: 'pull access denied for x' });
  api.transfers.during = ({ tell }) => tell({ status: 'Pulling' });
  const late = await api.send('POST', '/images/create?fromImage=x&tag=latest');
  assert.is(late.status, 200);
  assert.equal(messages(late.body).at(-1), {
    errorDetail: { message: 'pull access denied for x' },
    error: 'pull access denied for x',
  });
});

test('pull: bars come ten times a second, the last one always', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.pulled = pulled(true);
  api.transfers.during = ({ tell }) => {
    for (let current = 1; current <= 100; current++) {
      tell({ id: 'aaaaaaaaaaaa', status: 'Downloading', current, total: 100 });
      api.clock.advance(10);
    }
  };
  const { body } = await api.send('POST', '/images/create?fromImage=x&tag=latest');
  const shown = messages(body).flatMap(({ progressDetail }) => progressDetail?.current ?? []);
  assert.equal(shown, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 100]);
});

test('pull: a client that goes away aborts it', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.pulled = pulled(true);
  const begun = createDeferred<void>();
  const aborted = createDeferred<void>();
  api.transfers.during = async ({ access, tell }) => {
    access.signal?.addEventListener('abort', () => aborted.resolve());
    tell({ status: 'Pulling' });
    begun.resolve();
    await aborted.promise;
  };
  const response = await api.client.stream('POST', '/images/create', {
    query: { fromImage: 'x', tag: 'latest' },
  });
  await begun.promise;
  response.destroy();
  await aborted.promise;
});

test('bad requests are refused before anything is asked', async () => {
  await using api = await FakeImageApi.open();
  const refused = async (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<readonly [number, string]> => {
    const { status, body } = await api.send('POST', path, { headers });
    return [status, JSON.parse(body).message];
  };
  assert.equal(await refused('/images/create?fromImage=UPPER&tag=latest'), [
    400,
    'invalid reference format: repository name (UPPER) must be lowercase',
  ]);
  const secret = 'cGFzc3dvcmQ';
  const bad = await refused('/images/create?fromImage=x&tag=y', { 'X-Registry-Auth': secret });
  assert.equal(bad, [400, 'invalid X-Registry-Auth header: it is no JSON in base64url']);
  assert.match((await refused('/images/x/push?tag=-'))[1], 'invalid reference format');
  assert.match((await refused(`/images/x@${DIGEST}/push`))[1], 'cannot push a digest reference');
  assert.match((await refused('/images/x/push?platform=a/b/c/d'))[1], 'invalid platform');
  assert.match((await refused('/images/x/convert?form=zip'))[1], "invalid form 'zip'");
  assert.equal(api.transfers.calls, []);
});

test('push: one tag, or all; each ends with what the registry has', async () => {
  const name = 'localhost:5000/a/b';
  await using api = await FakeImageApi.open([
    fakeImage('1', { repoTags: [`${name}:v1`, `${name}:v2`, 'other:latest'] }),
  ]);
  api.transfers.during = ({ tell }) => tell({ id: '111111111111', status: 'Pushed' });
  const one = await api.send('POST', `/images/${name}/push?tag=v1`);
  assert.equal(messages(one.body), [
    { status: `The push refers to repository [${name}]` },
    { status: 'Pushed', progressDetail: {}, id: '111111111111' },
    { status: `v1: digest: ${DIGEST} size: 500` },
    { progressDetail: {}, aux: { Tag: 'v1', Digest: DIGEST, Size: 500 } },
  ]);
  await api.send('POST', `/images/${name}/push`);
  assert.equal(api.transfers.calls, [`push ${name}:v1`, `push ${name}:v1`, `push ${name}:v2`]);
  const last = async (path: string): Promise<string | undefined> =>
    statuses((await api.send('POST', path)).body).at(-1);
  assert.is(
    await last('/images/nothing/push?tag=latest'),
    'An image does not exist locally with the tag: nothing',
  );
  assert.is(await last('/images/other/push?tag=v3'), 'tag does not exist: other:v3');
  const platform = encodeURIComponent('{"os":"linux","architecture":"arm64"}');
  assert.match(
    (await last(`/images/other/push?tag=latest&platform=${platform}`)) ?? '',
    'does not provide the specified platform (linux/arm64)',
  );
});

test('save streams an archive; what cannot be saved has a status', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.archive = ['one', 'two'];
  const platform = encodeURIComponent('{"os":"wasi","architecture":"wasm"}');
  const { headers, body } = await api.send(
    'GET',
    `/images/get?names=a&names=b:v1&platform=${platform}`,
  );
  assert.equal([headers['content-type'], body], ['application/x-tar', 'onetwo']);
  assert.is((await api.send('GET', '/images/localhost:5000/a/b/get')).body, 'onetwo');
  assert.equal(api.transfers.calls, ['save a b:v1 for wasi/wasm', 'save localhost:5000/a/b']);
  api.transfers.failure = new EngineError('not-found', 'No such image: a:latest');
  assert.is((await api.send('GET', '/images/a/get')).status, 404);
  assert.is((await api.send('GET', '/images/get')).status, 400);
});

test('load takes the body, and tells what came in', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.loaded = [
    { image: fakeImage('1'), names: ['a:latest', 'a:v1'] },
    { image: fakeImage('2'), names: [] },
  ];
  const { body } = await api.send('POST', '/images/load', { body: 'archive' });
  assert.is(api.transfers.received, 'archive');
  assert.is(messages(body)[0]?.status, 'Loading layer');
  const loaded = [
    'Loaded image: a:latest\n',
    'Loaded image: a:v1\n',
    `Loaded image ID: ${digestOf('2')}\n`,
  ];
  assert.equal(
    messages(body)
      .slice(1)
      .map(({ stream }) => stream),
    loaded,
  );
  const quiet = await api.send('POST', '/images/load?quiet=1', { body: 'archive' });
  assert.is(messages(quiet.body).length, 3);
  api.transfers.failure = new EngineError('invalid-argument', 'no archive');
  assert.is((await api.send('POST', '/images/load?quiet=1', { body: '' })).status, 400);
});

test('import and convert answer the new image', async () => {
  await using api = await FakeImageApi.open();
  const imported = await api.send('POST', '/images/create?fromSrc=-&repo=made&tag=v1', {
    body: 'archive',
  });
  assert.equal(messages(imported.body), [{ status: digestOf('c') }]);
  assert.is(api.images.imported, 'archive');
  assert.equal(api.images.get('made:v1').id, digestOf('c'));
  assert.is((await api.send('POST', '/images/create?fromSrc=http://x')).status, 400);
  const converted = await api.json('POST', '/images/a/b:v1/convert?form=artifact&target=a/c');
  assert.equal(converted, { Id: digestOf('7') });
  assert.equal(api.transfers.calls, ['convert a/b:v1 to a/c as artifact']);
});

test.run();
