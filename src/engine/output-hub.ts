import type { OutputStream } from '../runtime/contract.ts';

/**
 * Somebody who gets a container's output as it comes. A promise slows the container until it
 * resolves.
 */
export interface OutputListener {
  write(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined;
  /** The container has ended; nothing more comes. */
  end(): void;
}

/** Hands a container's output to whoever is attached. */
export class OutputHub {
  readonly #listeners = new Set<OutputListener>();

  add(listener: OutputListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(stream: OutputStream, bytes: Uint8Array): Promise<unknown> | undefined {
    const waits: Promise<void>[] = [];
    for (const listener of this.#listeners) {
      const wait = listener.write(stream, bytes);
      if (wait) waits.push(wait);
    }
    return waits.length > 0 ? Promise.all(waits) : undefined;
  }

  /** Tells all listeners the end, and forgets them. */
  end(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.end();
  }
}
