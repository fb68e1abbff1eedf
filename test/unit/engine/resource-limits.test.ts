import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import type { ContainerId } from '../../../src/engine/container-id.ts';
import { parseCpuList } from '../../../src/engine/cpu-list.ts';
import {
  isolationOf,
  type LimitsRequest,
  NO_LIMITS,
  resourcesOf,
  settleLimits,
  updateLimits,
} from '../../../src/engine/resource-limits.ts';

const CPUS = { count: 2, list: '0-1', canPin: true };
const MIB = 1024 * 1024;
const ID = 'c'.repeat(64) as ContainerId;

function refusal(request: LimitsRequest, isUpdate = false): string {
  try {
    if (isUpdate) updateLimits(ID, NO_LIMITS, request, CPUS);
    else settleLimits(request, CPUS);
  } catch (thrown) {
    assert.instance(thrown, EngineError);
    assert.is((thrown as EngineError).kind, 'invalid-argument');
    return (thrown as EngineError).message;
  }
  return '';
}

test('nothing asked for is Docker’s defaults', () => {
  const { limits, warnings } = settleLimits({}, CPUS);
  assert.equal(limits, NO_LIMITS);
  assert.equal(warnings, []);
  assert.equal(resourcesOf(limits), { cpuShares: 1024 });
  assert.is(isolationOf(limits), 'default');
});

test('zero is not said, as stock clients send every field', () => {
  const zeros = {
    cpuShares: 0,
    nanoCpus: 0,
    cpuPeriodMicroseconds: 0,
    cpuQuotaMicroseconds: 0,
    cpusetCpus: '',
    memoryBytes: 0,
    memoryReservationBytes: 0,
    memorySwapBytes: 0,
    memorySwappiness: -1,
    isOomKillDisabled: false,
    isolation: '',
  };
  assert.equal(settleLimits(zeros, CPUS), { limits: NO_LIMITS, warnings: [] });
});

test('CPU time: --cpus, and quota over period', () => {
  const of = (request: LimitsRequest) => resourcesOf(settleLimits(request, CPUS).limits);
  assert.equal(of({ nanoCpus: 250_000_000 }).cpuBandwidth, {
    quotaMicroseconds: 25_000,
    periodMicroseconds: 100_000,
  });
  assert.equal(of({ cpuQuotaMicroseconds: 5_000 }).cpuBandwidth, {
    quotaMicroseconds: 5_000,
    periodMicroseconds: 100_000,
  });
  assert.equal(of({ cpuQuotaMicroseconds: 5_000, cpuPeriodMicroseconds: 10_000 }).cpuBandwidth, {
    quotaMicroseconds: 5_000,
    periodMicroseconds: 10_000,
  });
  assert.is(of({ cpuPeriodMicroseconds: 10_000 }).cpuBandwidth, undefined);
  assert.is(of({ cpuQuotaMicroseconds: -1 }).cpuBandwidth, undefined);
  assert.is(of({ nanoCpus: 1 }).cpuBandwidth?.quotaMicroseconds, 1);
});

test('shares are kept as they were asked for, and clamped where they are enforced', () => {
  const { limits } = settleLimits({ cpuShares: 1 }, CPUS);
  assert.is(limits.cpuShares, 1);
  assert.is(resourcesOf(limits).cpuShares, 2);
  assert.is(resourcesOf({ ...NO_LIMITS, cpuShares: 1_000_000 }).cpuShares, 262_144);
});

test('fuel, memory, cpuset and isolation are handed on', () => {
  const request = {
    fuel: 5_000,
    fuelPerSecond: 100,
    memoryBytes: 64 * MIB,
    cpusetCpus: '0,1',
    isolation: 'Process',
  };
  const { limits } = settleLimits(request, CPUS);
  assert.is(isolationOf(limits), 'process');
  assert.equal(resourcesOf(limits), {
    cpuShares: 1024,
    cpusetCpus: '0,1',
    memoryBytes: 64 * MIB,
    fuel: 5_000,
    fuelPerSecond: 100,
  });
});

test('what is refused, in Docker’s words', () => {
  const cases: readonly (readonly [LimitsRequest, string])[] = [
    [
      { nanoCpus: 1e9, cpuPeriodMicroseconds: 1_000 },
      'Conflicting options: Nano CPUs and CPU Period cannot both be set',
    ],
    [
      { nanoCpus: 1e9, cpuQuotaMicroseconds: 1_000 },
      'Conflicting options: Nano CPUs and CPU Quota cannot both be set',
    ],
    [
      { nanoCpus: 2_000_000_001 },
      'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available',
    ],
    [{ nanoCpus: -1 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
    [{ cpuShares: -2 }, 'invalid CPU shares (-2): value must be a positive integer'],
    [
      { cpuPeriodMicroseconds: 999 },
      'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    ],
    [
      { cpuPeriodMicroseconds: 1_000_001 },
      'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    ],
    [{ cpuQuotaMicroseconds: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
    [{ memoryBytes: 6 * MIB - 1 }, 'Minimum memory limit allowed is 6MB'],
    [{ memoryBytes: -1 }, 'Minimum memory limit allowed is 6MB'],
    [{ memoryReservationBytes: MIB }, 'Minimum memory reservation allowed is 6MB'],
    [
      { memoryBytes: 8 * MIB, memoryReservationBytes: 9 * MIB },
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    ],
    [
      { memoryBytes: 8 * MIB, memorySwapBytes: 7 * MIB },
      'Minimum memoryswap limit should be larger than memory limit, see usage',
    ],
    [
      { memorySwapBytes: 8 * MIB },
      'You should always set the Memory limit when using Memoryswap limit, see usage',
    ],
    [{ cpusetCpus: '1-0' }, 'Invalid value 1-0 for cpuset cpus: invalid format: 1-0'],
    [{ cpusetCpus: '0,' }, 'Invalid value 0, for cpuset cpus: invalid format: 0,'],
    [
      { cpusetCpus: '0-99999999' },
      'Invalid value 0-99999999 for cpuset cpus: value of out range, maximum is 8192',
    ],
    [{ cpusetCpus: '9' }, 'Requested CPUs are not available - requested 9, available: 0-1'],
  ];
  for (const [request, message] of cases) assert.is(refusal(request), message);
  assert.match(refusal({ isolation: 'hyperv' }), "invalid isolation 'hyperv'");
});

test('what is not obeyed is told', () => {
  const warningsOf = (request: LimitsRequest, canPin = true) =>
    settleLimits(request, { ...CPUS, canPin }).warnings;
  const [swap = ''] = warningsOf({ memoryBytes: 8 * MIB, memorySwapBytes: 16 * MIB });
  assert.is(
    swap,
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
  );
  assert.equal(warningsOf({ memoryBytes: 8 * MIB }), []);
  assert.equal(warningsOf({ memoryBytes: 8 * MIB, memorySwapBytes: -1 }), []);
  assert.match(warningsOf({ memorySwappiness: 10 }).join(), 'Memory swappiness discarded.');
  assert.match(warningsOf({ isOomKillDisabled: true }).join(), 'OomKillDisable discarded.');
  assert.equal(warningsOf({ cpusetCpus: '0' }), []);
  assert.match(warningsOf({ cpusetCpus: '0' }, false).join(), 'Cpuset 0 is not obeyed');
  assert.is(settleLimits({ memoryBytes: 8 * MIB }, CPUS).limits.memorySwapBytes, -1);
});

test('an update changes what it says', () => {
  const { limits } = settleLimits(
    { nanoCpus: 1e9, memoryBytes: 8 * MIB, fuel: 100, isolation: 'dense' },
    CPUS,
  );
  const update = (request: LimitsRequest) => updateLimits(ID, limits, request, CPUS).limits;
  assert.equal(update({}), limits);
  assert.equal(update({ nanoCpus: 5e8 }), { ...limits, nanoCpus: 5e8 });
  assert.equal(update({ memoryBytes: 64 * MIB }), { ...limits, memoryBytes: 64 * MIB });
  assert.equal(update({ fuel: -1 }), { ...limits, fuel: 0 });
  assert.is(refusal({ memorySwapBytes: 8 * MIB }, true), '');
  assert.is(refusal({ memoryBytes: 1 }, true), 'Minimum memory limit allowed is 6MB');
});

test('an update that does not go with what is set', () => {
  const conflict = (before: LimitsRequest, request: LimitsRequest): string => {
    try {
      updateLimits(ID, settleLimits(before, CPUS).limits, request, CPUS);
    } catch (thrown) {
      assert.is((thrown as EngineError).kind, 'conflict');
      return (thrown as EngineError).message.replace(ID, 'ID');
    }
    return '';
  };
  assert.is(
    conflict({ cpuPeriodMicroseconds: 10_000 }, { nanoCpus: 1e9 }),
    'Cannot update container ID: Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set',
  );
  assert.is(
    conflict({ cpuQuotaMicroseconds: 10_000 }, { nanoCpus: 1e9 }),
    'Cannot update container ID: Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set',
  );
  assert.is(
    conflict({ nanoCpus: 1e9 }, { cpuPeriodMicroseconds: 10_000 }),
    'Cannot update container ID: Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set',
  );
  assert.is(
    conflict({ nanoCpus: 1e9 }, { cpuQuotaMicroseconds: 10_000 }),
    'Cannot update container ID: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set',
  );
});

test('lists of CPUs', () => {
  assert.equal(parseCpuList('0-2,5'), [0, 1, 2, 5]);
  assert.equal(parseCpuList('3,2,1-2'), [1, 2, 3]);
  assert.equal(parseCpuList(''), []);
  const cpus = fc.uniqueArray(fc.nat(8192), { minLength: 1 });
  fc.assert(
    fc.property(cpus, (numbers) => {
      assert.equal(
        parseCpuList(numbers.join()),
        numbers.toSorted((one, other) => one - other),
      );
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseCpuList(text);
      } catch (thrown) {
        assert.instance(thrown, EngineError);
      }
    }),
  );
});

test.run();
