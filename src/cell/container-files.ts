import { EngineError } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import type { StartMessage } from '../link/messages.ts';
import { createDevices } from '../vfs/device.ts';
import { FileTree } from '../vfs/file-tree.ts';
import { openHostDirectory } from '../vfs/host-dir.ts';
import { createHostPaths, type HostPaths } from '../vfs/host-paths.ts';
import { LayerPool } from '../vfs/layer-pool.ts';
import { MemoryFileSystem } from '../vfs/memory.ts';
import type { MemoryCharge } from '../vfs/memory-quota.ts';
import { openOverlay } from '../vfs/overlay.ts';
import type { CellHost } from './cell-host.ts';

/** Device numbers as guests see them: unique in a container. */
const ROOT_DEVICE = 1n;
const DEVICES_DEVICE = 2n;
const SHARED_MEMORY_DEVICE = 3n;
const FIRST_MOUNT_DEVICE = 16n;
/** Docker's size of /dev/shm. */
const SHARED_MEMORY_BYTES = 64 << 20;
/** As many as Linux allows in as much memory: one a page. */
const MAX_SHARED_MEMORY_FILES = SHARED_MEMORY_BYTES / 4096;
/** Shown, and not made in the upperdir. */
const VIRTUAL = { isVirtual: true } as const;
/** A path that does not exist: an upperdir is made when something is written. */
const NO_UPPERDIR = '/nonexistent';

/**
 * Opens the files of containers: the image's layers under an upperdir, devices, and what is
 * mounted.
 */
export class ContainerFiles {
  readonly #host: CellHost;
  readonly #layers: LayerPool;
  readonly #paths: HostPaths;

  constructor(host: CellHost) {
    this.#host = host;
    this.#layers = new LayerPool(host.files);
    this.#paths = createHostPaths(host.files);
  }

  /**
   * The caller disposes the tree. What it holds in memory is charged to `charge`.
   *
   * # Errors
   * - invalid-argument: something cannot be mounted
   * - internal: a layer or the upperdir cannot be opened
   */
  open(spec: StartMessage, charge: MemoryCharge): FileTree {
    using owned = new DisposableStack();
    const tree = owned.use(this.#openRoot(spec));
    this.#mountDevices(tree, spec, charge);
    // Outer targets first, as an inner one is looked for in what is mounted there.
    const mounts = spec.mounts.toSorted(
      (one, other) => depthOf(one.target) - depthOf(other.target),
    );
    let device = FIRST_MOUNT_DEVICE;
    for (const { source, target, isReadOnly } of mounts) {
      const options = { source, device, isReadOnly };
      mountAt(target, () => {
        const directory = openHostDirectory(this.#paths, options);
        try {
          tree.mount(target, directory);
        } catch (thrown) {
          directory[Symbol.dispose]();
          throw thrown;
        }
      });
      device += 1n;
    }
    owned.move();
    return tree;
  }

  /** Only what an image has, to look at; nothing may be written. Errors: Errnos. */
  openImage(layers: StartMessage['rootfs']['layers']): FileTree {
    return this.#openOverlay(layers, NO_UPPERDIR);
  }

  #mountDevices(tree: FileTree, { hasTerminal }: StartMessage, charge: MemoryCharge): void {
    const { fillRandom, clock } = this.#host;
    const now = (): bigint => clock.realtimeNs();
    mountAt('/dev', () => {
      const options = { fillRandom, now, charge, hasTerminal };
      tree.mount('/dev', createDevices({ device: DEVICES_DEVICE, ...options }), VIRTUAL);
      const shared = new MemoryFileSystem({
        device: SHARED_MEMORY_DEVICE,
        sizeBytes: SHARED_MEMORY_BYTES,
        maxFiles: MAX_SHARED_MEMORY_FILES,
        now,
        charge,
      });
      tree.mount('/dev/shm', shared, VIRTUAL);
    });
  }

  #openRoot({ rootfs, containerId }: StartMessage): FileTree {
    try {
      return this.#openOverlay(rootfs.layers, rootfs.upperdir);
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      throw new EngineError(
        'internal',
        `cannot open the root file system of container ${containerId}: ${thrown.name}`,
      );
    }
  }

  #openOverlay(layers: StartMessage['rootfs']['layers'], upperdir: string): FileTree {
    const overlay = openOverlay({
      layers: layers.map((source) => this.#layers.acquire(source)),
      upperdir,
      paths: this.#paths,
      device: ROOT_DEVICE,
    });
    return new FileTree(overlay);
  }
}

function mountAt(target: string, mount: () => void): void {
  try {
    mount();
  } catch (thrown) {
    if (!(thrown instanceof Errno)) throw thrown;
    throw new EngineError(
      'invalid-argument',
      `error mounting at ${target} in the container: ${thrown.name}`,
    );
  }
}

function depthOf(path: string): number {
  return path.split('/').length;
}
