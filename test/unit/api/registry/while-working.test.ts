import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RegistryCall } from '../../../../src/api/registry/registry-call.ts';
import { whileWorking } from '../../../../src/api/registry/while-working.ts';
import { createDeferred } from '../../../../src/base/deferred.ts';
import { FakeClock } from '../../../fake/fake-clock.ts';

test('who waits for an answer hears that it is worked on', async () => {
  const clock = new FakeClock();
  const work = createDeferred<void>();
  const server = createServer(async (incoming, response) => {
    const target = { query: new URLSearchParams(), name: 'x', reference: '' };
    const call = new RegistryCall(incoming, response, target);
    await whileWorking(call, clock, () => work.promise);
    call.answer(201);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ port, host: '127.0.0.1', method: 'PUT', agent: false });
  const words: number[] = [];
  outgoing.on('information', ({ statusCode }) => words.push(statusCode));
  outgoing.end();
  while (clock.timerCount === 0) await new Promise(setImmediate);
  clock.advance(10_000);
  await once(outgoing, 'information');
  clock.advance(20_000);
  await once(outgoing, 'information');
  work.resolve();
  const [response] = await once(outgoing, 'response');
  assert.equal(words, [102, 102]);
  assert.is(response.statusCode, 201);
  assert.is(clock.timerCount, 0);
  response.resume();
  await once(response, 'end');
  server.close();
});

test.run();
