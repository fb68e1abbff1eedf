import { ERRNO } from '../../base/errno.ts';
import type { Process } from '../../kernel/process.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { CLOCKS } from './numbers.ts';

export const CLOCK_CALLS = {
  clock_res_get: hostcall(['i32', 'i32'], (process, clock, resolution) => {
    readClock(process, clock);
    process.memory.writeU64(resolution, process.clockGrainNs);
    return undefined;
  }),
  clock_time_get: hostcall(['i32', 'i64', 'i32'], (process, clock, _precision, time) => {
    process.memory.writeU64(time, process.coarse(readClock(process, clock)));
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

/** Throws EINVAL for a clock that does not exist. */
export function readClock(process: Process, clock: number): bigint {
  switch (clock) {
    case CLOCKS.realtime:
      return process.clock.realtimeNs();
    case CLOCKS.monotonic:
      return process.clock.monotonicNs();
    case CLOCKS.processCpu:
    case CLOCKS.threadCpu:
      return BigInt(Math.round(process.cpuTimeMs * 1e6));
    default:
      throw ERRNO.EINVAL;
  }
}
