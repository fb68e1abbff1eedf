import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../../../src/image/content-store.ts';
import { codesOf, type RegistryAnswer, ServedRegistry } from '../../../fake/served-registry.ts';

const test = suite('blobs of the registry');

const UPLOADS = '/v2/a/b/blobs/uploads/';
const BLOB = randomBytes(10_000);
const DIGEST = digestOf(BLOB);
const HOUR_MS = 60 * 60 * 1000;

async function begin(served: ServedRegistry): Promise<string> {
  const { status, headers } = await served.send('POST', UPLOADS);
  assert.is(status, 202);
  assert.is(headers.range, '0-0');
  return headers.location ?? '';
}

function chunk(first: number, last: number) {
  return {
    headers: { 'Content-Range': `${first}-${last}`, 'Content-Type': 'application/octet-stream' },
    body: BLOB.subarray(first, last + 1),
  };
}

async function isThere(served: ServedRegistry): Promise<boolean> {
  const { status, headers } = await served.send('HEAD', `/v2/a/b/blobs/${DIGEST}`);
  if (status === 404) return false;
  assert.is(headers['content-length'], String(BLOB.length));
  assert.is(headers['docker-content-digest'], DIGEST);
  return true;
}

function incoming(served: ServedRegistry): readonly string[] {
  return readdirSync(join(served.fixture.dataRoot, 'content', 'incoming'));
}

/** Waits until so much of the only upload is on disk. */
async function untilSize(served: ServedRegistry, sizeBytes: number): Promise<void> {
  const [name = ''] = incoming(served);
  const path = join(served.fixture.dataRoot, 'content', 'incoming', name);
  await untilTrue(() => statSync(path).size >= sizeBytes, 'the upload gets on');
}

async function untilTrue(isTrue: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > MAX_TURNS) throw new Error(`not in time: ${what}`);
    await new Promise(setImmediate);
  }
}

const MAX_TURNS = 1_000_000;
const MEBIBYTE = 1024 * 1024;

function assertCreated({ status, headers }: RegistryAnswer): void {
  assert.is(status, 201);
  assert.is(headers.location, `/v2/a/b/blobs/${DIGEST}`);
  assert.is(headers['docker-content-digest'], DIGEST);
}

test('the two ways to push a blob in one piece', async () => {
  await using served = await ServedRegistry.open();
  assertCreated(await served.send('POST', `${UPLOADS}?digest=${DIGEST}`, { body: BLOB }));
  assert.ok(await isThere(served));
  assert.is((await served.send('DELETE', `/v2/a/b/blobs/${DIGEST}`)).status, 202);
  assert.not(await isThere(served));
  const location = await begin(served);
  const put = { body: BLOB };
  assertCreated(await served.send('PUT', `${location}?digest=${encodeURIComponent(DIGEST)}`, put));
  assert.ok(await isThere(served));
  assert.equal(incoming(served), []);
  assert.equal(served.bugs, []);
});

test('chunks come in order, and status tells how far they got', async () => {
  await using served = await ServedRegistry.open();
  const location = await begin(served);
  const first = await served.send('PATCH', location, chunk(0, 3_999));
  assert.is(first.status, 202);
  assert.is(first.headers.range, '0-3999');
  assert.is(first.headers.location, location);
  for (const wrong of [chunk(5_000, 5_999), chunk(0, 3_999)]) {
    const refused = await served.send('PATCH', location, wrong);
    assert.is(refused.status, 416);
    assert.is(refused.headers.range, '0-3999');
  }
  const garbled = { headers: { 'Content-Range': 'x' }, body: 'y' };
  assert.is((await served.send('PATCH', location, garbled)).status, 416);
  const status = await served.send('GET', location);
  assert.is(status.status, 204);
  assert.is(status.headers.range, '0-3999');
  // A stream without a length, as Docker's daemon sends it.
  const pieces = { body: [BLOB.subarray(4_000, 5_000), BLOB.subarray(5_000, 6_000)] };
  assert.is((await served.send('PATCH', location, pieces)).headers.range, '0-5999');
  const last = chunk(6_000, BLOB.length - 1);
  assertCreated(await served.send('PUT', `${location}?digest=${DIGEST}`, last));
  assert.ok(await isThere(served));
  assert.is((await served.send('GET', location)).status, 404);
});

test('another content than its digest, another length than its range, no digest at all', async () => {
  await using served = await ServedRegistry.open();
  const other = await served.send('POST', `${UPLOADS}?digest=${DIGEST}`, { body: 'other' });
  assert.is(other.status, 400);
  assert.equal(codesOf(other), ['DIGEST_INVALID']);
  const location = await begin(served);
  await served.send('PATCH', location, chunk(0, 999));
  const short = { ...chunk(1_000, 1_999), body: BLOB.subarray(1_000, 1_500) };
  assert.equal(codesOf(await served.send('PATCH', location, short)), ['SIZE_INVALID']);
  assert.equal(codesOf(await served.send('PUT', location)), ['DIGEST_INVALID']);
  const sha512 = `sha512:${'0'.repeat(128)}`;
  assert.equal(codesOf(await served.send('PUT', `${location}?digest=${sha512}`)), [
    'DIGEST_INVALID',
  ]);
  const wrong = await served.send('PUT', `${location}?digest=${DIGEST}`);
  assert.equal(codesOf(wrong), ['DIGEST_INVALID']);
  assert.not(await isThere(served));
  // It failed, and is over.
  assert.equal(codesOf(await served.send('PATCH', location)), ['BLOB_UPLOAD_UNKNOWN']);
  assert.equal(incoming(served), []);
  assert.equal(served.bugs, []);
});

test('an upload is its repository’s, can be cancelled, and is given up after an hour', async () => {
  await using served = await ServedRegistry.open();
  const location = await begin(served);
  const elsewhere = location.replace('/a/b/', '/a/c/');
  assert.equal(codesOf(await served.send('PATCH', elsewhere)), ['BLOB_UPLOAD_UNKNOWN']);
  assert.is((await served.send('DELETE', location)).status, 204);
  assert.is((await served.send('DELETE', location)).status, 404);
  const idle = await begin(served);
  served.fixture.clock.advance(HOUR_MS - 1);
  assert.is((await served.send('GET', idle)).status, 204);
  served.fixture.clock.advance(HOUR_MS);
  assert.is((await served.send('GET', idle)).status, 404);
  await untilTrue(() => incoming(served).length === 0, 'its file goes');
});

test('no more uploads than a registry has files for', async () => {
  await using served = await ServedRegistry.open();
  for (let count = 0; count < 256; count++) await begin(served);
  const refused = await served.send('POST', UPLOADS);
  assert.is(refused.status, 429);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  assert.equal(codesOf(refused), ['TOOMANYREQUESTS']);
});

test('who comes back after a broken connection goes on where it broke', async () => {
  await using served = await ServedRegistry.open();
  const blob = randomBytes(3 * MEBIBYTE);
  const location = await begin(served);
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const head = `PATCH ${location} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${blob.length}\r\n\r\n`;
  socket.write(head);
  socket.write(blob.subarray(0, 2 * MEBIBYTE));
  await untilSize(served, MEBIBYTE);
  // The registry still waits for the rest; whoever asks now has the upload.
  const status = await served.send('GET', location);
  assert.is(status.status, 204);
  const received = Number(/^0-(\d+)$/.exec(status.headers.range ?? '')?.[1]) + 1;
  assert.ok(received >= MEBIBYTE && received <= 2 * MEBIBYTE, `${received}`);
  const created = await served.send('PUT', `${location}?digest=${digestOf(blob)}`, {
    headers: {
      'Content-Range': `${received}-${blob.length - 1}`,
      'Content-Type': 'application/octet-stream',
    },
    body: blob.subarray(received),
  });
  assert.is(created.status, 201);
  socket.destroy();
  assert.equal(served.bugs, []);
});

test('a part of a blob', async () => {
  await using served = await ServedRegistry.open();
  await served.pushBlob('a', BLOB);
  const get = (range: string) =>
    served.send('GET', `/v2/any/name/blobs/${DIGEST}`, { headers: { Range: range } });
  const part = await get('bytes=100-199');
  assert.is(part.status, 206);
  assert.is(part.headers['content-range'], 'bytes 100-199/10000');
  assert.is(part.headers['content-length'], '100');
  assert.ok(part.body.equals(BLOB.subarray(100, 200)));
  assert.ok((await get('bytes=9000-')).body.equals(BLOB.subarray(9_000)));
  assert.ok((await get('bytes=-10')).body.equals(BLOB.subarray(-10)));
  assert.ok((await get('bytes=0-9,20-29')).body.equals(BLOB));
  const beyond = await get('bytes=10000-');
  assert.is(beyond.status, 416);
  assert.is(beyond.headers['content-range'], 'bytes */10000');
});

test('an empty blob', async () => {
  await using served = await ServedRegistry.open();
  const digest = await served.pushBlob('a', Buffer.alloc(0));
  const { status, headers, body } = await served.send('GET', `/v2/a/blobs/${digest}`);
  assert.equal([status, headers['content-length'], body.length], [200, '0', 0]);
});

test('mounting what is here, and an upload for what is not', async () => {
  await using served = await ServedRegistry.open();
  const mount = `${UPLOADS}?mount=${DIGEST}&from=x`;
  assert.is((await served.send('POST', mount)).status, 202);
  await served.pushBlob('x', BLOB);
  assertCreated(await served.send('POST', mount));
  assertCreated(await served.send('POST', `${UPLOADS}?mount=${DIGEST}`));
});

test('what was pushed outlives sweeps until its manifest comes, though not for ever', async () => {
  await using served = await ServedRegistry.open();
  await served.pushBlob('a', BLOB);
  served.images.sweep();
  served.fixture.clock.advance(15 * 60 * 1000);
  served.images.sweep();
  assert.ok(served.images.content.has(DIGEST));
  served.fixture.clock.advance(15 * 60 * 1000);
  served.images.sweep();
  assert.not(served.images.content.has(DIGEST));
  // Who was told that it is there does not send it.
  await served.pushBlob('a', BLOB);
  served.fixture.clock.advance(30 * 60 * 1000);
  assert.ok(await isThere(served));
  served.images.sweep();
  assert.ok(served.images.content.has(DIGEST));
});

test.run();
