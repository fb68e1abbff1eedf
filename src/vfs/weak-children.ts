/** Below this many names a sweep is not worth its while. */
const LEAST_SWEEP = 64;

/**
 * The directories of one parent that somebody still holds, by name, so that a directory has one
 * vnode only and a rename or a copy-up is seen by all who hold it. Holds none of them alive.
 */
export class WeakChildren<Child extends object> {
  readonly #references = new Map<string, WeakRef<Child>>();
  #sweepAt = LEAST_SWEEP;

  get(name: string): Child | undefined {
    return this.#references.get(name)?.deref();
  }

  set(name: string, child: Child): void {
    this.#references.set(name, new WeakRef(child));
    if (this.#references.size >= this.#sweepAt) this.#sweep();
  }

  /** Forgets the name; answers what it stood for. */
  take(name: string): Child | undefined {
    const child = this.get(name);
    this.#references.delete(name);
    return child;
  }

  *values(): Iterable<Child> {
    for (const reference of this.#references.values()) {
      const child = reference.deref();
      if (child) yield child;
    }
  }

  /** Drops the names of what was collected, and waits for twice as many before the next sweep. */
  #sweep(): void {
    for (const [name, reference] of this.#references) {
      if (!reference.deref()) this.#references.delete(name);
    }
    this.#sweepAt = Math.max(LEAST_SWEEP, this.#references.size * 2);
  }
}
