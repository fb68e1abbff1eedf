import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  DirectoryEntry,
  FileKind,
  NodeKind,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { checkName } from './file-name.ts';
import { layerXattrs } from './layer.ts';
import { type LowerDirectory, listLower, lookupLower } from './lower-tree.ts';
import type { Overlay } from './overlay.ts';
import { copyAttributes, OverlayFile, OverlayOpenFile } from './overlay-file.ts';
import { UpperNames } from './upper-names.ts';
import { isReservedName, OPAQUE_MARK, putMark, whiteoutOf } from './upperdir.ts';
import { WeakChildren } from './weak-children.ts';
import { divertedXattrs } from './xattrs.ts';

/** A directory of an overlay. The terms and the order of steps are told in `overlay.ts`. */
export class OverlayDirectory implements Vnode {
  readonly kind = 'directory';
  readonly #overlay: Overlay;
  readonly #lower: LowerDirectory;
  readonly #children = new WeakChildren<OverlayDirectory>();
  #parent: OverlayDirectory | undefined;
  #name: string;
  #upper: Vnode | undefined;
  /** What the upperdir has here; not kept where no layer has anything. */
  #upperNames: UpperNames | undefined;
  #isRemoved = false;

  private constructor(
    overlay: Overlay,
    parent: OverlayDirectory | undefined,
    name: string,
    lower: LowerDirectory,
    upper: Vnode | undefined,
  ) {
    this.#overlay = overlay;
    this.#parent = parent;
    this.#name = name;
    this.#upper = upper;
    if (lower.length > 0) this.#upperNames = new UpperNames(upper);
    this.#lower = this.#upperNames?.isOpaque ? [] : lower;
  }

  static rootOf(overlay: Overlay, lower: LowerDirectory): OverlayDirectory {
    return new OverlayDirectory(overlay, undefined, '', lower, overlay.upperdir.root);
  }

  attributes(): Attributes {
    const [topmost] = this.#lower;
    if (!topmost) return this.#overlay.attributesOfUpper(this.#requireUpper().attributes());
    const lower = this.#overlay.attributesOfLower(topmost);
    if (!this.#upper) return lower;
    const upper = this.#upper.attributes();
    return { ...upper, device: lower.device, inode: lower.inode };
  }

  change(change: AttributesChange): void {
    if (change.sizeBytes !== undefined) throw ERRNO.EISDIR;
    this.copyUp().change(change);
  }

  /** And the directories above, whose copies in the upperdir may be as young as what is in it. */
  async sync(): Promise<void> {
    await this.#upper?.sync?.();
    await this.#parent?.sync();
  }

  xattrs(): Xattrs {
    return divertedXattrs(
      () => {
        const [topmost] = this.#lower;
        return !this.#upper && topmost ? layerXattrs(topmost.entry) : this.#requireUpper().xattrs();
      },
      () => this.copyUp().xattrs(),
    );
  }

  lookup(name: string): OverlayDirectory | OverlayFile {
    const found = this.#find(name);
    if (!found) throw ERRNO.ENOENT;
    return found;
  }

  list(): readonly DirectoryEntry[] {
    const entries = new Map<string, DirectoryEntry>();
    if (this.#isRemoved) return [];
    for (const [name, lower] of listLower(this.#lower)) {
      if (isReservedName(name) || this.#isWhitedOut(name)) continue;
      const inode = this.#overlay.inodeOfLower(lower);
      entries.set(name, { name, kind: lower.entry.kind, inode });
    }
    for (const entry of this.#upper?.list() ?? []) {
      const { name } = entry;
      if (isReservedName(name)) continue;
      const isMerged = entries.get(name)?.kind === 'directory' && entry.kind === 'directory';
      if (!isMerged) entries.set(name, new UpperEntry(this.#overlay, entry));
      else entries.set(name, { name, kind: 'directory', inode: this.#inodeOfChild(name) });
    }
    return [...entries.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  #inodeOfChild(name: string): bigint {
    return this.lookup(name).attributes().inode;
  }

  readLink(): string {
    throw ERRNO.EINVAL;
  }

  open(): OpenFile {
    throw ERRNO.EISDIR;
  }

  createFile(name: string, permissions: number, mode: OpenMode): OpenFile {
    const upper = this.#prepareNew(name);
    const file = upper.createFile(name, permissions, mode);
    this.#uncover(name);
    return new OverlayOpenFile(this.#overlay, file);
  }

  makeDirectory(name: string, permissions: number): void {
    const upper = this.#prepareNew(name);
    if (lookupLower(this.#lower, name)[0]?.entry.kind === 'directory') {
      // What the whiteout hides must stay hidden when it goes.
      if (this.lookupUpper(name)) throw ERRNO.EEXIST;
      this.#overlay.upperdir.place(upper, name, (work, stagedName) => {
        work.makeDirectory(stagedName, permissions);
        putMark(work.lookup(stagedName), OPAQUE_MARK);
      });
    } else {
      upper.makeDirectory(name, permissions);
    }
    this.#uncover(name);
  }

  makeSymlink(name: string, target: string): void {
    this.#prepareNew(name).makeSymlink(name, target);
    this.#uncover(name);
  }

  makeNode(name: string, kind: NodeKind, permissions: number): void {
    this.#prepareNew(name).makeNode(name, kind, permissions);
    this.#uncover(name);
  }

  makeLink(name: string, target: Vnode): void {
    if (target instanceof OverlayDirectory) throw ERRNO.EPERM;
    if (!(target instanceof OverlayFile) || target.overlay !== this.#overlay) throw ERRNO.EXDEV;
    const upper = this.#prepareNew(name);
    upper.makeLink(name, target.copyUp({ withContent: true }));
    this.#uncover(name);
  }

  removeFile(name: string): void {
    const found = this.#findToChange(name);
    if (found instanceof OverlayDirectory) throw ERRNO.EISDIR;
    this.#cover(name);
    const upper = this.lookupUpper(name);
    if (!upper) return;
    this.#overlay.forgetInode(upper);
    this.copyUp().removeFile(name);
    this.#upperNames?.remove(name);
  }

  removeDirectory(name: string): void {
    const found = this.#findToChange(name);
    if (!(found instanceof OverlayDirectory)) throw ERRNO.ENOTDIR;
    if (found.list().length > 0) throw ERRNO.ENOTEMPTY;
    this.#cover(name);
    this.#discard(name, found);
  }

  rename(name: string, newParent: Vnode, newName: string): void {
    if (!(newParent instanceof OverlayDirectory) || newParent.#overlay !== this.#overlay) {
      throw ERRNO.EXDEV;
    }
    const source = this.#findToChange(name);
    newParent.#checkName(newName);
    if (newParent === this && newName === name) return;
    if (newParent.#isRemoved) throw ERRNO.ENOENT;
    const target = newParent.#find(newName);
    // In Linux's order: what lies within what comes before what is what.
    if (newParent.#isBelow(source)) throw ERRNO.EINVAL;
    if (this.#isBelow(target)) throw ERRNO.ENOTEMPTY;
    checkReplaceable(source, target);
    if (source instanceof OverlayDirectory) this.#renameDirectory(source, newParent, newName);
    else this.#renameFile(name, source, newParent, newName, target);
  }

  /**
   * This directory in the upperdir, made there with its parents when it is not. Throws EROFS,
   * ENOENT when removed.
   */
  copyUp(): Vnode {
    if (this.#overlay.isReadOnly) throw ERRNO.EROFS;
    if (this.#isRemoved) throw ERRNO.ENOENT;
    if (this.#upper) return this.#upper;
    const [lower] = this.#lower;
    const mode = lower?.entry.mode ?? 0o755;
    const upper = this.#parent
      ? this.#parent.#makeUpperChild(this.#name, mode)
      : this.#overlay.upperdir.makeRoot();
    if (lower) {
      const { uid, gid, modifiedNs } = lower.entry;
      // The mode once more: a root is made with that of any other.
      const attributes = { mode, uid, gid, accessedNs: modifiedNs, modifiedNs };
      copyAttributes(lower.entry, upper, attributes);
    }
    this.#upper = upper;
    return upper;
  }

  /** What the upperdir has under `name`. */
  lookupUpper(name: string): Vnode | undefined {
    if (!this.#upper || this.#upperNames?.lacks(name)) return undefined;
    try {
      return this.#upper.lookup(name);
    } catch (thrown) {
      if (thrown === ERRNO.ENOENT) return undefined;
      throw thrown;
    }
  }

  /** What the layers have under `name`, when no whiteout of the upperdir hides it. */
  lookupVisibleLower(name: string): LowerDirectory {
    if (this.#lower.length === 0 || this.#isWhitedOut(name)) return [];
    return lookupLower(this.#lower, name);
  }

  /** To be called when something was put into the upperdir under `name`. */
  noteUpper(name: string): void {
    this.#upperNames?.add(name);
  }

  #requireUpper(): Vnode {
    if (!this.#upper) throw ERRNO.ENOENT;
    return this.#upper;
  }

  #makeUpperChild(name: string, mode: number): Vnode {
    const upper = this.copyUp();
    const { accessedNs, modifiedNs } = upper.attributes();
    upper.makeDirectory(name, mode);
    // This directory has not changed, as guests see it.
    upper.change({ accessedNs, modifiedNs });
    this.noteUpper(name);
    return upper.lookup(name);
  }

  #isWhitedOut(name: string): boolean {
    return this.#upperNames?.isWhitedOut(name) === true;
  }

  #find(name: string): OverlayDirectory | OverlayFile | undefined {
    if (this.#isRemoved || isReservedName(name)) return undefined;
    const known = this.#children.get(name);
    if (known) return known;
    const upper = this.lookupUpper(name);
    if (upper && upper.kind !== 'directory') {
      return new OverlayFile(this.#overlay, this, name, upper.kind, upper);
    }
    const lower = this.lookupVisibleLower(name);
    const kind = lower[0]?.entry.kind;
    if (kind !== undefined && kind !== 'directory' && !upper) {
      return new OverlayFile(this.#overlay, this, name, kind, undefined);
    }
    if (kind === undefined && !upper) return undefined;
    const merged = kind === 'directory' ? lower : [];
    const child = new OverlayDirectory(this.#overlay, this, name, merged, upper);
    this.#children.set(name, child);
    return child;
  }

  #findToChange(name: string): OverlayDirectory | OverlayFile {
    this.#checkName(name);
    return this.lookup(name);
  }

  #checkName(name: string): void {
    checkName(name);
    if (this.#overlay.isReadOnly) throw ERRNO.EROFS;
    if (isReservedName(name)) throw ERRNO.EPERM;
  }

  /**
   * Sees to it that `name` can be made in the directory that is returned. What the upperdir has,
   * the host will tell.
   */
  #prepareNew(name: string): Vnode {
    this.#checkName(name);
    if (this.#isRemoved) throw ERRNO.ENOENT;
    if (this.lookupVisibleLower(name).length > 0) throw ERRNO.EEXIST;
    return this.copyUp();
  }

  /**
   * Hides what the layers have under `name`. Not seen as long as the upperdir has something there.
   */
  #cover(name: string): void {
    if (this.lookupVisibleLower(name).length === 0) return;
    const whiteout = whiteoutOf(name);
    checkName(whiteout);
    putMark(this.copyUp(), whiteout);
    this.#upperNames?.add(whiteout);
  }

  /**
   * To be called when something was put into the upperdir under `name`: a whiteout has done its
   * service then.
   */
  #uncover(name: string): void {
    this.noteUpper(name);
    if (!this.#isWhitedOut(name)) return;
    this.copyUp().removeFile(whiteoutOf(name));
    this.#upperNames?.remove(whiteoutOf(name));
  }

  /** Takes an empty directory out of the upperdir, and out of the hands of those who hold it. */
  #discard(name: string, directory: OverlayDirectory): void {
    const upper = directory.#upper;
    if (upper) {
      // Marks may be in it, which no guest could remove.
      if (upper.list().length > 0) this.#overlay.upperdir.discard(this.copyUp(), name);
      else this.copyUp().removeDirectory(name);
    }
    this.#upperNames?.remove(name);
    this.#children.take(name);
    directory.#isRemoved = true;
  }

  #isBelow(file: OverlayDirectory | OverlayFile | undefined): boolean {
    for (let at: OverlayDirectory | undefined = this; at; at = at.#parent) {
      if (at === file) return true;
    }
    return false;
  }

  #renameFile(
    name: string,
    source: OverlayFile,
    newParent: OverlayDirectory,
    newName: string,
    target: OverlayDirectory | OverlayFile | undefined,
  ): void {
    // Two names of one file: rename(2) leaves both.
    if (target && target.attributes().inode === source.attributes().inode) return;
    const newUpper = newParent.copyUp();
    source.copyUp({ withContent: true });
    const replaced = target ? newParent.lookupUpper(newName) : undefined;
    this.#cover(name);
    if (replaced) this.#overlay.forgetInode(replaced);
    this.copyUp().rename(name, newUpper, newName);
    this.#upperNames?.remove(name);
    newParent.#uncover(newName);
  }

  #renameDirectory(source: OverlayDirectory, newParent: OverlayDirectory, newName: string): void {
    const name = source.#name;
    const target = newParent.#find(newName);
    if (source.#lower.length > 0) throw ERRNO.EXDEV;
    if (target instanceof OverlayDirectory) {
      if (target.list().length > 0) throw ERRNO.ENOTEMPTY;
      newParent.#cover(newName);
      newParent.#discard(newName, target);
    }
    const newUpper = newParent.copyUp();
    if (lookupLower(newParent.#lower, newName)[0]?.entry.kind === 'directory') {
      putMark(source.#requireUpper(), OPAQUE_MARK);
    }
    this.#cover(name);
    this.copyUp().rename(name, newUpper, newName);
    this.#upperNames?.remove(name);
    newParent.#uncover(newName);
    this.#children.take(name);
    source.#parent = newParent;
    source.#name = newName;
    newParent.#children.set(newName, source);
  }
}

/** An entry of the upperdir, asked no earlier than its reader asks. */
class UpperEntry implements DirectoryEntry {
  readonly name: string;
  readonly #overlay: Overlay;
  readonly #entry: DirectoryEntry;

  constructor(overlay: Overlay, entry: DirectoryEntry) {
    this.name = entry.name;
    this.#overlay = overlay;
    this.#entry = entry;
  }

  get kind(): FileKind {
    return this.#entry.kind;
  }

  get inode(): bigint {
    return this.#overlay.inodeOfUpper(this.#entry.inode);
  }
}

/** Throws EISDIR or ENOTDIR when only one of them is a directory. */
function checkReplaceable(
  source: OverlayDirectory | OverlayFile,
  target: OverlayDirectory | OverlayFile | undefined,
): void {
  if (!target || (source.kind === 'directory') === (target.kind === 'directory')) return;
  throw source.kind === 'directory' ? ERRNO.ENOTDIR : ERRNO.EISDIR;
}
