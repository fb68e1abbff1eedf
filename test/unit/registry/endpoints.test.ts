import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Descriptor } from '../../../src/spec/manifest.ts';
import { FakeRegistry } from '../../fake/fake-registry.ts';
import { collect, failureOf, patternBytes, RegistryHarness } from '../../fake/registry-harness.ts';

const BYTES = patternBytes(300_000);
const HUB = 'docker.io/library/app';

/** Docker Hub, and mirrors of it. */
async function startAll(count: number) {
  const stack = new AsyncDisposableStack();
  const hub = stack.use(await FakeRegistry.start());
  const mirrors: FakeRegistry[] = [];
  for (let index = 0; index < count; index++) mirrors.push(stack.use(await FakeRegistry.start()));
  for (const registry of [hub, ...mirrors]) registry.addImage('library/app', '1', [BYTES]);
  const dockerHub = { registry: `${hub.origin}/`, search: 'https://never.invalid/' };
  const origins = mirrors.map(({ origin }) => origin);
  const { client, clock } = stack.use(new RegistryHarness({ mirrors: origins }, { dockerHub }));
  return { hub, mirrors, client, clock, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function layerOf(registry: FakeRegistry): Descriptor {
  const manifest = registry.manifest('library/app', '1');
  const [layer] = manifest?.kind === 'manifest' ? manifest.layers : [];
  if (!layer) throw new Error('the image has a layer');
  return layer;
}

test('mirrors are asked first, and are not shown credentials', async () => {
  await using all = await startAll(1);
  const { client, hub, mirrors } = all;
  const [mirror = hub] = mirrors;
  const access = { credentials: { username: 'ada', password: 'secret' } };
  await client.fetchManifest(HUB, '1', access);
  await client.headManifest(HUB, '1', access);
  await collect(client.fetchBlob(HUB, layerOf(hub), { offset: 0, ...access }));
  assert.is(hub.requests.length, 0);
  assert.is(mirror.requests.length, 3);
  assert.not(mirror.requests.some(({ headers }) => headers.authorization));
  const does = { kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
  mirror.misbehave({ url: /./, does: { ...does, kind: 'answer' } });
  await client.fetchManifest(HUB, '1', access);
  assert.not(mirror.requests.some(({ headers }) => headers.authorization));
  assert.is(hub.requests.length, 1);
});

test('what one mirror does not have the next one is asked for', async () => {
  await using all = await startAll(2);
  const { client, hub, mirrors } = all;
  mirrors[0]?.manifests.clear();
  await client.fetchManifest(HUB, '1', {});
  mirrors[1]?.manifests.clear();
  await client.fetchManifest(HUB, '1', {});
  assert.equal(
    [...mirrors, hub].map(({ requests }) => requests.length),
    [2, 2, 1],
  );
});

test('a mirror that does not work is left alone for a minute', async () => {
  await using all = await startAll(1);
  const { client, clock, hub, mirrors } = all;
  const [mirror = hub] = mirrors;
  for (const does of [
    { kind: 'answer', status: 500 },
    { kind: 'corrupt' },
    { kind: 'break', afterBytes: 1 },
    { kind: 'silence' },
  ] as const) {
    mirror.misbehave({ url: /./, does });
    const before = mirror.requests.length;
    for (let times = 0; times < 3; times++) await client.fetchManifest(HUB, '1', {});
    assert.is(mirror.requests.length - before, 1);
    clock.advance(61_000);
    await client.fetchManifest(HUB, '1', {});
    assert.is(mirror.requests.length - before, 2);
  }
});

test('a blob that breaks off at a mirror goes on at the registry', async () => {
  await using all = await startAll(1);
  const { client, hub, mirrors } = all;
  mirrors[0]?.misbehave({ url: /./, does: { kind: 'break', afterBytes: 100_000 } });
  const bytes = await collect(client.fetchBlob(HUB, layerOf(hub), { offset: 0 }));
  assert.ok(bytes.equals(BYTES));
  assert.is(hub.requests[0]?.headers.range, 'bytes=100000-');
});

test('pushing, tags and log-ins are no matter of mirrors', async () => {
  await using all = await startAll(1);
  const { client, hub, mirrors } = all;
  await client.listTags(HUB, 10, {});
  await client.logIn('docker.io', { credentials: { username: 'ada', password: 'x' } });
  const image = hub.manifests.get('library/app 1');
  if (image) await client.pushManifest(HUB, '2', image, {});
  assert.is(hub.requests.length, 3);
  assert.is(mirrors[0]?.requests.length, 0);
});

test('settings that make no sense', () => {
  for (const mirror of ['mirror.example', 'ftp://mirror.example', 'https://a:b@x', 'https://x?y']) {
    assert.throws(() => new RegistryHarness({ mirrors: [mirror] }), /^invalid mirror/);
  }
  assert.throws(() => new RegistryHarness({ mirrors: ['https://ada:pw@x'] }), /^((?!pw).)*$/);
  for (const range of ['10.0.0.0/33', '10.0.0.0/x', 'registry/8', '/']) {
    assert.throws(
      () => new RegistryHarness({ insecureRegistries: [range] }),
      /is no range \(CIDR\)$/,
    );
  }
});

test('HTTP is spoken to loopback, and not to others', async () => {
  await using registry = await FakeRegistry.start();
  registry.addImage('app', '1', [BYTES]);
  await using harness = new RegistryHarness();
  const port = registry.host.split(':')[1];
  await harness.client.fetchManifest(`127.0.0.1:${port}/app`, '1', {});
  await harness.client.fetchManifest(`localhost:${port}/app`, '1', {});
  const before = registry.requests.length;
  assert.match(
    await failureOf(harness.client.fetchManifest(`0.0.0.0:${port}/app`, '1', {})),
    /^unavailable: cannot pull .*: speaks no TLS; if it speaks HTTP, list it /,
  );
  assert.is(registry.requests.length, before);
  await using insecure = new RegistryHarness({ insecureRegistries: ['0.0.0.0/8'] });
  await insecure.client.fetchManifest(`0.0.0.0:${port}/app`, '1', {});
});

test('a proxy that the environment names, but not for loopback', async () => {
  const asked: string[] = [];
  await using proxy = createServer((_, response) => response.writeHead(500).end());
  proxy.on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  await using registry = await FakeRegistry.start();
  registry.addImage('app', '1', [BYTES]);
  const { port } = proxy.address() as AddressInfo;
  const name = 'registry.example/app';
  for (const value of [`http://ada:secret@127.0.0.1:${port}`, `127.0.0.1:${port}`]) {
    await using harness = new RegistryHarness({ environment: { HTTPS_PROXY: value } });
    await harness.client.fetchManifest(`${registry.host}/app`, '1', {});
    assert.equal(asked, []);
    const failure = await failureOf(harness.client.fetchManifest(name, '1', {}));
    assert.is(
      failure,
      `unavailable: cannot pull ${name}:1: registry.example: the proxy refuses to connect to it`,
    );
    assert.equal(asked.splice(0), ['registry.example:443']);
  }
  for (const value of ['socks5://ada:secret@x', 'http://[']) {
    await using broken = new RegistryHarness({ environment: { HTTPS_PROXY: value } });
    assert.is(
      await failureOf(broken.client.fetchManifest(name, '1', {})),
      'invalid-argument: HTTPS_PROXY is no proxy that can be used: give it as http://host:port',
    );
  }
});

test.run();
