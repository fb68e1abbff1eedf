import type { LayerEntry } from '../archive/layer-index.ts';
import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  FileKind,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { checkLayerOpen, layerXattrs } from './layer.ts';
import { LeafVnode } from './leaf-vnode.ts';
import type { LowerFile } from './lower-tree.ts';
import type { Overlay } from './overlay.ts';
import type { OverlayDirectory } from './overlay-directory.ts';
import { divertedXattrs } from './xattrs.ts';

/** A file of an overlay that is no directory, wherever it is at the moment. */
export class OverlayFile extends LeafVnode {
  override readonly kind: FileKind;
  readonly overlay: Overlay;
  readonly #directory: OverlayDirectory;
  readonly #name: string;
  #upper: Vnode | undefined;

  /** `upper` is undefined when the file was found in a layer. */
  constructor(
    overlay: Overlay,
    directory: OverlayDirectory,
    name: string,
    kind: FileKind,
    upper: Vnode | undefined,
  ) {
    super();
    this.overlay = overlay;
    this.#directory = directory;
    this.#name = name;
    this.kind = kind;
    this.#upper = upper;
  }

  get contentId(): string | undefined {
    const { upper, lower } = this.#locate();
    return upper ? undefined : lower.layer.contentIdOf(lower.entry);
  }

  override attributes(): Attributes {
    const found = this.#locate();
    return found.upper
      ? this.overlay.attributesOfUpper(found.upper.attributes())
      : this.overlay.attributesOfLower(found.lower);
  }

  override change(change: AttributesChange): void {
    if (this.overlay.isReadOnly) throw ERRNO.EROFS;
    if (change.sizeBytes !== undefined && this.kind !== 'regular') throw ERRNO.EINVAL;
    this.copyUp({ withContent: change.sizeBytes !== 0 }).change(change);
  }

  override xattrs(): Xattrs {
    return divertedXattrs(
      () => {
        const found = this.#locate();
        return found.upper ? found.upper.xattrs() : layerXattrs(found.lower.entry);
      },
      () => {
        if (this.overlay.isReadOnly) throw ERRNO.EROFS;
        return this.copyUp({ withContent: true }).xattrs();
      },
    );
  }

  override readLink(): string {
    if (this.kind !== 'symlink') throw ERRNO.EINVAL;
    const found = this.#locate();
    return found.upper ? found.upper.readLink() : found.lower.entry.linkTarget;
  }

  override open(mode: OpenMode): OpenFile {
    checkLayerOpen(this.kind);
    if (mode.write || mode.truncate) {
      if (this.overlay.isReadOnly) throw ERRNO.EROFS;
      const upper = this.copyUp({ withContent: !mode.truncate });
      return new OverlayOpenFile(this.overlay, upper.open(mode));
    }
    const found = this.#locate();
    if (found.upper) return new OverlayOpenFile(this.overlay, found.upper.open(mode));
    const { layer, entry } = found.lower;
    return new LowerOpenFile(this, found.lower, layer.openEntry(entry));
  }

  /**
   * The file in the upperdir, brought there when it was not. The owner has checked that the overlay
   * may be written.
   */
  copyUp(options: { readonly withContent: boolean }): Vnode {
    const found = this.#locate();
    if (found.upper) return found.upper;
    this.#upper = copyUpFile(this.overlay, this.#directory, this.#name, found.lower, options);
    return this.#upper;
  }

  /** Where the file is now: others may have copied it up, or removed it. Throws ENOENT. */
  #locate():
    | { readonly upper: Vnode; readonly lower: undefined }
    | { readonly upper: undefined; readonly lower: LowerFile } {
    if (this.#upper) return { upper: this.#upper, lower: undefined };
    const upper = this.#directory.lookupUpper(this.#name);
    if (upper) {
      this.#upper = upper;
      return { upper, lower: undefined };
    }
    const [lower] = this.#directory.lookupVisibleLower(this.#name);
    if (!lower) throw ERRNO.ENOENT;
    return { upper: undefined, lower };
  }
}

/** Copies this much at a time. */
const COPY_CHUNK_BYTES = 1 << 20;

function copyUpFile(
  overlay: Overlay,
  directory: OverlayDirectory,
  name: string,
  lower: LowerFile,
  options: { readonly withContent: boolean },
): Vnode {
  const { kind, linkTarget, mode, uid, gid, modifiedNs } = lower.entry;
  const upperDirectory = directory.copyUp();
  const attributes = { uid, gid, accessedNs: modifiedNs, modifiedNs };
  const { accessedNs, modifiedNs: directoryModifiedNs } = upperDirectory.attributes();
  overlay.upperdir.place(upperDirectory, name, (work, stagedName) => {
    if (kind === 'symlink') {
      work.makeSymlink(stagedName, linkTarget);
      copyAttributes(lower.entry, work.lookup(stagedName), attributes);
      return;
    }
    if (kind === 'fifo') {
      work.makeNode(stagedName, kind, mode);
      copyAttributes(lower.entry, work.lookup(stagedName), attributes);
      return;
    }
    // A device of an image cannot be made without root.
    if (kind !== 'regular') throw ERRNO.EPERM;
    const copy = work.createFile(stagedName, mode, WRITE_ONLY);
    try {
      if (options.withContent) copyContent(lower, copy);
      copyAttributes(lower.entry, copy, { mode, ...attributes });
    } finally {
      copy.close();
    }
  });
  // The directory has not changed, as guests see it.
  upperDirectory.change({ accessedNs, modifiedNs: directoryModifiedNs });
  directory.noteUpper(name);
  const upper = upperDirectory.lookup(name);
  overlay.keepInode(lower, upper);
  return upper;
}

/** Gives a copy what the file of the layer has; to be called last, as writing changes times. */
export function copyAttributes(
  entry: LayerEntry,
  copy: Pick<Vnode, 'change' | 'xattrs'>,
  attributes: AttributesChange,
): void {
  copy.change(attributes);
  for (const [name, value] of entry.xattrs) copy.xattrs().set(name, value, 'create or replace');
}

function copyContent(lower: LowerFile, copy: OpenFile): void {
  const { layer, entry } = lower;
  const buffer = new Uint8Array(Math.min(COPY_CHUNK_BYTES, entry.sizeBytes));
  // Holes stay holes: a file of a layer may be larger by them than any disk.
  for (const { position: start, sizeBytes } of entry.extents ?? [{ position: 0, ...entry }]) {
    const end = start + sizeBytes;
    for (let position = start; position < end; ) {
      const chunk = buffer.subarray(0, end - position);
      const count = layer.readEntry(entry, chunk, position);
      for (let written = 0; written < count; ) {
        written += copy.writeAt(chunk.subarray(written, count), position + written);
      }
      position += count;
    }
  }
  if (entry.extents) copy.change({ sizeBytes: entry.sizeBytes });
}

const WRITE_ONLY: OpenMode = { read: false, write: true, truncate: false };

/** A file of the upperdir that is open. Owns `file`. */
export class OverlayOpenFile implements OpenFile {
  readonly #overlay: Overlay;
  readonly #file: OpenFile;

  constructor(overlay: Overlay, file: OpenFile) {
    this.#overlay = overlay;
    this.#file = file;
  }

  attributes(): Attributes {
    return this.#overlay.attributesOfUpper(this.#file.attributes());
  }

  change(change: AttributesChange): void {
    if (this.#overlay.isReadOnly) throw ERRNO.EROFS;
    this.#file.change(change);
  }

  readAt(target: Uint8Array, position: number): number {
    return this.#file.readAt(target, position);
  }

  writeAt(source: Uint8Array, position: number): number {
    return this.#file.writeAt(source, position);
  }

  xattrs(): Xattrs {
    return this.#file.xattrs();
  }

  append(source: Uint8Array): number {
    return this.#file.append(source);
  }

  sync(options: { readonly dataOnly: boolean }): Promise<void> {
    return this.#file.sync(options);
  }

  close(): void {
    this.#file.close();
  }
}

/** A file of a layer that is open, for reading. Owns `file`. */
class LowerOpenFile implements OpenFile {
  readonly #vnode: OverlayFile;
  readonly #lower: LowerFile;
  readonly #file: OpenFile;

  constructor(vnode: OverlayFile, lower: LowerFile, file: OpenFile) {
    this.#vnode = vnode;
    this.#lower = lower;
    this.#file = file;
  }

  attributes(): Attributes {
    return this.#vnode.overlay.attributesOfLower(this.#lower);
  }

  /** What may be done by a descriptor for reading (times, mode) is done to the copy. */
  change(change: AttributesChange): void {
    if (this.#vnode.overlay.isReadOnly) throw ERRNO.EROFS;
    if (change.sizeBytes !== undefined) throw ERRNO.EINVAL;
    this.#vnode.change(change);
  }

  readAt(target: Uint8Array, position: number): number {
    return this.#file.readAt(target, position);
  }

  writeAt(source: Uint8Array, position: number): number {
    return this.#file.writeAt(source, position);
  }

  xattrs(): Xattrs {
    return this.#vnode.xattrs();
  }

  append(source: Uint8Array): number {
    return this.#file.append(source);
  }

  sync(options: { readonly dataOnly: boolean }): Promise<void> {
    return this.#file.sync(options);
  }

  close(): void {
    this.#file.close();
  }
}
