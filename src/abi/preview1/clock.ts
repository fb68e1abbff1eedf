import { ERRNO } from '../../base/errno.ts';
import type { Thread } from '../../kernel/thread.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { CLOCKS } from './numbers.ts';

export const CLOCK_CALLS = {
  clock_res_get: hostcall(['i32', 'i32'], (thread, clock, resolution) => {
    readClock(thread, clock);
    thread.memory.writeU64(resolution, thread.system.clockGrainNs);
    return undefined;
  }),
  clock_time_get: hostcall(['i32', 'i64', 'i32'], (thread, clock, _precision, time) => {
    thread.memory.writeU64(time, thread.system.coarse(readClock(thread, clock)));
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

/** Throws EINVAL for a clock that does not exist. */
export function readClock(thread: Thread, clock: number): bigint {
  switch (clock) {
    case CLOCKS.realtime:
      return thread.system.clock.realtimeNs();
    case CLOCKS.monotonic:
      return thread.system.clock.monotonicNs();
    case CLOCKS.processCpu:
      return BigInt(Math.round(thread.process.cpuTimeMs * 1e6));
    case CLOCKS.threadCpu:
      return BigInt(Math.round(thread.cpuTimeMs * 1e6));
    default:
      throw ERRNO.EINVAL;
  }
}
