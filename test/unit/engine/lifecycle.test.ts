import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError, type ErrorKind } from '../../../src/base/engine-error.ts';
import type { ContainerId } from '../../../src/engine/container-id.ts';
import type { ContainerState } from '../../../src/engine/container-state.ts';
import { resourcesOf } from '../../../src/engine/resource-limits.ts';
import { FakeEngine, PLAIN_REQUEST } from '../../fake/fake-engine.ts';
import { NO_USAGE } from '../../fake/fake-runtime.ts';

const MIB = 1024 * 1024;

/** The message of the refusal, which must be of that kind. */
async function refusal(kind: ErrorKind, act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (thrown) {
    assert.instance(thrown, EngineError);
    assert.is((thrown as EngineError).kind, kind);
    return (thrown as EngineError).message;
  }
  throw new Error(`expected ${kind}`);
}

function stateOf(fake: FakeEngine, id: ContainerId): ContainerState {
  return fake.engine.containers.get(id).state;
}

test('pause and unpause', async () => {
  await using fake = await FakeEngine.open();
  const { lifecycle } = fake.engine;
  const id = await fake.run();
  await lifecycle.pause(id);
  assert.is(stateOf(fake, id).status, 'paused');
  assert.is(
    await refusal('conflict', () => lifecycle.pause(id)),
    `container ${id} is already paused`,
  );
  assert.is(
    await refusal('conflict', () => lifecycle.start(id)),
    'cannot start a paused container, try unpause instead',
  );
  await lifecycle.unpause(id);
  assert.is(stateOf(fake, id).status, 'running');
  assert.is(
    await refusal('internal', () => lifecycle.unpause(id)),
    `Container ${id} is not paused`,
  );
  assert.equal(fake.runtime.task.calls, ['pause', 'resume']);
});

test('what does not run cannot be paused', async () => {
  await using fake = await FakeEngine.open();
  const { record } = fake.engine.containers.create(PLAIN_REQUEST);
  assert.is(
    await refusal('conflict', () => fake.engine.lifecycle.pause(record.id)),
    `container ${record.id} is not running`,
  );
});

test('stop wakes a paused container', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  await fake.engine.lifecycle.pause(id);
  await fake.engine.lifecycle.stop(id, {});
  assert.equal(fake.runtime.task.calls, ['pause', 'signal 15', 'resume']);
  const state = stateOf(fake, id);
  assert.is(state.status === 'exited' && state.exitCode, 143);
});

test('stop of a paused container that does not react kills it after the timeout', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  fake.runtime.task.endsOn = [];
  await fake.engine.lifecycle.pause(id);
  const stopped = fake.engine.lifecycle.stop(id, { timeoutSeconds: 3 });
  while (fake.clock.timerCount === 0) await new Promise(setImmediate);
  fake.clock.advance(3_000);
  await stopped;
  const state = stateOf(fake, id);
  assert.is(state.status === 'exited' && state.exitCode, 137);
});

test('kill ends a paused container without waking it; other signals wait', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run({ stopSignal: 'SIGINT' });
  fake.runtime.task.endsOn = [10];
  await fake.engine.lifecycle.pause(id);
  await fake.engine.lifecycle.kill(id, 'SIGUSR1');
  assert.is(stateOf(fake, id).status, 'paused');
  await fake.engine.lifecycle.kill(id, 'KILL');
  const state = stateOf(fake, id);
  assert.is(state.status === 'exited' && state.exitCode, 137);
  assert.equal(fake.runtime.task.calls, ['pause', 'signal 10', 'signal 9']);
});

test('SIGKILL comes in time, whatever stands in its way', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  const { task } = fake.runtime;
  task.pause = () => task.exited.then(() => {});
  const paused = fake.engine.lifecycle.pause(id);
  await fake.engine.lifecycle.kill(id, 'KILL');
  await paused;
  assert.is(stateOf(fake, id).status, 'exited');
  await fake.engine.lifecycle.start(id);
  const next = fake.runtime.task;
  next.pause = () => next.exited.then(() => {});
  const pausedAgain = fake.engine.lifecycle.pause(id);
  const stopped = fake.engine.lifecycle.stop(id, { timeoutSeconds: 1 });
  fake.clock.advance(1_000);
  await Promise.all([stopped, pausedAgain]);
  assert.is(stateOf(fake, id).status, 'exited');
});

test('usage that does not come in time is not known', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  fake.runtime.task.usage = () => new Promise(() => {});
  const usage = fake.engine.lifecycle.usageOf(id);
  fake.clock.advance(2_000);
  assert.is(await usage, undefined);
});

test('a paused container is removed by force only', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run({ name: 'lily' });
  await fake.engine.lifecycle.pause(id);
  assert.is(
    await refusal('conflict', () => fake.engine.lifecycle.remove(id, false)),
    'cannot remove container "/lily": container is paused and must be unpaused first',
  );
  await fake.engine.lifecycle.remove(id, true);
  assert.not(fake.engine.containers.has(id));
});

test('what ends while paused has ended', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  await fake.engine.lifecycle.pause(id);
  const ended = fake.engine.lifecycle.waitForExit(id);
  fake.runtime.task.end({ exitCode: 137, reason: 'its cell died' });
  assert.is((await ended).exitCode, 137);
  const state = stateOf(fake, id);
  assert.is(state.status === 'exited' && state.error, 'its cell died');
});

test('usage: live, then the last, which outlives the daemon', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run({ limits: { fuel: 500 } });
  const { task } = fake.runtime;
  assert.equal(task.spec.resources, { cpuShares: 1024, fuel: 500 });
  assert.is(task.spec.isolation, 'default');
  task.usageNow = { ...NO_USAGE, fuel: 41 };
  assert.is((await fake.engine.lifecycle.usageOf(id))?.fuel, 41);
  task.usageNow = { ...NO_USAGE, fuel: 500, peakMemoryBytes: MIB };
  const ended = fake.engine.lifecycle.waitForExit(id);
  task.end({ exitCode: 137, reason: 'out of fuel', isOutOfMemory: true });
  await ended;
  await fake.reopen();
  assert.equal(await fake.engine.lifecycle.usageOf(id), task.usageNow);
  const state = stateOf(fake, id);
  assert.is(state.status === 'exited' && state.isOutOfMemory, true);
  assert.is(state.status === 'exited' && state.error, 'out of fuel');
});

test('after a daemon that was killed a paused container has ended, its account lost', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  await fake.engine.lifecycle.pause(id);
  await fake.reopen();
  const state = stateOf(fake, id);
  assert.is(state.status === 'exited' && state.exitCode, 137);
  assert.is(await fake.engine.lifecycle.usageOf(id), undefined);
});

test('update: at once of what runs, at the next start of what does not', async () => {
  await using fake = await FakeEngine.open();
  const { lifecycle, containers } = fake.engine;
  const id = await fake.run();
  const swapless = { memoryBytes: 64 * MIB, memorySwapBytes: 96 * MIB, cpuShares: 512 };
  const warnings = await lifecycle.update(id, swapless);
  assert.match(warnings.join(), 'Memory limited without swap');
  const expected = { cpuShares: 512, memoryBytes: 64 * MIB };
  assert.equal(fake.runtime.task.resources, expected);
  await lifecycle.stop(id, {});
  await lifecycle.update(id, { nanoCpus: 5e8 });
  await fake.reopen();
  assert.is(fake.engine.containers.get(id).config.limits.nanoCpus, 5e8);
  assert.is(containers.get(id).config.limits.memoryBytes, 64 * MIB);
  await fake.engine.lifecycle.start(id);
  assert.equal(fake.runtime.task.spec.resources, {
    ...expected,
    cpuBandwidth: { quotaMicroseconds: 50_000, periodMicroseconds: 100_000 },
  });
});

test('an update that the runtime refuses changes nothing', async () => {
  await using fake = await FakeEngine.open();
  const id = await fake.run({ limits: { cpuShares: 7 } });
  fake.runtime.task.updateFailure = new EngineError('internal', 'no');
  assert.is(
    await refusal('internal', () => fake.engine.lifecycle.update(id, { cpuShares: 9 })),
    `Cannot update container ${id}: no`,
  );
  assert.is(resourcesOf(fake.engine.containers.get(id).config.limits).cpuShares, 7);
});

test('a start that is refused for its memory', async () => {
  await using fake = await FakeEngine.open();
  fake.runtime.failure = new EngineError('resource-exhausted', 'too big');
  const { record } = fake.engine.containers.create(PLAIN_REQUEST);
  await refusal('resource-exhausted', () => fake.engine.lifecycle.start(record.id));
  assert.equal(stateOf(fake, record.id), { status: 'created', exitCode: 128, error: 'too big' });
});

test('records of before there were limits have none', async () => {
  await using fake = await FakeEngine.open();
  const { record } = fake.engine.containers.create({ ...PLAIN_REQUEST, limits: { cpuShares: 7 } });
  fake.database.prepare("UPDATE containers SET config = json_remove(config, '$.limits')").run();
  await fake.reopen();
  assert.equal(resourcesOf(fake.engine.containers.get(record.id).config.limits), {
    cpuShares: 1024,
  });
});

test.run();
