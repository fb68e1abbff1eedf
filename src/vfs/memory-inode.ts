import { ERRNO } from '../base/errno.ts';
import type { Attributes, AttributesChange, FileKind, Xattrs } from './contract.ts';
import type { MemoryFileSystem } from './memory.ts';
import { PAGE_BYTES } from './memory-quota.ts';
import { EMPTY_XATTRS, StoredXattrs, type XattrMap, xattrBytes } from './xattrs.ts';

const MODE_BITS = 0o7777;
const BLOCKS_A_PAGE = PAGE_BYTES / 512;

/** What a file in memory is, its content and its names excepted. */
export class MemoryInode {
  readonly fileSystem: MemoryFileSystem;
  readonly kind: FileKind;
  readonly number: bigint;
  readonly rdev: bigint;
  mode: number;
  uid = 0;
  gid = 0;
  linkCount = 1;
  accessedNs: bigint;
  modifiedNs: bigint;
  changedNs: bigint;
  #xattrs: XattrMap = EMPTY_XATTRS;

  constructor(fileSystem: MemoryFileSystem, kind: FileKind, mode: number, rdev = 0n) {
    this.fileSystem = fileSystem;
    this.kind = kind;
    this.number = fileSystem.nextInode();
    this.rdev = rdev;
    this.mode = mode & MODE_BITS;
    const now = fileSystem.now();
    this.accessedNs = now;
    this.modifiedNs = now;
    this.changedNs = now;
  }

  attributes(size: { readonly sizeBytes: number; readonly pageCount: number }): Attributes {
    return {
      kind: this.kind,
      device: this.fileSystem.device,
      inode: this.number,
      linkCount: this.linkCount,
      sizeBytes: size.sizeBytes,
      blocks: size.pageCount * BLOCKS_A_PAGE,
      rdev: this.rdev,
      mode: this.mode,
      uid: this.uid,
      gid: this.gid,
      accessedNs: this.accessedNs,
      modifiedNs: this.modifiedNs,
      changedNs: this.changedNs,
    };
  }

  checkWritable(): void {
    if (this.fileSystem.isReadOnly) throw ERRNO.EROFS;
  }

  /** All but the size. Throws EROFS, ENOTSUP. */
  change(change: AttributesChange): void {
    this.checkWritable();
    const { mode, uid, gid, accessedNs, modifiedNs } = change;
    if (mode !== undefined) {
      if (this.kind === 'symlink') throw ERRNO.ENOTSUP;
      this.mode = mode & MODE_BITS;
    }
    this.uid = uid ?? this.uid;
    this.gid = gid ?? this.gid;
    this.accessedNs = accessedNs ?? this.accessedNs;
    this.modifiedNs = modifiedNs ?? this.modifiedNs;
    this.changedNs = this.fileSystem.now();
  }

  /** To be called when the content changes, or the names of a directory. */
  touch(): void {
    const now = this.fileSystem.now();
    this.modifiedNs = now;
    this.changedNs = now;
  }

  xattrs(): Xattrs {
    const { quota } = this.fileSystem;
    return new StoredXattrs(this.kind, {
      read: () => this.#xattrs,
      write: (xattrs) => {
        this.checkWritable();
        const before = xattrBytes(this.#xattrs);
        quota.takeBytes(xattrBytes(xattrs));
        quota.giveBytes(before);
        this.#xattrs = xattrs;
        this.changedNs = this.fileSystem.now();
      },
    });
  }

  /** Gives back what the attributes take: to be called when the file is gone. */
  release(): void {
    this.fileSystem.quota.giveBytes(xattrBytes(this.#xattrs));
    this.#xattrs = EMPTY_XATTRS;
  }
}
