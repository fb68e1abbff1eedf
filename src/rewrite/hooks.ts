/**
 * The contract between rewritten code and its host.
 *
 * The rewritten module exports a funcref table (`RewrittenModule.hooksExport`) with one place for
 * each hook, all empty: the host sets them before it calls anything. An entry must be an exported
 * WebAssembly function of the type below, for a table takes no plain JavaScript function; a
 * `WebAssembly.Suspending` import that a small module exports again will do, and may suspend.
 *
 * It exports its fuel, too (`RewrittenModule.fuelExport`), a mutable i32 global: what is left of
 * the present slice. It is 0 in a fresh instance and the host's to set. Every charge is known
 * before the code runs, and checks stand at fixed places; so the fuel of a run does not depend on
 * the slices it was cut into. Only a trap of the guest's own leaves the global behind the truth, by
 * less than what was granted last: code caches it in locals.
 */
export const HOOKS = {
  /**
   * `() -> i32`: the slice is used up; the fuel global is negative by what was overdrawn. The host
   * adds a slice to it and answers 0, or answers anything else, on which the code executes
   * `unreachable`. Answered 0 with fuel that is still negative, the code asks again.
   */
  yield: 0,
  /**
   * `(deltaPages: i32) -> i32`: may the memory grow? Asked before `memory.grow` with a delta of 0
   * to 65,536; 0 makes the instruction answer -1. Allowed growth can still fail for the module's
   * own maximum: the memory's size says so.
   */
  growMemory: 1,
  /**
   * `(deltaEntries: i32) -> i32`: may a table grow? As above, with a delta of 0 to 2^31 - 1; growth
   * that was allowed and failed is given back by a second call with the delta negated, whose answer
   * is ignored.
   */
  growTable: 2,
  /**
   * `(address: i32, timeoutNs: i64) -> i32`: stands for `memory.atomic.wait32` and `wait64` on a
   * shared memory, which is none any more (see atomic-functions.ts). The address is in bounds and
   * aligned, and the number there is the expected one. A negative timeout is none. Answers 0 when
   * woken, 2 when the time is over.
   */
  atomicWait: 3,
  /**
   * `(address: i32, count: i32) -> i32`: stands for `memory.atomic.notify`; wakes as many as that
   * (unsigned), and answers how many there were.
   */
  atomicNotify: 4,
} as const;

export const HOOK_COUNT = 5;
