import type { ContainerUpdateRequest } from '../wire/container-create.ts';
import type { FlagSpec, Flags } from './flags.ts';

/** What may be said of limits when a container is made, and again by `update`. */
export const LIMIT_FLAGS: readonly FlagSpec[] = [
  {
    name: 'cpu-period',
    kind: 'integer',
    summary: 'Limit CPU CFS (Completely Fair Scheduler) period',
  },
  {
    name: 'cpu-quota',
    kind: 'integer',
    summary: 'Limit CPU CFS (Completely Fair Scheduler) quota',
  },
  { name: 'cpu-shares', short: 'c', kind: 'integer', summary: 'CPU shares (relative weight)' },
  { name: 'cpus', kind: 'cpus', summary: 'Number of CPUs' },
  { name: 'cpuset-cpus', kind: 'text', summary: 'CPUs in which to allow execution (0-3, 0,1)' },
  { name: 'fuel', kind: 'fuel', summary: 'Units of fuel it may use before it is ended (5M, 2G)' },
  { name: 'fuel-per-second', kind: 'fuel', summary: 'Units of fuel it may use in a second' },
  { name: 'memory', short: 'm', kind: 'bytes', summary: 'Memory limit' },
  { name: 'memory-reservation', kind: 'bytes', summary: 'Memory soft limit' },
  {
    name: 'memory-swap',
    kind: 'bytes or -1',
    summary: "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
  },
];

/** The flags in the words of the API; what was not given is absent. */
export function limitsOf(flags: Flags): ContainerUpdateRequest {
  const fuel = flags.integer('fuel');
  const fuelPerSecond = flags.integer('fuel-per-second');
  return {
    CpuPeriod: flags.integer('cpu-period'),
    CpuQuota: flags.integer('cpu-quota'),
    CpuShares: flags.integer('cpu-shares'),
    NanoCpus: flags.integer('cpus'),
    CpusetCpus: flags.text('cpuset-cpus'),
    Memory: flags.integer('memory'),
    MemoryReservation: flags.integer('memory-reservation'),
    MemorySwap: flags.integer('memory-swap'),
    ...(fuel === undefined && fuelPerSecond === undefined
      ? {}
      : { Wolffia: { Fuel: fuel, FuelPerSecond: fuelPerSecond } }),
  };
}
