import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  DirectoryEntry,
  NodeKind,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { checkName } from './file-name.ts';
import type { MemoryFileSystem } from './memory.ts';
import { MemoryFile, MemoryLeaf, MemoryNode, MemorySymlink } from './memory-file.ts';
import { MemoryInode } from './memory-inode.ts';

/** As tmpfs: what a directory seems to take for each of its names. */
const ENTRY_BYTES = 20;

/** Linux's limit for a directory: with `..` of each directory in it that is its number of links. */
const MAX_LINKS = 65_000;

export class MemoryDirectory implements Vnode {
  readonly kind = 'directory';
  readonly inode: MemoryInode;
  readonly #fileSystem: MemoryFileSystem;
  readonly #children = new Map<string, MemoryDirectory | MemoryLeaf>();
  #parent: MemoryDirectory | undefined;
  #isRemoved = false;

  constructor(fileSystem: MemoryFileSystem, parent: MemoryDirectory | undefined, mode: number) {
    this.#fileSystem = fileSystem;
    this.#parent = parent;
    this.inode = new MemoryInode(fileSystem, 'directory', mode);
    this.inode.linkCount = 2;
  }

  attributes(): Attributes {
    const sizeBytes = this.#children.size * ENTRY_BYTES;
    return this.inode.attributes({ sizeBytes, pageCount: 0 });
  }

  change(change: AttributesChange): void {
    if (change.sizeBytes !== undefined) throw ERRNO.EISDIR;
    this.inode.change(change);
  }

  xattrs(): Xattrs {
    return this.inode.xattrs();
  }

  lookup(name: string): Vnode {
    return this.#find(name);
  }

  list(): readonly DirectoryEntry[] {
    return [...this.#children].map(([name, { kind, inode }]) => {
      return { name, kind, inode: inode.number };
    });
  }

  readLink(): string {
    throw ERRNO.EINVAL;
  }

  open(): OpenFile {
    throw ERRNO.EISDIR;
  }

  createFile(name: string, permissions: number, mode: OpenMode): OpenFile {
    this.#checkNew(name);
    return this.add(name, () => new MemoryFile(this.#fileSystem, permissions)).open(mode);
  }

  makeDirectory(name: string, permissions: number): void {
    this.#checkNew(name);
    this.add(name, () => new MemoryDirectory(this.#fileSystem, this, permissions));
  }

  makeSymlink(name: string, target: string): void {
    this.#checkNew(name);
    this.add(name, () => new MemorySymlink(this.#fileSystem, target));
  }

  makeNode(name: string, kind: NodeKind, permissions: number): void {
    this.#checkNew(name);
    this.add(name, () => new MemoryNode(this.#fileSystem, kind, permissions));
  }

  makeLink(name: string, target: Vnode): void {
    if (target.kind === 'directory') throw ERRNO.EPERM;
    if (!(target instanceof MemoryLeaf) || target.inode.fileSystem !== this.#fileSystem) {
      throw ERRNO.EXDEV;
    }
    this.#checkNew(name);
    // Its last name is gone: there is nothing left that could have another.
    if (target.inode.linkCount === 0) throw ERRNO.ENOENT;
    if (target.inode.linkCount >= MAX_LINKS) throw ERRNO.EMLINK;
    this.add(name, () => target);
    target.link();
  }

  removeFile(name: string): void {
    const found = this.#findToChange(name);
    if (found instanceof MemoryDirectory) throw ERRNO.EISDIR;
    this.#take(name);
    found.unlink();
    this.#fileSystem.quota.giveName();
  }

  removeDirectory(name: string): void {
    const found = this.#findToChange(name);
    if (!(found instanceof MemoryDirectory)) throw ERRNO.ENOTDIR;
    if (found.#children.size > 0) throw ERRNO.ENOTEMPTY;
    this.#take(name);
    found.#remove();
  }

  rename(name: string, newParent: Vnode, newName: string): void {
    if (!(newParent instanceof MemoryDirectory) || newParent.#fileSystem !== this.#fileSystem) {
      throw ERRNO.EXDEV;
    }
    checkName(newName);
    const source = this.#findToChange(name);
    if (newParent.#isRemoved) throw ERRNO.ENOENT;
    const target = newParent.#children.get(newName);
    if (target === source) return;
    // In Linux's order: what lies within what comes before what is what.
    if (source instanceof MemoryDirectory && newParent.#isBelow(source)) throw ERRNO.EINVAL;
    if (target instanceof MemoryDirectory && this.#isBelow(target)) throw ERRNO.ENOTEMPTY;
    if (source instanceof MemoryDirectory) {
      if (target && !(target instanceof MemoryDirectory)) throw ERRNO.ENOTDIR;
      if (target && target.#children.size > 0) throw ERRNO.ENOTEMPTY;
    } else if (target instanceof MemoryDirectory) throw ERRNO.EISDIR;
    if (target instanceof MemoryDirectory) newParent.removeDirectory(newName);
    else if (target) newParent.removeFile(newName);
    this.#take(name);
    newParent.#put(newName, source);
    source.inode.changedNs = this.#fileSystem.now();
  }

  /**
   * Makes a file of this file system, and puts it under a name that is free. Throws ENOSPC, ENOMEM.
   */
  add<File extends MemoryDirectory | MemoryLeaf>(name: string, make: () => File): File {
    const { quota } = this.#fileSystem;
    quota.takeName();
    try {
      const file = make();
      this.#put(name, file);
      return file;
    } catch (thrown) {
      quota.giveName();
      throw thrown;
    }
  }

  #put(name: string, file: MemoryDirectory | MemoryLeaf): void {
    this.#children.set(name, file);
    if (file instanceof MemoryDirectory) {
      file.#parent = this;
      this.inode.linkCount++;
    }
    this.inode.touch();
  }

  #take(name: string): void {
    if (this.#children.get(name) instanceof MemoryDirectory) this.inode.linkCount--;
    this.#children.delete(name);
    this.inode.touch();
  }

  #remove(): void {
    this.#isRemoved = true;
    this.inode.linkCount = 0;
    this.inode.release();
    this.#fileSystem.quota.giveName();
  }

  #isBelow(directory: MemoryDirectory): boolean {
    for (let at: MemoryDirectory | undefined = this; at; at = at.#parent) {
      if (at === directory) return true;
    }
    return false;
  }

  #find(name: string): MemoryDirectory | MemoryLeaf {
    const found = this.#children.get(name);
    if (!found) throw ERRNO.ENOENT;
    return found;
  }

  #findToChange(name: string): MemoryDirectory | MemoryLeaf {
    checkName(name);
    this.inode.checkWritable();
    return this.#find(name);
  }

  #checkNew(name: string): void {
    checkName(name);
    this.inode.checkWritable();
    if (this.#isRemoved) throw ERRNO.ENOENT;
    if (this.#children.has(name)) throw ERRNO.EEXIST;
  }
}
