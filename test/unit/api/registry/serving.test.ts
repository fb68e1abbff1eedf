import { once } from 'node:events';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BasicAuth } from '../../../../src/api/registry/basic-auth.ts';
import { parseListenAddress } from '../../../../src/api/registry/listen-address.ts';
import { EngineError } from '../../../../src/base/engine-error.ts';
import { codesOf, ServedRegistry } from '../../../fake/served-registry.ts';

const test = suite('serving a registry');

function basic(text: string) {
  return { headers: { Authorization: `Basic ${Buffer.from(text).toString('base64')}` } };
}

test('the base, and what is nowhere', async () => {
  await using served = await ServedRegistry.open();
  for (const path of ['/v2/', '/v2']) {
    const { status, headers } = await served.send('GET', path);
    assert.is(status, 200);
    assert.is(headers['docker-distribution-api-version'], 'registry/2.0');
  }
  for (const path of ['/', '/v1/', '/v2/x', '/v2/x/y/z', '/containers/json']) {
    assert.is((await served.send('GET', path)).status, 404, path);
  }
  const { status, headers } = await served.send('POST', '/v2/x/tags/list');
  assert.equal([status, headers.allow], [405, 'GET']);
  assert.equal(codesOf(await served.send('GET', '/v2/x/tags/list')), ['NAME_UNKNOWN']);
  assert.equal(codesOf(await served.send('GET', '/v2/-x/tags/list')), ['NAME_INVALID']);
  const name = `${'a/'.repeat(200)}a`;
  assert.equal(codesOf(await served.send('GET', `/v2/${name}/tags/list`)), ['NAME_INVALID']);
});

test('tags and repositories come in pages, in order', async () => {
  await using served = await ServedRegistry.open();
  for (const tag of ['v2', 'v10', 'V1', 'latest']) await served.pushImage('x', tag, 'text');
  await served.pushImage('ghcr.io/a', '1', 'text');
  served.images.tag('x', 'localhost:5000/never/served');
  const list = async (path: string) => {
    const { headers, body } = await served.send('GET', path);
    const { tags, repositories } = JSON.parse(body.toString()) as Record<string, unknown>;
    return [tags ?? repositories, headers['link']];
  };
  assert.equal(await list('/v2/x/tags/list'), [['V1', 'latest', 'v10', 'v2'], undefined]);
  assert.equal(await list('/v2/x/tags/list?n=2'), [
    ['V1', 'latest'],
    '</v2/x/tags/list?n=2&last=latest>; rel="next"',
  ]);
  assert.equal(await list('/v2/x/tags/list?n=2&last=latest'), [['v10', 'v2'], undefined]);
  assert.equal(await list('/v2/x/tags/list?last=v10'), [['v2'], undefined]);
  assert.equal(await list('/v2/x/tags/list?n=0'), [[], undefined]);
  assert.equal(await list('/v2/_catalog'), [['ghcr.io/a', 'x'], undefined]);
  assert.equal(await list('/v2/_catalog?n=1'), [
    ['ghcr.io/a'],
    '</v2/_catalog?n=1&last=ghcr.io%2Fa>; rel="next"',
  ]);
  assert.is((await served.send('GET', '/v2/_catalog?n=-1')).status, 400);
});

test('a user and a password', async () => {
  await using served = await ServedRegistry.open({ auth: new BasicAuth('ada', 'pass:wörd') });
  for (const request of [
    {},
    basic('ada:pass'),
    basic('ada:'),
    basic(':'),
    basic('Ada:pass:wörd'),
  ]) {
    const refused = await served.send('GET', '/v2/', request);
    assert.is(refused.status, 401);
    assert.match(refused.headers['www-authenticate'] ?? '', /^Basic realm=/);
    assert.equal(codesOf(refused), ['UNAUTHORIZED']);
  }
  assert.is((await served.send('GET', '/v2/', basic('ada:pass:wörd'))).status, 200);
  const upload = await served.send('POST', '/v2/x/blobs/uploads/', { body: 'x'.repeat(100_000) });
  assert.is(upload.status, 401);
});

test('pages of the web get nothing, by whatever name they reach it', async () => {
  await using served = await ServedRegistry.open();
  for (const headers of [{ Origin: 'http://localhost' }, { Host: 'evil.example:5000' }]) {
    const refused = await served.send('GET', '/v2/_catalog', { headers });
    assert.is(refused.status, 403);
    assert.equal(codesOf(refused), ['DENIED']);
  }
  for (const Host of ['localhost:5000', '[::1]:5000', '127.0.0.1']) {
    assert.is((await served.send('GET', '/v2/', { headers: { Host } })).status, 200, Host);
  }
  await using behindProxy = await ServedRegistry.open({ auth: new BasicAuth('a', 'b') });
  const { headers } = basic('a:b');
  const proxied = { headers: { ...headers, Host: 'registry.example' } };
  assert.is((await behindProxy.send('GET', '/v2/', proxied)).status, 200);
});

test('a registry that is read only', async () => {
  await using served = await ServedRegistry.open({ isReadOnly: true });
  const refused = await served.send('POST', '/v2/x/blobs/uploads/', { body: 'x' });
  assert.equal([refused.status, codesOf(refused)], [405, ['UNSUPPORTED']]);
  assert.is((await served.send('PUT', '/v2/x/manifests/latest', { body: '{}' })).status, 405);
  assert.is((await served.send('GET', '/v2/_catalog')).status, 200);
});

test('each request is told of', async () => {
  await using served = await ServedRegistry.open();
  await served.send('GET', '/v2/_catalog?n=1');
  await served.send('POST', '/v2/x/blobs/uploads/?digest=x', { body: 'x'.repeat(5_000) });
  while (served.accessLines.length < 2) await new Promise(setImmediate);
  const [first, second] = served.accessLines;
  assert.equal(
    [first?.remote, first?.method, first?.path, first?.status],
    ['127.0.0.1', 'GET', '/v2/_catalog?n=1', 200],
  );
  assert.is(second?.status, 400);
  assert.ok((second?.bytes ?? 0) > 5_000);
});

test('an address that is in use, or none', async () => {
  await using served = await ServedRegistry.open();
  const address = parseListenAddress(new URL(served.url).host);
  const refusal = await ServedRegistry.open({ address }).catch((thrown: unknown) => thrown);
  assert.ok(refusal instanceof EngineError && refusal.kind === 'failed-precondition');
  assert.match(refusal.message, `${new URL(served.url).host} is in use`);
  for (const text of ['', '5000', 'x:5000', '127.0.0.1:', '127.0.0.1:65536', '::1:5000']) {
    assert.throws(() => parseListenAddress(text), /invalid address to listen on/, text);
  }
  const all = [':5000', '0.0.0.0:1', '[::]:1', '192.0.2.1:1'].map(parseListenAddress);
  assert.ok(all.every(({ isLoopback }) => !isLoopback));
  const own = ['localhost:1', '127.9.9.9:1', '[::1]:1'].map(parseListenAddress);
  assert.ok(own.every(({ isLoopback }) => isLoopback));
});

test('a certificate that is none', async () => {
  const refusal = await ServedRegistry.open({ tls: { certificate: 'x', key: 'y' } }).catch(
    (thrown: unknown) => thrown,
  );
  assert.ok(refusal instanceof EngineError && refusal.kind === 'invalid-argument');
});

test('closing breaks off what is under way', async () => {
  const served = await ServedRegistry.open();
  const { headers } = await served.send('POST', '/v2/x/blobs/uploads/');
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.write(
    `PATCH ${headers.location} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 9\r\n\r\nhalf`,
  );
  await once(socket, 'connect');
  await served[Symbol.asyncDispose]();
  await closed;
  assert.is(served.fixture.clock.timerCount, 0);
  assert.equal(served.bugs, []);
});

test.run();
