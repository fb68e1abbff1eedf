import { decodeLayerIndex, type LayerEntry } from '../archive/layer-index.ts';
import { ERRNO, errnoOfHostError } from '../base/errno.ts';
import type { LayerSource } from '../spec/mount.ts';
import { ContentCache, MAX_CACHED_FILE_BYTES } from './content-cache.ts';
import type {
  Attributes,
  DirectoryEntry,
  FileKind,
  FileSystem,
  FileSystemStatistics,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { type HostFiles, translated } from './host-files.ts';
import { readSparse, storedBytes } from './sparse-content.ts';
import { UNCOUNTED } from './statistics.ts';
import { StoredXattrs } from './xattrs.ts';

/**
 * A layer: the uncompressed archive as it is, and an index that tells where in it each file's bytes
 * are. Names are looked up in memory; contents are read from the one descriptor of the archive with
 * pread, and those of small files kept for a while. Never changes.
 *
 * # Ownership
 * Shared by all containers of a program that have the layer. Whoever holds one has called `open` or
 * `retain`, and disposes it once; the last one closes the archive. Files open in it hold it too, so
 * that they outlive the container's mounts as the contract has it.
 */
export class Layer implements FileSystem {
  readonly typeName = 'layer';
  readonly isReadOnly = true;
  readonly root: Vnode;
  /** The index, for an overlay that merges several. */
  readonly rootEntry: LayerEntry;
  /** The layer's diffId, or what else tells it from all others. */
  readonly id: string;
  readonly #host: HostFiles;
  readonly #fd: number;
  readonly #cache = new ContentCache();
  #holderCount = 1;

  private constructor(host: HostFiles, fd: number, rootEntry: LayerEntry, id: string) {
    this.id = id;
    this.#host = host;
    this.#fd = fd;
    this.rootEntry = rootEntry;
    this.root = new LayerNode(this, rootEntry);
  }

  /**
   * # Errors
   * - Errno, when the host cannot open or read the files
   * - those of `decodeLayerIndex` for an index that is damaged
   */
  static open(source: LayerSource, host: HostFiles): Layer {
    const rootEntry = decodeLayerIndex(readWhole(host, source.indexPath));
    return Layer.fromIndex(rootEntry, source.archivePath, host, source.diffId);
  }

  /** A layer whose index is at hand. Throws Errno, when the host cannot open the archive. */
  static fromIndex(
    rootEntry: LayerEntry,
    archivePath: string,
    host: HostFiles,
    id: string = archivePath,
  ): Layer {
    const { fs } = host;
    const fd = translated(() => fs.openSync(archivePath, fs.constants.O_RDONLY));
    return new Layer(host, fd, rootEntry, id);
  }

  /** One holder more. */
  retain(): Layer {
    if (this.#holderCount === 0) throw new Error('layer used after it was disposed');
    this.#holderCount++;
    return this;
  }

  [Symbol.dispose](): void {
    if (this.#holderCount === 0) return;
    this.#holderCount--;
    if (this.#holderCount === 0) this.#host.fs.closeSync(this.#fd);
  }

  /** Nobody asks a layer for its size: guests see it through an overlay only. */
  statistics(): FileSystemStatistics {
    return UNCOUNTED;
  }

  attributesOf(entry: LayerEntry): Attributes {
    return {
      kind: entry.kind,
      device: LAYER_DEVICE,
      inode: BigInt(entry.inode),
      linkCount: entry.linkCount,
      sizeBytes: entry.sizeBytes,
      blocks: Math.ceil(storedBytes(entry) / 512),
      rdev: entry.rdev === 0 ? 0n : BigInt(entry.rdev),
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      accessedNs: entry.modifiedNs,
      modifiedNs: entry.modifiedNs,
      changedNs: entry.modifiedNs,
    };
  }

  /** As `Vnode.contentId`. */
  contentIdOf(entry: LayerEntry): string | undefined {
    return entry.kind === 'regular' ? `${this.id}#${entry.inode}` : undefined;
  }

  /** Opens a regular file of this layer for reading. */
  openEntry(entry: LayerEntry): OpenFile {
    return new LayerFile(this.retain(), entry);
  }

  /** Reads into `target` from byte `position` of the file. */
  readEntry(entry: LayerEntry, target: Uint8Array, position: number): number {
    if (position < 0) throw ERRNO.EINVAL;
    if (position >= entry.sizeBytes) return 0;
    const sizeBytes = Math.min(target.length, entry.sizeBytes - position);
    if (sizeBytes === 0) return 0;
    if (this.#holderCount === 0) throw ERRNO.EBADF;
    if (entry.sizeBytes > MAX_CACHED_FILE_BYTES) {
      this.#readContent(entry, target.subarray(0, sizeBytes), position);
      return sizeBytes;
    }
    const content = this.#cache.get(entry) ?? this.#readWhole(entry);
    target.set(content.subarray(position, position + sizeBytes));
    return sizeBytes;
  }

  #readWhole(entry: LayerEntry): Uint8Array {
    const content = new Uint8Array(entry.sizeBytes);
    this.#readContent(entry, content, 0);
    this.#cache.add(entry, content);
    return content;
  }

  #readContent({ extents, offset }: LayerEntry, target: Uint8Array, position: number): void {
    const readArchive = this.#readArchive.bind(this);
    if (extents) readSparse(extents, target, position, readArchive);
    else readArchive(target, offset + position);
  }

  /** Fills all of `target`. */
  #readArchive(target: Uint8Array, position: number): void {
    for (let filled = 0; filled < target.length; ) {
      let count: number;
      try {
        const length = target.length - filled;
        count = this.#host.fs.readSync(this.#fd, target, filled, length, position + filled);
      } catch (thrown) {
        throw errnoOfHostError(thrown);
      }
      // The index promises bytes that the archive does not have: the archive is damaged.
      if (count === 0) throw ERRNO.EIO;
      filled += count;
    }
  }
}

/** Guests see a layer through an overlay only, which has a number of its own. */
const LAYER_DEVICE = 0n;

/** Throws what a kind that cannot be opened answers. */
export function checkLayerOpen(kind: FileKind): void {
  if (kind === 'regular') return;
  if (kind === 'directory') throw ERRNO.EISDIR;
  if (kind === 'symlink') throw ERRNO.ELOOP;
  // Nobody stands behind the device numbers of an image here.
  throw ERRNO.ENXIO;
}

/** The entries of a directory that are files, and not marks that hide those of lower layers. */
export function* visibleEntries(entry: LayerEntry): Iterable<LayerEntry> {
  for (const child of entry.children.values()) if (!child.isWhiteout) yield child;
}

class LayerNode implements Vnode {
  readonly #layer: Layer;
  readonly #entry: LayerEntry;

  constructor(layer: Layer, entry: LayerEntry) {
    this.#layer = layer;
    this.#entry = entry;
  }

  get kind(): FileKind {
    return this.#entry.kind;
  }

  get contentId(): string | undefined {
    return this.#layer.contentIdOf(this.#entry);
  }

  attributes(): Attributes {
    return this.#layer.attributesOf(this.#entry);
  }

  lookup(name: string): Vnode {
    if (this.#entry.kind !== 'directory') throw ERRNO.ENOTDIR;
    const child = this.#entry.children.get(name);
    if (!child || child.isWhiteout) throw ERRNO.ENOENT;
    return new LayerNode(this.#layer, child);
  }

  list(): readonly DirectoryEntry[] {
    if (this.#entry.kind !== 'directory') throw ERRNO.ENOTDIR;
    const entries: DirectoryEntry[] = [];
    for (const { name, kind, inode } of visibleEntries(this.#entry)) {
      entries.push({ name, kind, inode: BigInt(inode) });
    }
    return entries;
  }

  xattrs(): Xattrs {
    return layerXattrs(this.#entry);
  }

  readLink(): string {
    if (this.#entry.kind !== 'symlink') throw ERRNO.EINVAL;
    return this.#entry.linkTarget;
  }

  open(mode: OpenMode): OpenFile {
    checkLayerOpen(this.#entry.kind);
    if (mode.write || mode.truncate) throw ERRNO.EROFS;
    return this.#layer.openEntry(this.#entry);
  }

  change(): void {
    throw ERRNO.EROFS;
  }

  createFile(): OpenFile {
    throw this.#errorOfChange();
  }

  makeDirectory(): void {
    throw this.#errorOfChange();
  }

  makeSymlink(): void {
    throw this.#errorOfChange();
  }

  makeLink(): void {
    throw this.#errorOfChange();
  }

  makeNode(): void {
    throw this.#errorOfChange();
  }

  removeFile(): void {
    throw this.#errorOfChange();
  }

  removeDirectory(): void {
    throw this.#errorOfChange();
  }

  rename(): void {
    throw this.#errorOfChange();
  }

  #errorOfChange(): typeof ERRNO.EROFS {
    return this.#entry.kind === 'directory' ? ERRNO.EROFS : ERRNO.ENOTDIR;
  }
}

class LayerFile implements OpenFile {
  readonly #layer: Layer;
  readonly #entry: LayerEntry;
  #isClosed = false;

  /** Owns its hold on `layer`. */
  constructor(layer: Layer, entry: LayerEntry) {
    this.#layer = layer;
    this.#entry = entry;
  }

  attributes(): Attributes {
    return this.#layer.attributesOf(this.#entry);
  }

  change(): void {
    throw ERRNO.EROFS;
  }

  readAt(target: Uint8Array, position: number): number {
    if (this.#isClosed) throw ERRNO.EBADF;
    return this.#layer.readEntry(this.#entry, target, position);
  }

  xattrs(): Xattrs {
    return layerXattrs(this.#entry);
  }

  writeAt(): number {
    throw ERRNO.EBADF;
  }

  append(): number {
    throw ERRNO.EBADF;
  }

  async sync(): Promise<void> {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#layer[Symbol.dispose]();
  }
}

export function layerXattrs(entry: LayerEntry): Xattrs {
  return new StoredXattrs(entry.kind, {
    read: () => entry.xattrs,
    write: () => {
      throw ERRNO.EROFS;
    },
  });
}

/** An index of more is damaged: it describes some ten million files. */
const MAX_INDEX_BYTES = 1 << 30;

function readWhole(host: HostFiles, path: string): Uint8Array {
  return translated(() => {
    const { fs } = host;
    const fd = fs.openSync(path, fs.constants.O_RDONLY);
    try {
      const { size } = fs.fstatSync(fd, { bigint: true });
      if (size > MAX_INDEX_BYTES) throw ERRNO.EFBIG;
      const bytes = new Uint8Array(Number(size));
      let length = 0;
      while (length < bytes.length) {
        const count = fs.readSync(fd, bytes, length, bytes.length - length, length);
        if (count === 0) throw ERRNO.EIO;
        length += count;
      }
      return bytes;
    } finally {
      fs.closeSync(fd);
    }
  });
}
