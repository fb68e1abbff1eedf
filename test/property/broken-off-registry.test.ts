import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../src/image/content-store.ts';
import { ServedRegistry } from '../fake/served-registry.ts';

const BLOB = randomBytes(100_000);
const DIGEST = digestOf(BLOB);

/** What a client would send, and how much of it before it is gone. */
const brokenOff = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'),
  path: fc.constantFrom(
    '/v2/',
    '/v2/x/manifests/latest',
    '/v2/x/blobs/uploads/',
    `/v2/x/blobs/uploads/?digest=${DIGEST}`,
    `/v2/x/blobs/${DIGEST}`,
    'UPLOAD',
    `UPLOAD?digest=${DIGEST}`,
  ),
  isChunked: fc.boolean(),
  sentBytes: fc.nat(BLOB.length + 200),
  /** Of the answer, before the client goes. */
  readBytes: fc.nat(20_000),
});

test('a registry outlives clients that break off anywhere', async () => {
  await using served = await ServedRegistry.open();
  const whole = digestOf(Buffer.from('whole'));
  await served.pushBlob('x', Buffer.from('whole'));
  await fc.assert(
    fc.asyncProperty(brokenOff, async ({ method, path, isChunked, sentBytes, readBytes }) => {
      await served.pushBlob('x', BLOB);
      const { headers: begun } = await served.send('POST', '/v2/x/blobs/uploads/');
      const target = path.replace('UPLOAD', begun.location ?? '');
      const { hostname, port } = new URL(served.url);
      const framing = isChunked
        ? 'Transfer-Encoding: chunked\r\n\r\n186a0\r\n'
        : `Content-Length: ${BLOB.length}\r\n\r\n`;
      const head = `${method} ${target} HTTP/1.1\r\nHost: ${hostname}\r\n${framing}`;
      const request = Buffer.concat([Buffer.from(head), BLOB]).subarray(0, sentBytes);
      const socket = connect(Number(port), hostname);
      const closed = once(socket, 'close');
      let leftBytes = readBytes;
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        leftBytes -= chunk.length;
        if (leftBytes < 0) socket.destroy();
      });
      // An answer that is awaited may never come: what was sent is perhaps half a request.
      socket.write(request, () => socket.end());
      await closed;
      const { status, body } = await served.send('GET', `/v2/x/blobs/${whole}`);
      assert.equal([status, body.toString()], [200, 'whole']);
      await served.send('DELETE', begun.location ?? '');
      assert.equal(served.bugs, []);
    }),
    { numRuns: 60 },
  );
});

test.run();
