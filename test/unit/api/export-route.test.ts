import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineResponseError } from '../../../src/cli/engine-client.ts';
import { FakeApi } from '../../fake/fake-api.ts';

test('the archive is the body', async () => {
  await using api = await FakeApi.open();
  const id = await api.fake.run();
  const response = await api.client.stream('GET', `/containers/${id.slice(0, 12)}/export`);
  assert.is(response.headers['content-type'], 'application/x-tar');
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  assert.is(Buffer.concat(chunks).toString(), `archive of ${id}`);
});

test('a container that is not there', async () => {
  await using api = await FakeApi.open();
  const failure = await api.client
    .stream('GET', '/containers/nothing/export')
    .catch((thrown: unknown) => thrown);
  assert.instance(failure, EngineResponseError);
  assert.match(String(failure), 'No such container: nothing');
});

test.run();
