import type { LayerSource } from '../spec/mount.ts';
import type { HostFiles } from './host-files.ts';
import { Layer } from './layer.ts';

/**
 * The layers that a program has open, so that containers of one image share index and descriptor. A
 * layer that no container holds any more stays open for the next one, but only so many.
 */
export class LayerPool implements Disposable {
  readonly #host: HostFiles;
  readonly #capacity: number;
  /** By diffId, the least recently used first. The pool is one of the holders of each. */
  readonly #layers = new Map<string, Layer>();

  constructor(host: HostFiles, capacity: number = DEFAULT_CAPACITY) {
    this.#host = host;
    this.#capacity = capacity;
  }

  /** The caller disposes what it gets. Errors: as `Layer.open`. */
  acquire(source: LayerSource): Layer {
    const present = this.#layers.get(source.diffId);
    const layer = present ?? Layer.open(source, this.#host);
    this.#layers.delete(source.diffId);
    this.#layers.set(source.diffId, layer);
    if (this.#layers.size > this.#capacity) this.#dropOldest();
    return layer.retain();
  }

  [Symbol.dispose](): void {
    for (const layer of this.#layers.values()) layer[Symbol.dispose]();
    this.#layers.clear();
  }

  #dropOldest(): void {
    for (const [diffId, layer] of this.#layers) {
      this.#layers.delete(diffId);
      layer[Symbol.dispose]();
      return;
    }
  }
}

/** A cell serves few images; one of them has seldom more than 20 layers. */
const DEFAULT_CAPACITY = 64;
