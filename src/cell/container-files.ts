import { EngineError } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import type { StartMessage } from '../link/messages.ts';
import type { FileSystem } from '../vfs/contract.ts';
import { createDevices } from '../vfs/device.ts';
import { FileTree } from '../vfs/file-tree.ts';
import { openHostDirectory } from '../vfs/host-dir.ts';
import { createHostPaths, type HostPaths } from '../vfs/host-paths.ts';
import { LayerPool } from '../vfs/layer-pool.ts';
import { LazyFileSystem } from '../vfs/lazy.ts';
import { MemoryFileSystem } from '../vfs/memory.ts';
import type { MemoryCharge } from '../vfs/memory-quota.ts';
import { type Overlay, openOverlay } from '../vfs/overlay.ts';
import type { CellHost } from './cell-host.ts';

/** Device numbers as guests see them: unique in a container. */
const ROOT_DEVICE = 1n;
const DEVICES_DEVICE = 2n;
const FIRST_MOUNT_DEVICE = 16n;
/** Shown, and not made in the upperdir. */
const VIRTUAL = { isVirtual: true } as const;
const SHARED_MEMORY = '/dev/shm';
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
    const overlay = this.#openRoot(spec, charge);
    using owned = new DisposableStack();
    const tree = owned.use(new FileTree(overlay));
    const { fillRandom, clock } = this.#host;
    const now = (): bigint => clock.realtimeNs();
    const { hasTerminal } = spec;
    const devices = { device: DEVICES_DEVICE, fillRandom, now, charge, hasTerminal };
    mountAt(tree, '/dev', VIRTUAL, () => {
      const facts = { typeName: 'tmpfs', isReadOnly: false };
      return new LazyFileSystem(facts, () => createDevices(devices));
    });
    let device = FIRST_MOUNT_DEVICE;
    const mounts: { readonly target: string; readonly open: () => FileSystem }[] = [];
    for (const { source, target, isReadOnly } of spec.mounts) {
      const options = { source, device: device++, isReadOnly, isSourceResolved: true };
      mounts.push({ target, open: () => openHostDirectory(this.#paths, options) });
    }
    for (const { target, ...facts } of spec.tmpfs) {
      const options = { ...facts, device: device++, now, charge };
      mounts.push({ target, open: () => new MemoryFileSystem(options) });
    }
    // Outer targets first, as an inner one is looked for in what is mounted there.
    mounts.sort((one, other) => depthOf(one.target) - depthOf(other.target));
    for (const { target, open } of mounts) {
      // To look for it in /dev would make that, which most containers never look into.
      mountAt(tree, target, target === SHARED_MEMORY ? VIRTUAL : {}, open);
    }
    if (spec.rootfs.isReadOnly) overlay.freeze();
    owned.move();
    return tree;
  }

  /** Only what an image has, to look at; nothing may be written. Errors: Errnos. */
  openImage(layers: StartMessage['rootfs']['layers']): FileTree {
    return new FileTree(this.#openOverlay({ layers, upperdir: NO_UPPERDIR, isReadOnly: true }));
  }

  #openRoot({ rootfs, containerId }: StartMessage, charge: MemoryCharge): Overlay {
    try {
      return this.#openOverlay(rootfs, charge);
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      throw new EngineError(
        'internal',
        `cannot open the root file system of container ${containerId}: ${thrown.name}`,
      );
    }
  }

  #openOverlay(rootfs: StartMessage['rootfs'], charge?: MemoryCharge): Overlay {
    const { layers, upperdir, sizeLimitBytes } = rootfs;
    return openOverlay({
      layers: layers.map((source) => this.#layers.acquire(source)),
      upperdir,
      paths: this.#paths,
      device: ROOT_DEVICE,
      sizeLimitBytes,
      charge,
    });
  }
}

function mountAt(
  tree: FileTree,
  target: string,
  options: { readonly isVirtual?: boolean },
  open: () => FileSystem,
): void {
  try {
    const fileSystem = open();
    try {
      tree.mount(target, fileSystem, options);
    } catch (thrown) {
      fileSystem[Symbol.dispose]();
      throw thrown;
    }
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
