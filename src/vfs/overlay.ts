import type { Attributes, FileSystem, FileSystemStatistics, Vnode } from './contract.ts';
import type { HostPaths } from './host-paths.ts';
import type { Layer } from './layer.ts';
import { type LowerFile, lowerRoot } from './lower-tree.ts';
import type { MemoryCharge } from './memory-quota.ts';
import { OverlayDirectory } from './overlay-directory.ts';
import { MAGIC } from './statistics.ts';
import { Upperdir } from './upperdir.ts';

/**
 * A container's root file system: read-only layers and one writable upperdir, seen as one tree.
 *
 * # Theory of operation
 * | in the upperdir | in the layers | is seen as |
 * | --- | --- | --- |
 * | a file | anything | the upperdir's file |
 * | a directory | a directory | both, merged |
 * | a directory, opaque mark inside or whiteout beside it | anything | the upperdir's directory |
 * | a whiteout alone | anything | nothing |
 * | nothing | anything | what the layers have |
 *
 * What is changed for the first time is copied up: made ready in the work directory, then renamed
 * to its place, so that a crash leaves either the old file or the new one. The steps of every other
 * change are in such an order that what is seen changes in one of them only; what a crash can leave
 * is a mark beside a file that outdoes it, and the table above says that this means nothing.
 *
 * Directories that are held are known by their parents (`WeakChildren`), so that all see a copy-up,
 * rename or removal. A directory that has nothing in the upperdir costs no call to the host. The
 * upperdir has one writer: us.
 *
 * # As Linux's overlayfs
 * - A file opened for reading before it was copied up goes on to read the layer's.
 * - Hard links between files of a layer come apart when one is copied up.
 * - A directory that is partly in the layers is not renamed: EXDEV, and programs copy it.
 *
 * # Otherwise
 * - Names that begin with `.wh.` cannot be seen (ENOENT) or made (EPERM, as aufs).
 * - Owners, modes and what else a host cannot keep of a user's files stand in a sidecar.
 * - A name of more than 251 bytes that is in a layer cannot be removed (ENAMETOOLONG): its whiteout
 *   would have none.
 */
export interface OverlayOptions {
  /** The topmost first. The overlay disposes them, also when it cannot be opened. */
  readonly layers: readonly Layer[];
  /** Absolute path of a host directory, which need not exist. */
  readonly upperdir: string;
  readonly paths: HostPaths;
  readonly device: bigint;
  /** Somebody else may write to the upperdir meanwhile. */
  readonly isReadOnly?: boolean;
  /** How much the upperdir may hold. */
  readonly sizeLimitBytes?: number | undefined;
  /** Pays for what is held in memory of files that were given other owners. */
  readonly charge?: MemoryCharge | undefined;
}

/** Throws what the host answers for the upperdir, as an Errno. */
export function openOverlay(options: OverlayOptions): Overlay {
  using owned = new DisposableStack();
  for (const layer of options.layers) owned.use(layer);
  const { paths, upperdir: hostPath, sizeLimitBytes, charge, isReadOnly = false } = options;
  const upperdir = owned.use(new Upperdir({ paths, hostPath, sizeLimitBytes, charge, isReadOnly }));
  // Something must be the root when there is no layer.
  if (options.layers.length === 0) upperdir.makeRoot();
  return new Overlay(options, upperdir, owned.move());
}

/** Marks an inode as one of a layer; hosts do not use the topmost bit. */
const LOWER_INODE = 1n << 63n;
/** Inodes of one layer stay below this. */
const LAYER_INODE_BITS = 48n;

export class Overlay implements FileSystem {
  readonly typeName = 'overlay';
  readonly root: Vnode;
  readonly upperdir: Upperdir;
  readonly #device: bigint;
  #isReadOnly: boolean;
  readonly #owned: DisposableStack;
  /**
   * The inodes of files that were copied up, which they keep: from the upperdir's to the layer's.
   */
  readonly #inodesOfCopies = new Map<bigint, bigint>();

  constructor(options: OverlayOptions, upperdir: Upperdir, owned: DisposableStack) {
    this.#isReadOnly = options.isReadOnly === true;
    this.upperdir = upperdir;
    this.#device = options.device;
    this.#owned = owned;
    this.root = OverlayDirectory.rootOf(this, lowerRoot(options.layers));
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Makes it read-only from now on: after what is mounted in it has got its place. */
  freeze(): void {
    this.#isReadOnly = true;
  }

  /** Those of the host where the upperdir is: what can still be written. */
  statistics(): FileSystemStatistics {
    return { ...this.upperdir.statistics(), type: MAGIC.overlay };
  }

  inodeOfLower(lower: LowerFile): bigint {
    return LOWER_INODE | (BigInt(lower.layerIndex) << LAYER_INODE_BITS) | BigInt(lower.entry.inode);
  }

  inodeOfUpper(inode: bigint): bigint {
    if (this.#inodesOfCopies.size === 0) return inode;
    return this.#inodesOfCopies.get(inode) ?? inode;
  }

  attributesOfLower(lower: LowerFile): Attributes {
    const attributes = lower.layer.attributesOf(lower.entry);
    return { ...attributes, device: this.#device, inode: this.inodeOfLower(lower) };
  }

  attributesOfUpper(attributes: Attributes): Attributes {
    return { ...attributes, device: this.#device, inode: this.inodeOfUpper(attributes.inode) };
  }

  /**
   * The file that was copied up goes on under the inode that it had, unless other names of the
   * layer still have that.
   */
  keepInode(lower: LowerFile, copy: Vnode): void {
    if (lower.entry.linkCount > 1) return;
    this.#inodesOfCopies.set(copy.attributes().inode, this.inodeOfLower(lower));
  }

  /**
   * To be called before a name of an upper file goes: the host may give its inode to another file.
   */
  forgetInode(upper: Vnode): void {
    if (this.#inodesOfCopies.size === 0) return;
    const { inode, linkCount } = upper.attributes();
    if (linkCount === 1) this.#inodesOfCopies.delete(inode);
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
