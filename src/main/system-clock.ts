import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../base/clock.ts';

const DRIFT_ALLOWED_MS = 2;

/**
 * The machine's own clock. `Date.now()` has only milliseconds, so realtime is an anchor plus what
 * the steady clock counted since; the anchor is taken anew when the two part (the user set the
 * clock, or the machine slept).
 */
export function systemClock(): Clock {
  let anchorMs = Date.now() - performance.now();
  return {
    realtimeNs(): bigint {
      const steadyMs = performance.now();
      if (Math.abs(Date.now() - (anchorMs + steadyMs)) > DRIFT_ALLOWED_MS) {
        anchorMs = Date.now() - steadyMs;
      }
      return BigInt(Math.round((anchorMs + steadyMs) * 1_000_000));
    },
    monotonicNs: () => process.hrtime.bigint(),
    monotonicMs: () => performance.now(),
    startTimer(delayMs: number, callback: () => void): Timer {
      const handle = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
