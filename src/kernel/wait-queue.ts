/**
 * Those who wait for one condition. Waking calls each once; whoever still finds nothing waits
 * again.
 */
export class WaitQueue {
  /** Undefined as long as nobody waits: most queues are there in case, and never used. */
  #waiting: Set<() => void> | undefined;

  /** Calls `wake` at the next `wakeAll`; the answer takes it off the queue (idempotent). */
  add(wake: () => void): () => void {
    this.#waiting ??= new Set();
    this.#waiting.add(wake);
    return () => this.#waiting?.delete(wake);
  }

  wakeAll(): void {
    const waking = this.#waiting;
    if (!waking) return;
    this.#waiting = undefined;
    for (const wake of waking) wake();
  }
}
