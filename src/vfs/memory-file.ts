import { ERRNO } from '../base/errno.ts';
import type {
  Alias,
  Attributes,
  AttributesChange,
  FileKind,
  NodeKind,
  OpenFile,
  OpenMode,
  Xattrs,
} from './contract.ts';
import { LeafVnode } from './leaf-vnode.ts';
import type { MemoryFileSystem } from './memory.ts';
import { MemoryInode } from './memory-inode.ts';
import { PagedContent } from './paged-content.ts';

/** What is in memory and no directory. A name more or less is told by `link` and `unlink`. */
export abstract class MemoryLeaf extends LeafVnode {
  readonly inode: MemoryInode;

  constructor(inode: MemoryInode) {
    super();
    this.inode = inode;
  }

  override get kind(): FileKind {
    return this.inode.kind;
  }

  override attributes(): Attributes {
    return this.inode.attributes(NOTHING);
  }

  override change(change: AttributesChange): void {
    if (change.sizeBytes !== undefined) throw ERRNO.EINVAL;
    this.inode.change(change);
  }

  override xattrs(): Xattrs {
    return this.inode.xattrs();
  }

  link(): void {
    this.inode.linkCount++;
    this.inode.changedNs = this.inode.fileSystem.now();
  }

  unlink(): void {
    this.inode.linkCount--;
    this.inode.changedNs = this.inode.fileSystem.now();
    if (this.inode.linkCount === 0) this.release();
  }

  /** The last name is gone. */
  protected release(): void {
    this.inode.release();
  }
}

const NOTHING = { sizeBytes: 0, pageCount: 0 };

export class MemorySymlink extends MemoryLeaf {
  readonly #target: string;
  readonly #sizeBytes: number;

  constructor(fileSystem: MemoryFileSystem, target: string) {
    super(new MemoryInode(fileSystem, 'symlink', 0o777));
    this.#target = target;
    this.#sizeBytes = new TextEncoder().encode(target).length;
    fileSystem.quota.takeBytes(this.#sizeBytes);
  }

  override attributes(): Attributes {
    return this.inode.attributes({ sizeBytes: this.#sizeBytes, pageCount: 0 });
  }

  override readLink(): string {
    return this.#target;
  }

  override open(): OpenFile {
    throw ERRNO.ELOOP;
  }

  protected override release(): void {
    super.release();
    this.inode.fileSystem.quota.giveBytes(this.#sizeBytes);
  }
}

/** A FIFO or a socket. */
export class MemoryNode extends MemoryLeaf {
  constructor(fileSystem: MemoryFileSystem, kind: NodeKind, mode: number) {
    super(new MemoryInode(fileSystem, kind, mode));
  }

  override open(): OpenFile {
    throw ERRNO.ENXIO;
  }
}

/** What opens a device; called with its vnode, whose attributes the open file has. */
export type DeviceOpener = (node: MemoryLeaf, mode: OpenMode) => OpenFile;

/** A device, or what is shown as one and opened by the kernel. */
export class MemoryDevice extends MemoryLeaf {
  readonly alias: Alias | undefined;
  readonly #open: DeviceOpener | undefined;

  constructor(
    fileSystem: MemoryFileSystem,
    device: { rdev: bigint; mode: number; open?: DeviceOpener; alias?: Alias },
  ) {
    super(new MemoryInode(fileSystem, 'character-device', device.mode, device.rdev));
    this.alias = device.alias;
    this.#open = device.open;
  }

  override open(mode: OpenMode): OpenFile {
    if (!this.#open) throw ERRNO.ENXIO;
    return this.#open(this, mode);
  }
}

export class MemoryFile extends MemoryLeaf {
  readonly content: PagedContent;
  #openCount = 0;

  constructor(fileSystem: MemoryFileSystem, mode: number) {
    super(new MemoryInode(fileSystem, 'regular', mode));
    this.content = new PagedContent(fileSystem.quota);
  }

  override attributes(): Attributes {
    return this.inode.attributes(this.content);
  }

  override change(change: AttributesChange): void {
    this.inode.checkWritable();
    if (change.sizeBytes !== undefined) {
      this.content.resize(change.sizeBytes);
      this.inode.touch();
    }
    this.inode.change(change);
  }

  override open(mode: OpenMode): OpenFile {
    if (mode.write || mode.truncate) this.inode.checkWritable();
    if (mode.truncate) this.change({ sizeBytes: 0 });
    this.#openCount++;
    return new OpenMemoryFile(this, mode.write || mode.truncate);
  }

  /** One open file less. */
  closeOne(): void {
    this.#openCount--;
    this.release();
  }

  protected override release(): void {
    if (this.#openCount > 0 || this.inode.linkCount > 0) return;
    super.release();
    this.content.resize(0);
  }
}

class OpenMemoryFile implements OpenFile {
  readonly #node: MemoryFile;
  readonly #isWritable: boolean;
  #isClosed = false;

  constructor(node: MemoryFile, isWritable: boolean) {
    this.#node = node;
    this.#isWritable = isWritable;
  }

  attributes(): Attributes {
    return this.#node.attributes();
  }

  change(change: AttributesChange): void {
    this.#node.change(change);
  }

  xattrs(): Xattrs {
    return this.#node.xattrs();
  }

  readAt(target: Uint8Array, position: number): number {
    if (this.#isClosed) throw ERRNO.EBADF;
    return this.#node.content.read(target, position);
  }

  writeAt(source: Uint8Array, position: number): number {
    if (this.#isClosed || !this.#isWritable) throw ERRNO.EBADF;
    const count = this.#node.content.write(source, position);
    this.#node.inode.touch();
    return count;
  }

  append(source: Uint8Array): number {
    return this.writeAt(source, this.#node.content.sizeBytes);
  }

  /** Nothing is more stable than memory here. */
  async sync(): Promise<void> {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#node.closeOne();
  }
}
