import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerId } from '../../../src/engine/container-id.ts';
import type { ContainerInspect, ContainerSummary } from '../../../src/wire/container.ts';
import type { ContainerUpdateResponse } from '../../../src/wire/container-create.ts';
import type {
  ContainerStatsResponse,
  ContainerTopResponse,
} from '../../../src/wire/container-usage.ts';
import type { InfoResponse } from '../../../src/wire/system.ts';
import { FakeApi, GIB } from '../../fake/fake-api.ts';
import type { FakeClock } from '../../fake/fake-clock.ts';
import { MAIN_PROCESS, NO_USAGE } from '../../fake/fake-runtime.ts';

const MIB = 1024 * 1024;
const MAX_TURNS = 10_000;

/** Resolves when something waits for the clock. */
async function timerOf(clock: FakeClock): Promise<void> {
  for (let turn = 0; clock.timerCount === 0; turn++) {
    if (turn > MAX_TURNS) throw new Error('nothing waits for the clock');
    await new Promise(setImmediate);
  }
}

test('create takes limits, and inspect shows them as they were asked for', async () => {
  await using api = await FakeApi.open();
  const { Id: id, Warnings: warnings } = await api.create({
    CpuShares: 512,
    NanoCpus: 1_500_000_000,
    CpusetCpus: '0-1',
    Memory: 64 * MIB,
    MemoryReservation: 32 * MIB,
    MemorySwap: 96 * MIB,
    MemorySwappiness: -1,
    OomKillDisable: false,
    Isolation: 'dense',
    Wolffia: { Fuel: 5_000_000, FuelPerSecond: 1_000 },
    BlkioWeight: 0,
  });
  assert.match(warnings.join(), 'Memory limited without swap.');
  const { HostConfig: host, State: state } = await api.get<ContainerInspect>(
    `/containers/${id}/json`,
  );
  assert.is(host.CpuShares, 512);
  assert.is(host.NanoCpus, 1_500_000_000);
  assert.is(host.CpuQuota, 0);
  assert.is(host.CpusetCpus, '0-1');
  assert.is(host.Memory, 64 * MIB);
  assert.is(host.MemoryReservation, 32 * MIB);
  assert.is(host.MemorySwap, -1);
  assert.is(host.Isolation, 'dense');
  assert.equal(host.Wolffia, { Fuel: 5_000_000, FuelPerSecond: 1_000 });
  assert.equal(state.Wolffia, { Isolation: 'dense' });
});

test('what the runtime is told beyond the limits, and inspect shows', async () => {
  await using api = await FakeApi.open();
  const { Id: id, Warnings: warnings } = await api.create({
    PidsLimit: 9,
    Init: true,
    ConsoleSize: [24, 80],
    Privileged: true,
  });
  assert.match(warnings.join(), 'Privileged mode is not obeyed');
  await api.post(`/containers/${id}/start`);
  const { spec } = api.fake.runtime.task;
  assert.is(spec.resources.pidsLimit, 9);
  assert.is(spec.isInit, true);
  assert.equal(spec.window, { columns: 80, rows: 24 });
  const { HostConfig: host } = await api.get<ContainerInspect>(`/containers/${id}/json`);
  assert.equal([host.PidsLimit, host.Init, host.ConsoleSize], [9, true, [24, 80]]);
  await api.post(`/containers/${id}/update`, { PidsLimit: -1 });
  assert.is(api.fake.runtime.task.resources.pidsLimit, undefined);
  const after = await api.get<ContainerInspect>(`/containers/${id}/json`);
  assert.is(after.HostConfig.PidsLimit, null);
});

test('what is refused at creation', async () => {
  await using api = await FakeApi.open();
  assert.equal(await api.refusal(api.create({ Memory: 1 })), [
    400,
    'Minimum memory limit allowed is 6MB',
  ]);
  const [, cpus] = await api.refusal(api.create({ NanoCpus: 5e9 }));
  assert.is(cpus, 'range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available');
  assert.is((await api.refusal(api.create({ CpusetMems: '0' })))[0], 501);
  assert.is((await api.refusal(api.create({ Wolffia: { Fuel: 1.5 } })))[0], 400);
  assert.is((await api.refusal(api.create({ Isolation: 'hyperv' })))[0], 400);
});

test('a cpuset that cannot be obeyed is told', async () => {
  await using api = await FakeApi.open();
  api.fake.runtime.canPinCpus = false;
  const { Warnings: warnings } = await api.create({ CpusetCpus: '0' });
  assert.match(warnings.join(), 'Cpuset 0 is not obeyed');
});

test('pause is shown everywhere', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  await api.post(`/containers/${id}/pause`);
  const { State: state } = await api.get<ContainerInspect>(`/containers/${id}/json`);
  assert.equal([state.Status, state.Running, state.Paused], ['paused', true, true]);
  const listed = await api.get<readonly ContainerSummary[]>('/containers/json');
  assert.is(listed[0]?.State, 'paused');
  assert.match(listed[0]?.Status ?? '', /^Up .* \(Paused\)$/);
  const filters = JSON.stringify({ status: ['paused'] });
  assert.is((await api.get<readonly object[]>('/containers/json', { filters })).length, 1);
  const unknown = JSON.stringify({ status: ['asleep'] });
  assert.match(
    (await api.refusal(api.get('/containers/json', { filters: unknown })))[1],
    "invalid filter 'status=asleep'",
  );
  const info = await api.get<InfoResponse>('/info');
  assert.equal(
    [info.Containers, info.ContainersRunning, info.ContainersPaused, info.ContainersStopped],
    [1, 0, 1, 0],
  );
  assert.equal(await api.refusal(api.post(`/containers/${id}/pause`)), [
    409,
    `container ${id} is already paused`,
  ]);
  const [status, message] = await api.refusal(api.client.hijack(`/containers/${id}/attach`, {}));
  assert.is(status, 409);
  assert.is(message, `container ${id} is paused, unpause the container before attach`);
  await api.post(`/containers/${id}/unpause`);
  assert.equal(await api.refusal(api.post(`/containers/${id}/unpause`)), [
    500,
    `Container ${id} is not paused`,
  ]);
  await api.post(`/containers/${id}/pause`);
  await api.post(`/containers/${id}/restart`);
  assert.is((await api.get<ContainerInspect>(`/containers/${id}/json`)).State.Status, 'running');
});

test('update', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const path = `/containers/${id}/update`;
  const answer = await api.post<ContainerUpdateResponse>(path, {
    CpuShares: 0,
    Memory: 64 * MIB,
    MemorySwap: 96 * MIB,
    NanoCpus: 500_000_000,
    RestartPolicy: { Name: '', MaximumRetryCount: 0 },
  });
  assert.match(answer.Warnings.join(), 'Memory limited without swap.');
  assert.equal(api.fake.runtime.task.resources.cpuBandwidth, {
    quotaMicroseconds: 50_000,
    periodMicroseconds: 100_000,
  });
  const [status, restart] = await api.refusal(
    api.post(path, { RestartPolicy: { Name: 'always' } }),
  );
  assert.is(status, 501);
  assert.match(restart, 'does not support restart policies');
  assert.equal(await api.refusal(api.post(path, { CpuQuota: 5_000 })), [
    409,
    `Cannot update container ${id}: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set`,
  ]);
  assert.is((await api.refusal(api.post('/containers/none/update', {})))[0], 404);
});

test('stats of a container that runs: two samples a second apart', async () => {
  await using api = await FakeApi.open();
  const id = await api.run({ Memory: 64 * MIB });
  const { runtime, clock } = api.fake;
  api.cpuNanoseconds = 10e9;
  runtime.task.usageNow = { ...NO_USAGE, cpuNanoseconds: 1e9 };
  const asked = api.get<ContainerStatsResponse>(`/containers/${id}/stats`, { stream: '0' });
  await timerOf(clock);
  api.cpuNanoseconds = 14e9;
  runtime.task.usageNow = {
    ...NO_USAGE,
    fuel: 77,
    cpuNanoseconds: 1.5e9,
    throttledNanoseconds: 3e8,
    periodCount: 10,
    throttledPeriodCount: 6,
    memoryBytes: 16 * MIB,
    peakMemoryBytes: 32 * MIB,
    memoryFailureCount: 2,
    processes: [{ ...MAIN_PROCESS, fuel: 77 }],
  };
  clock.advance(1_000);
  const stats = await asked;
  assert.match(stats.name, /^\//);
  assert.is(stats.id, id);
  assert.equal(stats.cpu_stats, {
    cpu_usage: { total_usage: 1.5e9, usage_in_kernelmode: 0, usage_in_usermode: 1.5e9 },
    system_cpu_usage: 14e9,
    online_cpus: 4,
    throttling_data: { periods: 10, throttled_periods: 6, throttled_time: 3e8 },
  });
  assert.is(stats.precpu_stats.cpu_usage.total_usage, 1e9);
  assert.is(stats.precpu_stats.system_cpu_usage, 10e9);
  assert.equal(stats.memory_stats, {
    usage: 16 * MIB,
    max_usage: 32 * MIB,
    stats: {},
    failcnt: 2,
    limit: 64 * MIB,
  });
  assert.equal(stats.pids_stats, { current: 1 });
  assert.is(stats.wolffia?.fuel, 77);
  assert.ok(stats.preread < stats.read && !stats.preread.startsWith('0001'));
});

test('stats at once, and of what does not run', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const query = { stream: '0', 'one-shot': '1' };
  const path = `/containers/${id}/stats`;
  const once = await api.get<ContainerStatsResponse>(path, query);
  assert.match(once.preread, /^0001-01-01/);
  assert.is(once.memory_stats.limit, 8 * GIB);
  await api.post(`/containers/${id}/stop`);
  const idle = await api.get<ContainerStatsResponse>(path, { stream: '0' });
  assert.match(idle.read, /^0001-01-01/);
  assert.equal([idle.id, idle.memory_stats, idle.wolffia], [id, {}, undefined]);
  assert.is((await api.refusal(api.get('/containers/none/stats', query)))[0], 404);
});

test('stats as a stream end with the container', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const { clock } = api.fake;
  const stream = await api.client.stream('GET', `/containers/${id}/stats`);
  const lines: ContainerStatsResponse[] = [];
  for await (const chunk of stream) {
    for (const line of String(chunk).trimEnd().split('\n')) lines.push(JSON.parse(line));
    await timerOf(clock);
    if (lines.length === 2) await api.fake.engine.lifecycle.remove(id as ContainerId, true);
    clock.advance(1_000);
  }
  assert.is(lines.length, 2);
  assert.match(lines[0]?.preread ?? '', /^0001-01-01/);
  assert.is(lines[1]?.preread, lines[0]?.read);
});

test('top', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  api.fake.runtime.task.usageNow = {
    ...NO_USAGE,
    processes: [
      { pid: 1, command: '/program', fuel: 12, cpuNanoseconds: 61.5e9, memoryBytes: 2 * MIB },
    ],
  };
  assert.equal(await api.get<ContainerTopResponse>(`/containers/${id}/top`), {
    Titles: ['PID', 'FUEL', 'TIME', 'MEM', 'CMD'],
    Processes: [['1', '12', '00:01:01.50', '2048K', '/program']],
  });
  await api.post(`/containers/${id}/kill`);
  assert.equal(await api.refusal(api.get(`/containers/${id}/top`)), [
    409,
    `container ${id} is not running`,
  ]);
});

test('the end of memory and of fuel is in inspect', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const ended = api.post(`/containers/${id}/wait`);
  api.fake.runtime.task.end({
    exitCode: 137,
    reason: 'out of fuel',
    isOutOfMemory: true,
    usage: { ...NO_USAGE, fuel: 5 },
  });
  await ended;
  const { State: state } = await api.get<ContainerInspect>(`/containers/${id}/json`);
  assert.equal([state.OOMKilled, state.Error, state.ExitCode], [true, 'out of fuel', 137]);
  assert.is(state.Wolffia.Fuel, 5);
});

test('info tells what is supported and in force', async () => {
  await using api = await FakeApi.open();
  const info = await api.get<InfoResponse>('/info');
  assert.ok(info.MemoryLimit && info.CpuCfsQuota && info.CPUShares && info.CPUSet);
  assert.not(info.SwapLimit);
  assert.equal(info.SecurityOptions, ['name=rootless', 'name=wasm', 'name=seccomp']);
  assert.equal(info.Wolffia.Hardening, [
    { Name: 'seccomp' },
    { Name: 'namespaces', MissingBecause: 'it is a test' },
  ]);
});

test.run();
