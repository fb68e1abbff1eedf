import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import type { ContainerInspect } from '../../../src/wire/container.ts';
import type { ExecCreateResponse, ExecInspect } from '../../../src/wire/exec.ts';
import { FrameDecoder } from '../../../src/wire/stdcopy.ts';
import { FakeApi } from '../../fake/fake-api.ts';
import type { FakeProcess } from '../../fake/fake-runtime.ts';

const MAX_TURNS = 10_000;

async function create(api: FakeApi, id: string, body: object = {}): Promise<string> {
  const json = { Cmd: ['sh'], AttachStdout: true, AttachStderr: true, ...body };
  return (await api.post<ExecCreateResponse>(`/containers/${id}/exec`, json)).Id;
}

/** Resolves when the condition holds. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > MAX_TURNS) throw new Error('it does not come true');
    await new Promise(setImmediate);
  }
}

async function startedProcess({ fake }: FakeApi): Promise<FakeProcess> {
  const { execs } = fake.runtime.task;
  const before = execs.length;
  await until(() => execs.length > before);
  return fake.runtime.task.lastExec;
}

async function textOf(connection: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of connection) text += chunk;
  return text;
}

test('create, start with streams, inspect', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const exec = await create(api, id, { Cmd: ['sh', '-c', 'x'], AttachStdin: true, User: 'bob' });
  const { ExecIDs: ids } = await api.get<ContainerInspect>(`/containers/${id}/json`);
  assert.equal(ids, [exec]);
  const starting = startedProcess(api);
  const { connection, contentType } = await api.client.hijack(`/exec/${exec}/start`, {
    json: { Tty: false },
  });
  assert.is(contentType, 'application/vnd.docker.multiplexed-stream');
  const process = await starting;
  connection.write('typed');
  await until(() => process.input === 'typed');
  connection.end();
  await until(() => process.hasInputEnded);
  const running = await api.get<ExecInspect>(`/exec/${exec}/json`);
  assert.equal([running.Running, running.ExitCode, running.ContainerID], [true, null, id]);
  assert.equal(running.ProcessConfig, {
    tty: false,
    entrypoint: 'sh',
    arguments: ['-c', 'x'],
    privileged: false,
    user: 'bob',
  });
  process.write('stdout', 'out');
  process.write('stderr', 'err');
  process.end({ exitCode: 4 });
  const seen: string[] = [];
  const decoder = new FrameDecoder((stream, payload) => {
    seen.push(`${stream} ${Buffer.from(payload)}`);
  });
  for await (const chunk of connection) decoder.feed(chunk);
  assert.equal(seen, ['stdout out', 'stderr err']);
  const over = await api.get<ExecInspect>(`/exec/${exec}/json`);
  assert.equal([over.Running, over.ExitCode, over.Pid], [false, 4, 0]);
});

test('a terminal: raw bytes, its size, and keys that detach', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const exec = await create(api, id, { Tty: true, AttachStdin: true, ConsoleSize: [24, 80] });
  const starting = startedProcess(api);
  const { connection, contentType } = await api.client.hijack(`/exec/${exec}/start`, {
    json: { Tty: true, ConsoleSize: [50, 100] },
  });
  assert.is(contentType, 'application/vnd.docker.raw-stream');
  const process = await starting;
  assert.equal(process.spec.window, { columns: 100, rows: 50 });
  await api.post(`/exec/${exec}/resize?h=30&w=90`);
  assert.equal(process.calls, ['resize 90x30']);
  process.write('stdout', 'prompt');
  connection.write('ab\x10c\x10\x11more');
  assert.is(await textOf(connection), 'prompt');
  assert.is(process.input, 'ab\x10c');
  assert.ok(process.isRunning);
  assert.not(process.hasInputEnded);
});

test('detached: the answer comes when it runs', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const exec = await create(api, id);
  await api.post(`/exec/${exec}/start`, { Detach: true });
  const process = api.fake.runtime.task.lastExec;
  process.write('stdout', 'to nobody');
  assert.equal(await api.refusal(api.post(`/exec/${exec}/start`, {})), [
    409,
    `Error: Exec command ${exec} is already running`,
  ]);
});

test('why it does not start is told on the connection', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const exec = await create(api, id, { Tty: true });
  const words = 'exec: "sh": executable file not found in $PATH';
  api.fake.runtime.task.execFailure = new EngineError('not-found', words);
  const { connection } = await api.client.hijack(`/exec/${exec}/start`, { json: { Tty: true } });
  assert.is(await textOf(connection), `${words}\r\n`);
  const { ExitCode: exitCode } = await api.get<ExecInspect>(`/exec/${exec}/json`);
  assert.is(exitCode, 127);
});

test('what is refused', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const refuse = (body: object) => api.refusal(create(api, id, body));
  assert.equal(await refuse({ Cmd: [] }), [400, 'No exec command specified']);
  assert.is((await refuse({ DetachKeys: 'ctrl-nothing' }))[0], 400);
  assert.equal(await api.refusal(api.get('/exec/nothing/json')), [
    404,
    'No such exec instance: nothing',
  ]);
  assert.is((await api.refusal(api.post('/containers/nothing/exec', { Cmd: ['a'] })))[0], 404);
  const exec = await create(api, id);
  await api.post(`/containers/${id}/pause`);
  const [status, message] = await api.refusal(api.post(`/exec/${exec}/start`, {}));
  assert.is(status, 409);
  assert.match(message, 'unpause the container before exec');
});

test('a body that comes in pieces, and behind it what is typed', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const exec = await create(api, id, { Tty: true, AttachStdin: true });
  const starting = startedProcess(api);
  const socket = connect(api.socketPath);
  await once(socket, 'connect');
  const body = '{"Tty":true}';
  socket.write(
    `POST /exec/${exec}/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 4)}`,
  );
  // So that the server sees the pieces apart.
  await api.get('/version');
  socket.write(`${body.slice(4)}typed early`);
  const process = await starting;
  await until(() => process.input === 'typed early');
  process.end({});
  assert.match(await textOf(socket), 'HTTP/1.1 101 UPGRADED');
});

test('a body that is cut short starts nothing', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const exec = await create(api, id);
  const socket = connect(api.socketPath);
  socket.end(
    `POST /exec/${exec}/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n` +
      'Content-Length: 100\r\n\r\n{"Tty"',
  );
  await textOf(socket).catch(() => {});
  await api.get('/version');
  assert.is(api.fake.runtime.task.execs.length, 0);
});

test.run();
