import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CREATE_FLAGS } from '../../../src/cli/create-flags.ts';
import { parseFlags, UsageError } from '../../../src/cli/flags.ts';
import { LIMIT_FLAGS, limitsOf } from '../../../src/cli/limit-flags.ts';
import { cpuPercent } from '../../../src/cli/stats.ts';

function limits(...args: readonly string[]) {
  const asked = limitsOf(parseFlags(args, LIMIT_FLAGS, true).flags);
  return JSON.parse(JSON.stringify(asked)) as unknown;
}

function refusal(...args: readonly string[]): string {
  try {
    limits(...args);
  } catch (thrown) {
    assert.instance(thrown, UsageError);
    return (thrown as UsageError).message;
  }
  return 'nothing was refused';
}

test('flags become the API’s fields', () => {
  assert.equal(limits(), {});
  assert.equal(
    limits('--cpus', '1.5', '-c', '512', '-m', '64m', '--memory-swap', '-1', '--cpuset-cpus=0-1'),
    {
      NanoCpus: 1_500_000_000,
      CpuShares: 512,
      Memory: 67_108_864,
      MemorySwap: -1,
      CpusetCpus: '0-1',
    },
  );
  assert.equal(limits('--cpu-period', '10000', '--cpu-quota=-1', '--memory-reservation', '1g'), {
    CpuPeriod: 10_000,
    CpuQuota: -1,
    MemoryReservation: 1_073_741_824,
  });
  assert.equal(limits('--fuel', '5M'), { Wolffia: { Fuel: 5_000_000 } });
  assert.equal(limits('--fuel-per-second=2k'), { Wolffia: { FuelPerSecond: 2_000 } });
});

test('bad values are told in pflag’s words', () => {
  assert.is(
    refusal('-m', 'much'),
    'invalid argument "much" for "-m, --memory" flag: invalid size: \'much\'',
  );
  assert.is(
    refusal('--memory=-1'),
    'invalid argument "-1" for "-m, --memory" flag: invalid size: \'-1\'',
  );
  assert.is(
    refusal('--cpus', 'all'),
    'invalid argument "all" for "--cpus" flag: failed to parse all as a rational number',
  );
  assert.is(
    refusal('--cpu-shares', '1.5'),
    'invalid argument "1.5" for "-c, --cpu-shares" flag: strconv.ParseInt: parsing "1.5": invalid syntax',
  );
  assert.match(
    refusal('--fuel', 'x'),
    'invalid argument "x" for "--fuel" flag: invalid count of fuel',
  );
});

test('no flag has another’s name', () => {
  const names = CREATE_FLAGS.flatMap(({ name, short }) => (short ? [name, short] : [name]));
  assert.is(new Set(names).size, names.length);
});

test('the share of the CPU is Docker’s', () => {
  const stats = (cpu: number, system: number) => ({
    cpu_usage: { total_usage: cpu, usage_in_kernelmode: 0, usage_in_usermode: cpu },
    system_cpu_usage: system,
    online_cpus: 2,
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  });
  assert.is(cpuPercent(stats(0, 0), stats(1e9, 2e9)), 100);
  assert.is(cpuPercent(stats(1e9, 2e9), stats(1.25e9, 4e9)), 25);
  assert.is(cpuPercent(stats(1e9, 2e9), stats(1e9, 2e9)), 0);
});

test.run();
