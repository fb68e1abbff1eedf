import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { IDENTITY_TOKEN } from '../../fake/fake-token-server.ts';
import { failureOf, RegistryHarness } from '../../fake/registry-harness.ts';

const USER = { username: 'ada', password: 'a secret of Ada' };
const LAYERS = [Buffer.from('a layer')];
const MANIFESTS = /manifests/;

async function startRegistry(kind: 'token' | 'basic'): Promise<FakeRegistry> {
  const registry = await FakeRegistry.start({ auth: { kind, ...USER } });
  registry.addImage('private/app', '1', LAYERS);
  registry.addImage('public/app', '1', LAYERS);
  return registry;
}

const count = (registry: FakeRegistry, part: string): number =>
  registry.log.filter((line) => line.includes(part)).length;

test('a token is fetched once, and again when it is used up', async () => {
  await using registry = await startRegistry('token');
  await using harness = new RegistryHarness();
  const { client, clock } = harness;
  const name = `${registry.host}/private/app`;
  const access = { credentials: USER };
  for (let times = 0; times < 3; times++) await client.fetchManifest(name, '1', access);
  assert.is(count(registry, '/token'), 1);
  const asked = registry.requests.find(({ url }) => url.startsWith('/token'));
  assert.match(
    asked?.url ?? '',
    /service=fake&scope=repository%3Aprivate%2Fapp%3Apull&account=ada/,
  );
  clock.advance(295_000);
  const before = registry.requests.length;
  await client.fetchManifest(name, '1', access);
  assert.is(count(registry, '/token'), 2);
  assert.is(registry.requests.length - before, 3);
  registry.tokens?.revokeAll();
  await client.fetchManifest(name, '1', access);
  assert.is(count(registry, '/token'), 3);
});

test('a token is for one user and one scope', async () => {
  await using registry = await startRegistry('token');
  await using harness = new RegistryHarness();
  const { client } = harness;
  await client.fetchManifest(`${registry.host}/public/app`, '1', {});
  await client.fetchManifest(`${registry.host}/public/app`, '1', { credentials: USER });
  await client.fetchManifest(`${registry.host}/private/app`, '1', { credentials: USER });
  assert.is(count(registry, '/token'), 3);
});

test('who may not pull is told so in the words of Docker', async () => {
  await using registry = await startRegistry('token');
  await using harness = new RegistryHarness();
  const name = `${registry.host}/private/app`;
  const fetch = (access = {}) => failureOf(harness.client.fetchManifest(name, '1', access));
  const denied = `pull access denied for ${name}, repository does not exist or may require 'docker login'`;
  assert.is(
    await fetch(),
    `permission-denied: ${denied}: denied: requested access to the resource is denied`,
  );
  assert.is(
    await fetch({ credentials: { username: 'ada', password: 'wrong' } }),
    `unauthenticated: ${denied}: unauthorized: incorrect username or password`,
  );
  await using basic = await startRegistry('basic');
  assert.match(
    await failureOf(harness.client.fetchManifest(`${basic.host}/private/app`, '1', {})),
    /^unauthenticated: pull access denied for .*: unauthorized: authentication required$/,
  );
});

test('an identity token instead of a password', async () => {
  await using registry = await startRegistry('token');
  await using harness = new RegistryHarness();
  const credentials = { username: '', password: '', identityToken: IDENTITY_TOKEN };
  await harness.client.fetchManifest(`${registry.host}/private/app`, '1', { credentials });
  assert.is(count(registry, 'POST /token'), 1);
  assert.not(registry.log.some((line) => line.includes(IDENTITY_TOKEN)));
});

test('a registry token is sent as it is', async () => {
  await using registry = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  registry.addImage('app', '1', LAYERS);
  const credentials = { username: '', password: '', registryToken: 'as-it-is' };
  await harness.client.fetchManifest(`${registry.host}/app`, '1', { credentials });
  assert.is(registry.requests.at(-1)?.headers.authorization, 'Bearer as-it-is');
});

test('Basic is shown when it is asked for, and then at once', async () => {
  await using registry = await startRegistry('basic');
  await using harness = new RegistryHarness();
  const name = `${registry.host}/private/app`;
  for (let times = 0; times < 3; times++) {
    await harness.client.fetchManifest(name, '1', { credentials: USER });
  }
  const shown = registry.requests
    .filter(({ url }) => MANIFESTS.test(url))
    .map(({ headers }) => headers.authorization !== undefined);
  assert.equal(shown, [false, true, true, true]);
});

for (const kind of ['basic', 'token'] as const) {
  test(`a redirect to another host does not take credentials with it (${kind})`, async () => {
    await using registry = await startRegistry(kind);
    await using other = await FakeRegistry.start();
    await using harness = new RegistryHarness();
    other.addImage('private/app', '1', LAYERS);
    const access = { credentials: USER };
    const name = `${registry.host}/private/app`;
    await harness.client.fetchManifest(name, '1', access);
    const headers = { location: `http://ada:x@${other.host}/v2/private/app/manifests/1` };
    registry.misbehave({ url: MANIFESTS, does: { kind: 'answer', status: 307, headers } });
    await harness.client.fetchManifest(name, '1', access);
    assert.equal(other.log, ['GET /v2/private/app/manifests/1']);
    assert.is(other.requests[0]?.headers.authorization, undefined);
  });

  test(`another host that asks for credentials gets none (${kind})`, async () => {
    await using registry = await startRegistry(kind);
    await using other = await startRegistry(kind);
    await using harness = new RegistryHarness();
    const access = { credentials: USER };
    const headers = { location: `${other.origin}/v2/private/app/manifests/1` };
    const does = { kind: 'answer', status: 307, headers } as const;
    registry.misbehave({ url: MANIFESTS, does, times: 10 });
    const name = `${registry.host}/private/app`;
    assert.match(
      await failureOf(harness.client.fetchManifest(name, '1', access)),
      /unauthorized: authentication required$/,
    );
    for (const request of other.requests) assert.is(request.headers.authorization, undefined);
    assert.is(count(other, '/token'), 0);
  });
}

for (const [realm, words] of [
  ['http://127.0.0.1.example/token', 'is reached by HTTP only, where secrets would be read'],
  ['file:///etc/passwd', 'names no token server that can be used'],
  ['', 'names no token server that can be used'],
  ['not a URL', 'names no token server that can be used'],
] as const) {
  test(`a token server at ${JSON.stringify(realm)}`, async () => {
    await using registry = await FakeRegistry.start();
    await using harness = new RegistryHarness();
    const headers = { 'www-authenticate': `Bearer realm="${realm}",service="x"` };
    registry.misbehave({ url: MANIFESTS, does: { kind: 'answer', status: 401, headers } });
    const access = { credentials: USER };
    const failure = await failureOf(
      harness.client.fetchManifest(`${registry.host}/app`, '1', access),
    );
    assert.ok(failure.includes(words), failure);
    assert.not(failure.includes(USER.password));
  });
}

test('answers of token servers that are none', async () => {
  await using registry = await startRegistry('token');
  await using harness = new RegistryHarness();
  const name = `${registry.host}/private/app`;
  const fetch = () => failureOf(harness.client.fetchManifest(name, '1', { credentials: USER }));
  for (const body of ['', '{}', '{"token":7}', '{"token":"a\\r\\nb: c"}', '[']) {
    registry.misbehave({ url: /^\/token/, does: { kind: 'answer', status: 200, body } });
    const failure = await fetch();
    assert.match(failure, /token server .* answers without a token$/);
  }
  const body = 'x'.repeat(65_536);
  const endless = { kind: 'answer', status: 200, body, isEndless: true } as const;
  registry.misbehave({ url: /^\/token/, does: endless });
  assert.match(await fetch(), /answers with a token of more than 262144 bytes$/);
  registry.misbehave({ url: /^\/token/, does: { kind: 'answer', status: 503 }, times: 2 });
  await harness.client.fetchManifest(name, '1', { credentials: USER });
});

test('to log in is to prove the credentials, each time', async () => {
  await using tokens = await startRegistry('token');
  await using basic = await startRegistry('basic');
  await using open = await FakeRegistry.start();
  await using harness = new RegistryHarness();
  const logIn = (registry: FakeRegistry, credentials = USER) =>
    harness.client.logIn(registry.host, { credentials });
  assert.equal(await logIn(tokens), { identityToken: IDENTITY_TOKEN });
  assert.match(tokens.log.find((line) => line.includes('/token')) ?? '', /offline_token=true/);
  assert.equal(await logIn(basic), {});
  assert.equal(await logIn(open), {});
  const wrong = { username: 'ada', password: 'wrong' };
  assert.is(
    await failureOf(logIn(tokens, wrong)),
    `unauthenticated: login attempt to ${tokens.host} failed: unauthorized: incorrect username or password`,
  );
  assert.is(
    await failureOf(logIn(basic, wrong)),
    `unauthenticated: login attempt to ${basic.host} failed: unauthorized: authentication required`,
  );
  assert.is(
    await failureOf(harness.client.logIn(basic.host, {})),
    `unauthenticated: login attempt to ${basic.host} failed: no basic auth credentials`,
  );
  await logIn(basic);
  const does = { kind: 'answer', status: 401 } as const;
  basic.misbehave({ url: /./, does, times: 2 });
  assert.match(await failureOf(logIn(basic)), /authentication required$/);
});

test.run();
