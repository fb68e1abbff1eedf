import type { Digest } from '../spec/digest.ts';

/**
 * Content that something under way needs, though no image does yet (or any more): it is not
 * removed. A lease lives in memory: with the process ends what it was for.
 */
export class Leases {
  readonly #counts = new Map<Digest, number>();

  take(): Lease {
    return new Lease(this.#counts);
  }

  has(digest: Digest): boolean {
    return this.#counts.has(digest);
  }
}

/** One holder; dispose it when what it held is held by an image, or not wanted any more. */
export class Lease implements Disposable {
  readonly #counts: Map<Digest, number>;
  readonly #held = new Set<Digest>();

  constructor(counts: Map<Digest, number>) {
    this.#counts = counts;
  }

  /** Idempotent. Before the content is looked for: what is seen then stays. */
  hold(digest: Digest): void {
    if (this.#held.has(digest)) return;
    this.#held.add(digest);
    this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
  }

  /** Idempotent. */
  release(digest: Digest): void {
    if (!this.#held.delete(digest)) return;
    const count = this.#counts.get(digest) ?? 0;
    if (count <= 1) this.#counts.delete(digest);
    else this.#counts.set(digest, count - 1);
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  [Symbol.dispose](): void {
    for (const digest of this.#held) this.release(digest);
  }
}
