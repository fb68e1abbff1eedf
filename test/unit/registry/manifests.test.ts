import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { failureOf, RegistryHarness } from '../../fake/registry-harness.ts';

const LAYERS = [Buffer.from('a layer')];

test('by tag and by digest', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const { digest } = registry.addImage('team/app', '1', LAYERS);
  const name = `${registry.host}/team/app`;
  const byTag = await harness.client.fetchManifest(name, '1', {});
  assert.is(byTag.digest, digest);
  assert.is(byTag.mediaType, 'application/vnd.oci.image.manifest.v1+json');
  const byDigest = await harness.client.fetchManifest(name, digest, {});
  assert.equal(byDigest.bytes, byTag.bytes);
  assert.equal(await harness.client.headManifest(name, '1', {}), {
    mediaType: byTag.mediaType,
    digest,
    size: byTag.bytes.length,
  });
  assert.match(registry.requests.at(-1)?.headers.accept ?? '', /oci\.image\.index.*manifest\.list/);
  assert.is(registry.requests.at(-1)?.headers['user-agent'], 'wolffia-test');
});

test('what is not there', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const name = `${registry.host}/app`;
  assert.is(
    await failureOf(harness.client.fetchManifest(name, 'nope', {})),
    `not-found: manifest for ${name}:nope not found: manifest unknown: manifest unknown`,
  );
  assert.is(await harness.client.headManifest(name, 'nope', {}), undefined);
  registry.misbehave({ url: /manifests/, does: { kind: 'answer', status: 404 } });
  assert.is(
    await failureOf(harness.client.fetchManifest(name, 'nope', {})),
    `not-found: manifest for ${name}:nope not found: manifest unknown: manifest unknown`,
  );
  const body = '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}';
  registry.misbehave({ url: /manifests/, does: { kind: 'answer', status: 404, body } });
  assert.is(
    await failureOf(harness.client.fetchManifest(name, 'nope', {})),
    `not-found: repository ${name} not found: name unknown: repository name not known`,
  );
});

test('a manifest that is another than its digest says', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const { digest } = registry.addImage('app', '1', LAYERS);
  const name = `${registry.host}/app`;
  for (const reference of [digest, '1']) {
    registry.misbehave({ url: /manifests/, does: { kind: 'corrupt' } });
    const failure = await failureOf(harness.client.fetchManifest(name, reference, {}));
    assert.match(failure, new RegExp(`^data-loss: .*${digest} with a manifest of another digest`));
  }
});

test('HEAD that is refused, or says too little, is asked by GET', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const { digest } = registry.addImage('app', '1', LAYERS);
  const name = `${registry.host}/app`;
  for (const status of [405, 403]) {
    registry.misbehave({ method: 'HEAD', url: /./, does: { kind: 'answer', status } });
    assert.is((await harness.client.headManifest(name, '1', {}))?.digest, digest);
  }
  registry.misbehave({
    method: 'HEAD',
    url: /./,
    does: { kind: 'headers', headers: { 'docker-content-digest': '' } },
  });
  assert.is((await harness.client.headManifest(name, '1', {}))?.digest, digest);
});

test('a type that says nothing: the manifest tells', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  registry.addImage('app', '1', LAYERS);
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  registry.misbehave({ url: /manifests/, does: { kind: 'headers', headers } });
  const { mediaType } = await harness.client.fetchManifest(`${registry.host}/app`, '1', {});
  assert.is(mediaType, 'application/vnd.oci.image.manifest.v1+json');
});

test('a manifest of 100 MB, said and unsaid', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const refused = new RegExp(`^invalid-argument: ${registry.host} answers with a manifest of more`);
  const headers = { 'content-length': String(100 * 1024 * 1024) };
  registry.misbehave({
    url: /manifests/,
    does: { kind: 'answer', status: 200, headers, body: 'x' },
  });
  const name = `${registry.host}/app`;
  assert.match(await failureOf(harness.client.fetchManifest(name, '1', {})), refused);
  const body = 'x'.repeat(65_536);
  registry.misbehave({
    url: /manifests/,
    does: { kind: 'answer', status: 200, body, isEndless: true },
  });
  assert.match(await failureOf(harness.client.fetchManifest(name, '1', {})), refused);
});

test('errors of any size and form are told in one short line', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const name = `${registry.host}/app`;
  const bomb = `{"errors":${'['.repeat(30_000)}`;
  for (const [body, isEndless] of [
    ['x'.repeat(65_536), true],
    [bomb, false],
    ['null', false],
    ['{"errors":[]}', false],
  ] as const) {
    registry.misbehave({
      url: /manifests/,
      does: { kind: 'answer', status: 400, body, isEndless },
    });
    assert.is(
      await failureOf(harness.client.fetchManifest(name, '1', {})),
      `invalid-argument: cannot pull ${name}:1: ${registry.host}: received unexpected HTTP status: 400 Bad Request`,
    );
  }
  const message = `\u001b[31mred\r\n${'long '.repeat(1_000)}`;
  const body = JSON.stringify({ errors: [{ code: 'UNKNOWN', message }] });
  registry.misbehave({ url: /manifests/, does: { kind: 'answer', status: 400, body } });
  const failure = await failureOf(harness.client.fetchManifest(name, '1', {}));
  assert.match(failure, /unknown: \s\[31mred long long/);
  assert.ok(failure.length < 1_200);
});

test('what passes by is tried again: 500, 429 with Retry-After, a broken connection', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  registry.addImage('app', '1', LAYERS);
  const name = `${registry.host}/app`;
  registry.misbehave({ url: /./, does: { kind: 'answer', status: 500 }, times: 2 });
  // The first of them goes to the ping that finds out about HTTP.
  await harness.client.fetchManifest(name, '1', {});
  const before = harness.clock.monotonicMs();
  const headers = { 'retry-after': '40' };
  registry.misbehave({ url: /./, does: { kind: 'answer', status: 429, headers } });
  await harness.client.fetchManifest(name, '1', {});
  assert.ok(harness.clock.monotonicMs() - before >= 40_000);
  registry.misbehave({ url: /manifests/, does: { kind: 'break', afterBytes: 10 }, times: 4 });
  await harness.client.fetchManifest(name, '1', {});
});

test('what does not pass is given up, and told', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const name = `${registry.host}/app`;
  const fetch = () => failureOf(harness.client.fetchManifest(name, '1', {}));
  await fetch();
  registry.misbehave({ url: /./, does: { kind: 'answer', status: 503 }, times: 5 });
  assert.is(
    await fetch(),
    `unavailable: cannot pull ${name}:1: ${registry.host}: received unexpected HTTP status: 503 Service Unavailable`,
  );
  const body = '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your limit."}]}';
  const limited = { kind: 'answer', status: 429, body } as const;
  registry.misbehave({ url: /./, does: limited, times: 5 });
  assert.is(await fetch(), 'unavailable: toomanyrequests: You have reached your limit.');
  const count = registry.requests.length;
  registry.misbehave({ url: /./, does: { ...limited, headers: { 'retry-after': '3600' } } });
  assert.is(await fetch(), 'unavailable: toomanyrequests: You have reached your limit.');
  assert.is(registry.requests.length, count + 1);
  registry.misbehave({ url: /./, does: { kind: 'silence' }, times: 5 });
  assert.is(
    await fetch(),
    `unavailable: cannot pull ${name}:1: ${registry.host}: no answer for 30 s`,
  );
});

for (const [part, words] of [
  ['headers', 'no answer for 30 s'],
  ['body', 'sends next to nothing for 30 s'],
] as const) {
  test(`an answer that trickles (${part})`, async () => {
    await using registry = await FakeRegistry.start();
    await using harness = new RegistryHarness();
    const does = { kind: 'trickle', part } as const;
    registry.misbehave({ url: /manifests/, does, times: 5 });
    const name = `${registry.host}/app`;
    assert.is(
      await failureOf(harness.client.fetchManifest(name, '1', {})),
      `unavailable: cannot pull ${name}:1: ${registry.host}: ${words}`,
    );
  });
}

test('an abort ends a wait at once', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const controller = new AbortController();
  registry.misbehave({ url: /manifests/, does: { kind: 'silence' } });
  const { signal } = controller;
  const fetching = failureOf(harness.client.fetchManifest(`${registry.host}/app`, '1', { signal }));
  while (!registry.log.some((line) => line.includes('manifests'))) {
    await new Promise(setImmediate);
  }
  controller.abort();
  assert.is(await fetching, 'cancelled: cancelled');
  assert.is(
    await failureOf(harness.client.fetchManifest(`${registry.host}/app`, '1', { signal })),
    'cancelled: cancelled',
  );
});

test('nobody there', async () => {
  const registry = await FakeRegistry.start();
  const { host } = registry;
  await registry[Symbol.asyncDispose]();
  await using harness = new RegistryHarness();
  assert.is(
    await failureOf(harness.client.fetchManifest(`${host}/app`, '1', {})),
    `unavailable: cannot pull ${host}/app:1: ${host}: connection refused`,
  );
});

test('redirects: followed, but not for ever, nor to what is no web', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const name = `${registry.host}/app`;
  const redirect = (location: string, times: number): void => {
    const headers = { location };
    registry.misbehave({ url: /manifests/, does: { kind: 'answer', status: 302, headers }, times });
  };
  registry.addImage('app', '1', LAYERS);
  redirect('/v2/app/manifests/1?again', 5);
  await harness.client.fetchManifest(name, '1', {});
  redirect('/v2/app/manifests/1?again', 1_000);
  assert.match(
    await failureOf(harness.client.fetchManifest(name, '1', {})),
    /^invalid-argument: cannot pull .* answers 302 again: too many redirects$/,
  );
});

for (const location of ['', 'file:///etc/passwd', 'http://[', 'ftp://x/']) {
  test(`a redirect to ${JSON.stringify(location)}`, async () => {
    await using registry = await FakeRegistry.start();
    await using harness = new RegistryHarness();
    const headers = { location };
    registry.misbehave({ url: /manifests/, does: { kind: 'answer', status: 307, headers } });
    assert.match(
      await failureOf(harness.client.fetchManifest(`${registry.host}/app`, '1', {})),
      /answers 307 without a location that can be used/,
    );
  });
}

test.run();
