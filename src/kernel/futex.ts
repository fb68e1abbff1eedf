import type { Thread } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

/** A thread that waits at an address, from its first try to its last. */
class Waiter {
  readonly thread: Thread;
  readonly address: number;
  readonly queue = new WaitQueue();
  /** Undefined: no matter how long it takes. */
  readonly deadlineNs: bigint | undefined;
  isWoken = false;

  constructor(thread: Thread, address: number, deadlineNs: bigint | undefined) {
    this.thread = thread;
    this.address = address;
    this.deadlineNs = deadlineNs;
  }
}

/**
 * A handler may wait while it interrupts a wait, and be interrupted; left by longjmp, it leaves the
 * interrupted wait behind. Past so many of one thread the oldest go, as thread.ts drops frames.
 */
const MAX_WAITS_OF_THREAD = 65;

/**
 * Where the threads of a process wait for each other: `memory.atomic.wait` and `notify` (threads
 * proposal), each address a queue in the order of arrival. That the number there is the expected
 * one has been looked at before anything else could run.
 */
export class FutexTable {
  readonly #byAddress = new Map<number, Set<Waiter>>();
  readonly #byThread = new Map<Thread, Waiter[]>();

  /**
   * To be tried again after `would-block`. A negative timeout is none. Whom a signal's handler has
   * interrupted is told that it was woken, as others may be without a reason: it looks again.
   */
  wait(thread: Thread, address: number, timeoutNs: bigint): 'woken' | 'timed-out' | 'would-block' {
    const { retry } = thread;
    const waiter = retry instanceof Waiter ? retry : this.#add(thread, address, timeoutNs);
    if (waiter.isWoken) return 'woken';
    const { deadlineNs } = waiter;
    const isLate = deadlineNs !== undefined && thread.system.clock.monotonicNs() >= deadlineNs;
    if (isLate || thread.isInterrupted) {
      this.#remove(waiter);
      return isLate ? 'timed-out' : 'woken';
    }
    thread.blockOn({ queues: [waiter.queue], ...(deadlineNs === undefined ? {} : { deadlineNs }) });
    return 'would-block';
  }

  /** Wakes the first `count` of those who wait; answers how many there were. */
  notify(address: number, count: number): number {
    let woken = 0;
    for (const waiter of this.#byAddress.get(address) ?? []) {
      if (woken >= count) break;
      this.#remove(waiter);
      const { thread } = waiter;
      // What a handler interrupted is kept beside `retry`.
      if (thread.isEnding || (thread.retry !== waiter && !thread.isHandling)) continue;
      waiter.isWoken = true;
      waiter.queue.wakeAll();
      woken++;
    }
    return woken;
  }

  #add(thread: Thread, address: number, timeoutNs: bigint): Waiter {
    const deadlineNs = timeoutNs < 0n ? undefined : thread.system.clock.monotonicNs() + timeoutNs;
    const waiter = new Waiter(thread, address, deadlineNs);
    const ofThread = this.#byThread.get(thread) ?? [];
    const oldest = ofThread[0];
    if (oldest && ofThread.length >= MAX_WAITS_OF_THREAD) this.#remove(oldest);
    ofThread.push(waiter);
    this.#byThread.set(thread, ofThread);
    const atAddress = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, atAddress.add(waiter));
    thread.retry = waiter;
    return waiter;
  }

  #remove(waiter: Waiter): void {
    const { address, thread } = waiter;
    const atAddress = this.#byAddress.get(address);
    atAddress?.delete(waiter);
    if (atAddress?.size === 0) this.#byAddress.delete(address);
    const ofThread = this.#byThread.get(thread);
    ofThread?.splice(ofThread.indexOf(waiter), 1);
    if (ofThread?.length === 0) this.#byThread.delete(thread);
  }
}
