/**
 * Those who wait for one condition. Waking calls each once; whoever still finds nothing waits
 * again.
 */
export class WaitQueue {
  readonly #waiting = new Set<() => void>();

  /** Calls `wake` at the next `wakeAll`; the answer takes it off the queue (idempotent). */
  add(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  wakeAll(): void {
    if (this.#waiting.size === 0) return;
    const waking = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waking) wake();
  }
}
