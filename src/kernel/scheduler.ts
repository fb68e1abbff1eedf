import type { Clock, Timer } from '../base/clock.ts';
import type { ControlGroup } from './control-group.ts';
import type { Thread } from './thread.ts';
import { ThreadQuota } from './thread-quota.ts';
import type { Turns } from './turns.ts';

/**
 * Who runs, in a cell where everything is a coroutine of one thread.
 *
 * # Theory of operation
 * At most one thread runs at a time: the scheduler resumes it, and the next one only after it has
 * suspended or ended. So `running` is whose hostcalls arrive.
 *
 * A thread runs until it waits for something, or until its slice is over: rewritten code calls a
 * hook whenever a portion of fuel is used up, and hostcalls look at the clock now and then. Each
 * turn of the event loop runs guests for `TURN_MS` at most, so that sockets, timers and the daemon
 * are heard in time.
 *
 * Fairness is between containers, by weighted virtual time: the group that has received least runs
 * next. One that slept comes back with at most `SLEEPER_CREDIT_MS` of credit: it runs next, and
 * cannot save up. Throttled and paused groups are passed over. A thread that must end goes first
 * whatever its group's limits are, for all it does is to trap.
 */
export const SLICE_MS = 2;
const TURN_MS = 2;
const SLEEPER_CREDIT_MS = SLICE_MS;

export class Scheduler {
  /** All those that it may have to run. */
  readonly threads: ThreadQuota;
  readonly #clock: Clock;
  readonly #turns: Turns;
  /** Groups with runnable threads, whether they may run now or not. */
  readonly #ready = new Set<ControlGroup>();
  readonly #ending: Thread[] = [];
  #running: Thread | undefined;
  #accountedFuel = 0;
  #sliceStartMs = 0;
  #sliceEndMs = 0;
  #turnEndMs = 0;
  #leastVirtualMs = 0;
  #isNextDue = false;
  #refillTimer: Timer | undefined;

  constructor(clock: Clock, turns: Turns, threadLimit = Number.POSITIVE_INFINITY) {
    this.threads = new ThreadQuota(threadLimit);
    this.#clock = clock;
    this.#turns = turns;
  }

  /** Whose hostcall it is that is being served. */
  get running(): Thread | undefined {
    return this.#running;
  }

  /** When the running thread began its slice, by the monotonic clock. */
  get sliceStartMs(): number {
    return this.#sliceStartMs;
  }

  /** All that the guests of the cell have used until now. */
  fuelUsed(): number {
    return this.#accountedFuel + (this.#running?.unaccountedFuel ?? 0);
  }

  /** True when the running thread must let others have their turn. */
  isSliceOver(): boolean {
    return this.isSliceOverAt(this.#clock.monotonicMs());
  }

  isSliceOverAt(nowMs: number): boolean {
    return nowMs >= this.#sliceEndMs;
  }

  /** Resumes a process at once; nobody may be running. */
  run(thread: Thread, nowMs = this.#clock.monotonicMs(), sliceMs = SLICE_MS): void {
    this.#running = thread;
    this.#sliceStartMs = nowMs;
    this.#sliceEndMs = nowMs + sliceMs;
    thread.resume();
  }

  /** A thread of the group can go on. */
  ready(thread: Thread): void {
    const { group } = thread;
    group.runnable.push(thread);
    this.#ready.add(group);
    // Whoever could run and may not is throttled from now on.
    if (group.isLimited) group.allowanceAt(this.#clock.monotonicMs());
    this.#continue();
  }

  /** A thread that waits, or waits for its turn, is to be resumed to its end. */
  expedite(thread: Thread): void {
    const place = thread.group.runnable.indexOf(thread);
    if (place >= 0) thread.group.runnable.splice(place, 1);
    this.#ending.push(thread);
    this.#continue();
  }

  /** The group's limits have changed, or it was resumed: what could not run perhaps can. */
  reconsider(): void {
    this.#continue();
  }

  /** The running thread has suspended, or ended. */
  leave(thread: Thread): void {
    if (this.#running !== thread) return;
    const nowMs = this.#clock.monotonicMs();
    this.#accountedFuel += thread.account(nowMs - this.#sliceStartMs);
    this.#running = undefined;
    if (this.#ready.size > 0 || this.#ending.length > 0) this.#continue(nowMs);
  }

  #continue(nowMs?: number): void {
    if (this.#isNextDue || this.#running) return;
    this.#isNextDue = true;
    if (nowMs !== undefined && nowMs < this.#turnEndMs) {
      // The one that leaves is not suspended before its hostcall has returned.
      void Promise.resolve().then(() => this.#next());
    } else {
      this.#turns.atNextTurn(() => {
        this.#turnEndMs = this.#clock.monotonicMs() + TURN_MS;
        this.#next();
      });
    }
  }

  #next(): void {
    this.#isNextDue = false;
    if (this.#running) return;
    const nowMs = this.#clock.monotonicMs();
    const ending = this.#ending.shift();
    if (ending) {
      this.run(ending, nowMs, SLICE_MS);
      return;
    }
    const found = this.#pick(nowMs);
    if (!found) return;
    const { group, allowanceMs } = found;
    const thread = group.runnable.shift();
    if (group.runnable.length === 0) this.#ready.delete(group);
    this.#leastVirtualMs = Math.max(this.#leastVirtualMs, group.virtualTimeMs);
    if (thread) this.run(thread, nowMs, Math.min(SLICE_MS, allowanceMs));
    else this.#continue(nowMs);
  }

  /** The ready group with the least virtual time of those that may run. */
  #pick(nowMs: number): { group: ControlGroup; allowanceMs: number } | undefined {
    let best: ControlGroup | undefined;
    let bestAllowanceMs = 0;
    let refillAtMs = Number.POSITIVE_INFINITY;
    for (const group of this.#ready) {
      // Who slept, was throttled or paused has not received anything, and is not owed all of it.
      group.virtualTimeMs = Math.max(group.virtualTimeMs, this.#leastVirtualMs - SLEEPER_CREDIT_MS);
      if (best && group.virtualTimeMs >= best.virtualTimeMs) continue;
      const allowanceMs = group.allowanceAt(nowMs);
      if (allowanceMs > 0) {
        best = group;
        bestAllowanceMs = allowanceMs;
      } else if (!group.isPaused) {
        refillAtMs = Math.min(refillAtMs, group.refillAtMs);
      }
    }
    if (best) return { group: best, allowanceMs: bestAllowanceMs };
    if (refillAtMs < Number.POSITIVE_INFINITY) this.#wakeAt(refillAtMs, nowMs);
    return undefined;
  }

  /** Nobody may run before that time. */
  #wakeAt(atMs: number, nowMs: number): void {
    this.#refillTimer?.cancel();
    const delayMs = Math.max(0, Math.ceil(atMs - nowMs));
    this.#refillTimer = this.#clock.startTimer(delayMs, () => {
      this.#refillTimer = undefined;
      if (this.#ready.size > 0) this.#continue();
    });
  }
}
