/**
 * Time as a parameter: the engine and the kernel never read a clock of their own, so that a test
 * (and later a recorded run) decides what time it is and when a timer fires.
 */
export interface Clock {
  /** Nanoseconds since the Unix epoch. */
  realtimeNs(): bigint;
  /** Nanoseconds since some fixed point; never goes back. */
  monotonicNs(): bigint;
  /** The same clock in milliseconds with a fraction: cheaper, for what is measured often. */
  monotonicMs(): number;
  /** Calls `callback` once, not before `delayMs` have passed. */
  startTimer(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  /** Idempotent; the callback will not be called afterwards. */
  cancel(): void;
}

/** Docker's timestamps: RFC 3339 with nanoseconds, in UTC. */
export function rfc3339Nano(realtimeNs: bigint): string {
  const nanoseconds = realtimeNs % 1_000_000_000n;
  const seconds = new Date(Number(realtimeNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${nanoseconds.toString().padStart(9, '0')}Z`;
}
