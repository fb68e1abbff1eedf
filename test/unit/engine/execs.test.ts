import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError, type ErrorKind } from '../../../src/base/engine-error.ts';
import type { ContainerId } from '../../../src/engine/container-id.ts';
import type { ExecRequest } from '../../../src/engine/exec-record.ts';
import { Execs } from '../../../src/engine/execs.ts';
import { FakeEngine, PLAIN_REQUEST } from '../../fake/fake-engine.ts';

const REQUEST: ExecRequest = {
  command: ['sh', '-c', 'true'],
  env: [],
  hasTerminal: false,
  attachesStdin: false,
  attachesStdout: true,
  attachesStderr: true,
  isPrivileged: false,
};
const IO = { write: () => undefined };
const MINUTE_MS = 60_000;
const MAX_EXECS = 10_000;

/** The message of the refusal, which must be of that kind. */
async function refusal(kind: ErrorKind, act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (thrown) {
    assert.instance(thrown, EngineError);
    assert.is((thrown as EngineError).kind, kind);
    return (thrown as EngineError).message;
  }
  throw new Error(`expected ${kind}`);
}

test('a process gets what the container has, and what was asked for over it', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run({ env: ['A=1', 'B=2'], user: 'bob', workingDirectory: '/srv' });
  const { execs } = fake.engine;
  const plain = execs.create(id, REQUEST);
  await execs.start(plain.id, IO);
  const { spec } = fake.runtime.task.lastExec;
  assert.equal(spec.args, ['sh', '-c', 'true']);
  assert.equal([spec.user, spec.workingDirectory, spec.hasStdin], ['bob', '/srv', false]);
  assert.ok(spec.env.includes('A=1'));
  const own = execs.create(id, {
    ...REQUEST,
    env: ['A=3', 'B'],
    user: '5:6',
    workingDirectory: '/tmp',
    hasTerminal: true,
    attachesStdin: true,
    window: { columns: 80, rows: 24 },
  });
  await execs.start(own.id, IO, { window: { columns: 100, rows: 50 } });
  const asked = fake.runtime.task.lastExec.spec;
  assert.equal([asked.user, asked.workingDirectory, asked.hasStdin], ['5:6', '/tmp', true]);
  assert.equal(asked.window, { columns: 100, rows: 50 });
  assert.ok(asked.env.includes('A=3') && asked.env.includes('TERM=xterm'));
  assert.not(asked.env.some((entry) => entry.startsWith('B')));
});

test('its life: created, running, exited, and forgotten after a while', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  const { execs } = fake.engine;
  const { id: execId } = execs.create(id, REQUEST);
  assert.equal(execs.idsOf(id), [execId]);
  assert.is(execs.get(execId).state.status, 'created');
  const process = await execs.start(execId, IO);
  assert.equal(execs.get(execId).state, {
    status: 'running',
    hostPid: fake.runtime.task.hostPid,
  });
  assert.is(
    await refusal('conflict', () => execs.start(execId, IO)),
    `Error: Exec command ${execId} is already running`,
  );
  fake.runtime.task.lastExec.end({ exitCode: 3 });
  await process.exited;
  assert.equal(execs.get(execId).state, { status: 'exited', exitCode: 3 });
  assert.equal(execs.idsOf(id), []);
  assert.is(
    await refusal('conflict', () => execs.start(execId, IO)),
    `Error: Exec command ${execId} has already run`,
  );
  fake.clock.advance(6 * MINUTE_MS);
  assert.is(
    await refusal('not-found', () => execs.get(execId)),
    `No such exec instance: ${execId}`,
  );
});

test('it ends with its container', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  const { execs, lifecycle } = fake.engine;
  const { id: execId } = execs.create(id, REQUEST);
  const process = await execs.start(execId, IO);
  await lifecycle.stop(id, {});
  assert.is((await process.exited).exitCode, 137);
  assert.equal(execs.get(execId).state, { status: 'exited', exitCode: 137 });
  await lifecycle.remove(id, false);
  await refusal('not-found', () => execs.get(execId));
});

test('a container that does not run, or is paused, takes none', async () => {
  await using fake = await FakeEngine.open();
  const { execs, containers, lifecycle } = fake.engine;
  const { record } = containers.create(PLAIN_REQUEST);
  const { id } = record;
  assert.is(
    await refusal('conflict', () => execs.create(id, REQUEST)),
    `container ${id} is not running`,
  );
  await lifecycle.start(id);
  const { id: execId } = execs.create(id, REQUEST);
  await lifecycle.pause(id);
  const paused = `Container ${id} is paused, unpause the container before exec`;
  assert.is(await refusal('conflict', () => execs.create(id, REQUEST)), paused);
  assert.is(await refusal('conflict', () => execs.start(execId, IO)), paused);
  await lifecycle.unpause(id);
  await execs.start(execId, IO);
});

test('what cannot be run has an exit code all the same', async () => {
  await using fake = await FakeEngine.open();
  const { execs } = fake.engine;
  const id = await fake.run();
  assert.is(
    await refusal('invalid-argument', () => execs.create(id, { ...REQUEST, command: [] })),
    'No exec command specified',
  );
  for (const [kind, exitCode] of [
    ['not-found', 127],
    ['permission-denied', 126],
    ['failed-precondition', 126],
  ] as const) {
    fake.runtime.task.execFailure = new EngineError(kind, 'it cannot');
    const { id: execId } = execs.create(id, REQUEST);
    await refusal(kind, () => execs.start(execId, IO));
    assert.equal(execs.get(execId).state, { status: 'exited', exitCode });
  }
});

test('a size that is told early waits for the start', async () => {
  await using fake = await FakeEngine.open();
  const { execs } = fake.engine;
  const id = await fake.run();
  const { id: execId } = execs.create(id, { ...REQUEST, hasTerminal: true });
  const early = execs.resize(execId, { columns: 80, rows: 24 });
  await execs.start(execId, IO);
  await early;
  assert.equal(fake.runtime.task.lastExec.calls, ['resize 80x24']);
  const { id: unstarted } = execs.create(id, REQUEST);
  const late = refusal('internal', () => execs.resize(unstarted, { columns: 1, rows: 1 }));
  fake.clock.advance(11_000);
  assert.is(await late, 'timeout waiting for exec session ready');
});

test('there are only so many, of which those that are over give way', async () => {
  await using fake = await FakeEngine.open();
  const { containers, clock, lifecycle } = fake.engine;
  let count = 0;
  const random = {
    bytes: (size: number) => {
      const bytes = new Uint8Array(size);
      new DataView(bytes.buffer).setUint32(0, ++count);
      return bytes;
    },
  };
  const taskOf = (container: ContainerId) => lifecycle.taskOf(container);
  const execs = new Execs({ containers, clock, random, taskOf });
  const id = await fake.run();
  const first = execs.create(id, REQUEST);
  while (count < MAX_EXECS) execs.create(id, REQUEST);
  await refusal('resource-exhausted', () => execs.create(id, REQUEST));
  const process = await execs.start(first.id, IO);
  fake.runtime.task.lastExec.end({});
  await process.exited;
  execs.create(id, REQUEST);
  await refusal('not-found', () => execs.get(first.id));
});

test.run();
