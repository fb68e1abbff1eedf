import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerInspect } from '../../src/wire/container.ts';
import { EngineFixture, until } from './engine-fixture.ts';

// Limits, pause, update and usage, by our command and by the stock docker command.
const test = suite('limits');
const engine = new EngineFixture();

const COMMANDS = {
  wolffia: (args: readonly string[]) => engine.run(args),
  docker: (args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('docker', args, {
      env: {
        ...process.env,
        DOCKER_HOST: `unix://${engine.socketPath}`,
        DOCKER_CONFIG: engine.path('docker'),
      },
      cwd: engine.directory,
      timeout: 60_000,
    });
    return { exitCode: status ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
  },
};
type CommandName = keyof typeof COMMANDS;

const isDockerInstalled = spawnSync('docker', ['--version']).status === 0;
if (!isDockerInstalled) {
  process.stdout.write('skipped: the docker command is not installed (Debian: docker-cli)\n');
}
const names: readonly CommandName[] = isDockerInstalled ? ['wolffia', 'docker'] : ['wolffia'];

test.before(() => engine.importFixtures());
test.after.each(() => {
  const left = engine.ok('ps', '-aq').split('\n').filter(Boolean);
  if (left.length > 0) engine.ok('rm', '-f', ...left);
});
test.after(() => engine[Symbol.asyncDispose]());

function inspect(name: string): ContainerInspect {
  const [found] = JSON.parse(engine.ok('inspect', name)) as readonly ContainerInspect[];
  if (!found) throw new Error(`no container ${name}`);
  return found;
}

function lastCount(name: string): number {
  return Number(engine.ok('logs', '-n', '1', name) || '-1');
}

for (const command of names) {
  const run = COMMANDS[command];
  const ok = (...args: readonly string[]): string => {
    const { exitCode, stdout, stderr } = run(args);
    assert.is(exitCode, 0, stderr);
    return stdout.trimEnd();
  };

  test(`${command}: a paused container stands still, and goes on where it was`, async () => {
    ok('run', '-d', '--name', 'ticker', 'fixtures', '/behave', 'count');
    await until(() => lastCount('ticker') >= 2, 'it counts');
    assert.is(ok('pause', 'ticker'), 'ticker');
    assert.match(ok('ps', '--format', '{{.Status}}'), /^Up .* \(Paused\)$/);
    assert.is(ok('ps', '-q', '--filter', 'status=paused').length, 12);
    assert.is(ok('inspect', '-f', '{{.State.Status}} {{.State.Paused}}', 'ticker'), 'paused true');
    const here = lastCount('ticker');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.is(lastCount('ticker'), here);
    const again = run(['pause', 'ticker']);
    assert.is(again.exitCode, 1);
    assert.match(again.stderr, 'is already paused');
    assert.match(run(['attach', 'ticker']).stderr, command === 'docker' ? 'paused' : '');
    assert.match(run(['rm', 'ticker']).stderr, 'is paused and must be unpaused first');
    assert.match(run(['start', 'ticker']).stderr, 'cannot start a paused container');
    assert.is(ok('unpause', 'ticker'), 'ticker');
    await until(() => lastCount('ticker') > here, 'it goes on');
    assert.match(run(['unpause', 'ticker']).stderr, /Container \w+ is not paused/);
  });

  test(`${command}: stop, kill and restart take a paused container along`, () => {
    ok('run', '-d', '--name', 'still', 'fixtures', '/behave', 'spin-quiet');
    ok('pause', 'still');
    ok('stop', 'still');
    assert.equal([inspect('still').State.Status, inspect('still').State.ExitCode], ['exited', 143]);
    ok('start', 'still');
    ok('pause', 'still');
    ok('restart', 'still');
    assert.is(inspect('still').State.Status, 'running');
    ok('pause', 'still');
    ok('kill', 'still');
    assert.equal([inspect('still').State.Status, inspect('still').State.ExitCode], ['exited', 137]);
  });

  test(`${command}: limits are shown as they were given`, () => {
    ok(
      'create',
      '--name',
      'limited',
      '--cpus',
      '0.25',
      '-c',
      '512',
      '-m',
      '64m',
      '--memory-reservation',
      '32m',
      'fixtures',
      '/behave',
    );
    const { HostConfig: host } = inspect('limited');
    assert.equal(
      [host.NanoCpus, host.CpuShares, host.Memory, host.MemoryReservation, host.MemorySwap],
      [250_000_000, 512, 64 * 1024 * 1024, 32 * 1024 * 1024, -1],
    );
    const format = '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}';
    assert.is(ok('inspect', '-f', format, 'limited'), '250000000 67108864');
  });

  test(`${command}: what is refused`, () => {
    const refused = (...flags: readonly string[]): string => {
      const { exitCode, stderr } = run(['run', '--rm', ...flags, 'fixtures', '/behave']);
      assert.is(exitCode, 125, stderr);
      return stderr;
    };
    assert.match(refused('-m', '4m'), 'Minimum memory limit allowed is 6MB');
    assert.match(refused('--cpus', '1000'), 'range of CPUs is from 0.01 to');
    assert.match(
      refused('--cpus', '1', '--cpu-period', '10000'),
      'Conflicting options: Nano CPUs and CPU Period cannot both be set',
    );
    assert.match(refused('--cpuset-cpus', '4000'), 'Requested CPUs are not available');
    assert.match(refused('--cpuset-cpus', '1-0'), 'Invalid value 1-0 for cpuset cpus');
    assert.match(refused('-m', 'much'), "invalid size: 'much'");
    assert.match(refused('--cpus', 'x'), 'failed to parse x as a rational number');
  });

  test(`${command}: memory beyond the limit is not there`, () => {
    const grown = (...how: readonly string[]) =>
      run(['run', '--name', 'hungry', '-m', '16m', 'fixtures', '/behave', ...how]);
    const { exitCode, stdout, stderr } = grown('grow', '64');
    assert.is(exitCode, 0, stderr);
    const got = Number(stdout);
    assert.ok(got >= 8 && got < 16, `${got} MiB of 16`);
    assert.is(inspect('hungry').State.OOMKilled, false);
    assert.ok((inspect('hungry').State.Wolffia.MemoryFailures ?? 0) > 0);
    ok('rm', 'hungry');
    const aborted = grown('grow-abort', '64');
    assert.is.not(aborted.exitCode, 0);
    assert.is(inspect('hungry').State.OOMKilled, true);
    assert.is(ok('inspect', '-f', '{{.State.OOMKilled}}', 'hungry'), 'true');
  });

  test(`${command}: update works on what runs, and on what does not`, async () => {
    ok('run', '-d', '--name', 'busy', 'fixtures', '/behave', 'spin-quiet');
    assert.is(ok('update', '--cpus', '0.2', 'busy'), 'busy');
    const used = (): number => inspect('busy').State.Wolffia.CpuNanoseconds ?? 0;
    const [startNs, startMs] = [used(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const share = (used() - startNs) / ((performance.now() - startMs) * 1e6);
    assert.ok(share > 0.1 && share < 0.3, `${share} of a CPU`);
    ok('stop', 'busy');
    ok('update', '--cpu-shares', '77', 'busy');
    assert.equal(
      [inspect('busy').HostConfig.NanoCpus, inspect('busy').HostConfig.CpuShares],
      [200_000_000, 77],
    );
    const policy = run(['update', '--restart', 'always', 'busy']);
    assert.is(policy.exitCode, 1);
    assert.match(policy.stderr, 'does not support restart policies');
    const quota = run(['update', '--cpu-quota', '50000', 'busy']);
    assert.match(quota.stderr, 'CPU Quota cannot be updated as NanoCPUs has already been set');
    assert.match(run(['update', 'busy']).stderr, 'you must provide one or more flags');
  });

  test(`${command}: stats and top`, () => {
    ok(
      'run',
      '-d',
      '--name',
      'spinner',
      '-m',
      '64m',
      '--cpus',
      '0.5',
      'fixtures',
      '/behave',
      'spin',
    );
    const format = '{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.PIDs}}';
    const [name, cpu, memory, pids] = ok('stats', '--no-stream', '--format', format).split('|');
    assert.is(name, 'spinner');
    assert.match(cpu ?? '', /^[1-9][\d.]*%$/);
    assert.match(memory ?? '', /^[\d.]+[KM]iB \/ 64MiB$/);
    assert.is(pids, '1');
    assert.match(ok('stats', '--no-stream', 'spinner'), /CONTAINER ID +NAME +CPU % +MEM USAGE/);
    assert.match(run(['stats', '--no-stream', 'nobody']).stderr, 'No such container: nobody');
    assert.match(
      ok('top', 'spinner'),
      /^PID +FUEL +TIME +MEM +CMD\n1 +\d+ +00:00:0\d\.\d\d +\d+K +\/behave spin/,
    );
    ok('stop', 'spinner');
    assert.match(run(['top', 'spinner']).stderr, 'is not running');
    assert.is(ok('stats', '--no-stream', '--all', '--format', '{{.PIDs}}'), '0');
  });
}

test('fuel: the program ends when it is used up, at the same place each time', () => {
  const burn = (): ContainerInspect => {
    const args = ['run', '--name', 'burner', '--fuel', '5M', 'fixtures', '/behave', 'spin-quiet'];
    assert.is(engine.run(args).exitCode, 137);
    const result = inspect('burner');
    engine.ok('rm', 'burner');
    return result;
  };
  const first = burn();
  assert.match(first.State.Error, 'out of fuel');
  assert.is(first.State.OOMKilled, false);
  assert.is(first.HostConfig.Wolffia.Fuel, 5_000_000);
  assert.is(burn().State.Wolffia.Fuel, first.State.Wolffia.Fuel);
});

/** A rate is kept within a period; a late look at it sees one more. */
const FUEL_PERIOD_MS = 100;

test('fuel per second', async () => {
  engine.ok(
    'run',
    '-d',
    '--name',
    'slow',
    '--fuel-per-second',
    '1M',
    'fixtures',
    '/behave',
    'spin-quiet',
  );
  const used = (): number => inspect('slow').State.Wolffia.Fuel ?? 0;
  const startMs = performance.now();
  const startFuel = used();
  await until(() => used() > startFuel + 300_000, 'it goes on, a period at a time');
  const spent = used() - startFuel;
  const allowed = (performance.now() - startMs + 2 * FUEL_PERIOD_MS) * 1_000;
  assert.ok(spent <= allowed, `${spent} of ${allowed}`);
});

test('the last usage stays after the end, and over a restart of the daemon', () => {
  engine.ok('run', '--name', 'worker', 'fixtures', '/behave', 'streams', '50');
  const { State: before } = inspect('worker');
  assert.ok((before.Wolffia.Fuel ?? 0) > 0);
  engine.ok('system', 'stop');
  const { State: after } = inspect('worker');
  assert.equal(after.Wolffia, before.Wolffia);
});

test('isolation is told', () => {
  engine.ok('run', '-d', '--name', 'alone', '--isolation', 'process', 'fixtures', '/cat');
  assert.is(inspect('alone').HostConfig.Isolation, 'process');
  assert.is(inspect('alone').State.Wolffia.Isolation, 'process');
  const refused = engine.run(['run', '--rm', '--isolation', 'hyperv', 'fixtures', '/cat']);
  assert.match(refused.stderr, "invalid isolation 'hyperv'");
});

test('info tells what is supported and in force', () => {
  const text = engine.ok('info');
  assert.match(text, /Limits: memory cpus cpu-shares/);
  assert.match(text, /Cells: \d+/);
  assert.match(text, /Security Options:\n {2}rootless\n {2}wasm/);
});

test.run();
