import { EngineError } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import type { FileSystem } from '../vfs/contract.ts';
import type { HostFiles } from '../vfs/host-files.ts';
import { createHostPaths, type HostPaths } from '../vfs/host-paths.ts';
import { LayerPool } from '../vfs/layer-pool.ts';
import { openOverlay } from '../vfs/overlay.ts';
import type { SnapshotSource, Snapshots } from './contract.ts';
import { exportTree } from './export-tree.ts';

/** Exports are few at a time, and an index takes memory. */
const LAYERS_KEPT_OPEN = 8;
/** Only told apart from what is mounted, which is nothing here. */
const ROOT_DEVICE = 1n;

/** Of containers whose files are indexed layers under an upperdir: those of WebAssembly. */
export class LayeredSnapshots implements Snapshots, Disposable {
  readonly #layers: LayerPool;
  readonly #paths: HostPaths;

  constructor(host: HostFiles) {
    this.#layers = new LayerPool(host, LAYERS_KEPT_OPEN);
    this.#paths = createHostPaths(host);
  }

  async *export(source: SnapshotSource): AsyncGenerator<Uint8Array> {
    using fileSystem = this.#open(source);
    yield* exportTree(fileSystem.root);
  }

  [Symbol.dispose](): void {
    this.#layers[Symbol.dispose]();
    this.#paths[Symbol.dispose]();
  }

  #open({ layers, upperdir }: SnapshotSource): FileSystem {
    try {
      return openOverlay({
        layers: layers.map((layer) => this.#layers.acquire(layer)),
        upperdir,
        paths: this.#paths,
        device: ROOT_DEVICE,
        isReadOnly: true,
      });
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      throw new EngineError('data-loss', `cannot open the files of a container: ${thrown.name}`, {
        cause: thrown,
      });
    }
  }
}
