/**
 * What every file system offers, and what the kernel builds on.
 *
 * # Terms
 * - A **file system** is a tree of files with one root.
 * - A **vnode** is one file in it: a directory, a regular file, a symbolic link, a device. It is a
 *   handle by which to name the file, not an open file: it holds no descriptor that its user has
 *   to close. A directory's vnode goes on to name that directory when it is renamed through the
 *   file system. Any vnode may go stale (ESTALE, ENOENT) when somebody removes the file.
 * - An **open file** is a regular file (or device) opened for reading or writing. It holds what the
 *   host needs (a descriptor) until it is closed, and outlives the removal of its name.
 *   It has no position of its own: positions belong to the kernel's file descriptions.
 * - The **walk** (`path-walk.ts`) alone knows paths: it resolves them name by name over a **mount
 *   table** (`mount-table.ts`), follows symbolic links, and never leaves the container's root. A
 *   file system is only ever asked for single names, never for paths, `.` or `..`.
 *
 * # Errors
 * Every method throws `Errno` constants and nothing else; whatever a host answers is translated at
 * the host's border. A read-only file system throws EROFS from every method that would change it.
 * What is no single name is EINVAL, one of more than 255 bytes ENAMETOOLONG; a call that only a
 * directory answers is ENOTDIR on anything else.
 *
 * # Blocking
 * All calls are synchronous but `sync`, which is slow by nature.
 */

export type FileKind =
  | 'directory'
  | 'regular'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'socket';

export interface Attributes {
  readonly kind: FileKind;
  /** Identifies the file system within the container. */
  readonly device: bigint;
  /** Identifies the file within its file system for as long as it exists. */
  readonly inode: bigint;
  readonly linkCount: number;
  readonly sizeBytes: number;
  /** What it takes of its file system, in units of 512 bytes. */
  readonly blocks: number;
  /** Which device this file is, when it is one (Linux's `makedev`); else 0. */
  readonly rdev: bigint;
  /** Permission bits, 0o7777 and below. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly accessedNs: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/**
 * Times are nanoseconds since the epoch, and kept to a microsecond at least; an absent field stays
 * as it is. Throws ENOTSUP for the mode of a symbolic link; EPERM for an owner that the file system
 * cannot keep. What a change of owner or content does to the set-id bits is the kernel's business.
 */
export interface AttributesChange {
  readonly sizeBytes?: number;
  readonly accessedNs?: bigint;
  readonly modifiedNs?: bigint;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** As statvfs(3). */
export interface FileSystemStatistics {
  /** The magic number by which statfs(2) tells file systems apart. */
  readonly type: number;
  readonly blockSizeBytes: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  /** Without those that are kept for the host's root. */
  readonly availableBlocks: number;
  /** Zero, as `freeFiles`, where files are not counted. */
  readonly files: number;
  readonly freeFiles: number;
}

/**
 * The extended attributes of one file (xattr(7)). Names are `user.`, `security.` or `trusted.` and
 * something more.
 *
 * # Errors
 * ENOTSUP for another name; ERANGE for one of more than 255 bytes; EPERM for `user.` on what is
 * neither a file nor a directory. ENOENT stands for Linux's ENODATA, which no ABI here knows.
 */
export interface Xattrs {
  /** Throws ENOENT. The caller does not write to what it gets. */
  get(name: string): Uint8Array;
  /**
   * Keeps a copy of `value`. Throws E2BIG past 64 KiB; ENOSPC when all names together would; EEXIST
   * or ENOENT as `how` demands.
   */
  set(name: string, value: Uint8Array, how: XattrCondition): void;
  list(): readonly string[];
  /** Throws ENOENT. */
  remove(name: string): void;
}

export type XattrCondition = 'create or replace' | 'create' | 'replace';

/**
 * What opening a file means when it is none of its own, but stands for something that the kernel
 * has: the caller's terminal, or an open file of a process.
 */
export type Alias = 'controlling-terminal' | { readonly pid: number; readonly fd: number };

/** Kind and inode may be looked up when they are asked for: a spread copy does not have them. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
  readonly inode: bigint;
}

/** Files that have no content of their own. */
export type NodeKind = 'fifo' | 'socket';

export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  readonly truncate: boolean;
}

export interface Vnode {
  readonly kind: FileKind;

  /**
   * Names the content of a file that cannot change (one of a layer): two files with the same one
   * are the same bytes. Absent where content may change.
   */
  readonly contentId?: string | undefined;

  /** Opening this file is the kernel's business: `open` is never called. */
  readonly alias?: Alias | undefined;

  /**
   * A symbolic link of /proc that leads to a file without a path, and which: followed without
   * reading the link.
   */
  readonly destination?: Vnode | undefined;

  attributes(): Attributes;

  /**
   * Changes this file's own attributes; a symbolic link is not followed. `sizeBytes` only on a
   * regular file.
   */
  change(change: AttributesChange): void;

  xattrs(): Xattrs;

  /** The file of that name in this directory. Throws ENOENT, ENOTDIR. */
  lookup(name: string): Vnode;

  /**
   * All entries, without `.` and `..`, in an order that is stable while the directory is unchanged.
   */
  list(): readonly DirectoryEntry[];

  /** The target of this symbolic link, not resolved. Throws EINVAL on anything else. */
  readLink(): string;

  /**
   * Opens this regular file or device. Throws EISDIR on a directory, ELOOP on a symbolic link;
   * ENXIO on a socket, and on a FIFO, which the kernel opens.
   */
  open(mode: OpenMode): OpenFile;

  /**
   * Creates a regular file in this directory and opens it. Throws EEXIST when the name is taken.
   */
  createFile(name: string, permissions: number, mode: OpenMode): OpenFile;

  makeDirectory(name: string, permissions: number): void;

  makeSymlink(name: string, target: string): void;

  /** A name to meet at; what goes through it is the kernel's. */
  makeNode(name: string, kind: NodeKind, permissions: number): void;

  /**
   * Gives `target` (of the same file system, not a directory) one more name. Throws EXDEV, EPERM.
   */
  makeLink(name: string, target: Vnode): void;

  /** Removes a name that is no directory. Throws EISDIR. */
  removeFile(name: string): void;

  /** Removes an empty directory. Throws ENOTDIR, ENOTEMPTY. */
  removeDirectory(name: string): void;

  /**
   * Moves `name` of this directory to `newName` of `newParent`, replacing as rename(2) does.
   *
   * Throws EXDEV into another file system, or for a directory that cannot be moved in one step;
   * EINVAL for a directory into itself; EISDIR, ENOTDIR, ENOTEMPTY for what cannot be replaced.
   */
  rename(name: string, newParent: Vnode, newName: string): void;

  /**
   * What was made, renamed and removed in this directory is on stable storage when the promise
   * resolves. Absent where nothing is kept, or nothing can change.
   */
  sync?(): Promise<void>;
}

export interface OpenFile {
  attributes(): Attributes;
  change(change: AttributesChange): void;
  xattrs(): Xattrs;

  /**
   * Reads into `target` from byte `position`, a whole number of any size; answers the bytes read, 0
   * at the end. Throws EINVAL for a negative position, EBADF when closed.
   */
  readAt(target: Uint8Array, position: number): number;

  /**
   * Writes all or part of `source` at byte `position`; answers the bytes written. Throws EFBIG past
   * what files can hold, EBADF when not opened for writing or closed.
   */
  writeAt(source: Uint8Array, position: number): number;

  /** Writes at the end, wherever that is at the moment of writing; answers the bytes written. */
  append(source: Uint8Array): number;

  /** What was written is on stable storage when the promise resolves. */
  sync(options: { readonly dataOnly: boolean }): Promise<void>;

  /** Idempotent. */
  close(): void;
}

export interface FileSystem extends Disposable {
  /** As /proc/mounts names it. */
  readonly typeName: string;
  readonly root: Vnode;
  readonly isReadOnly: boolean;
  statistics(): FileSystemStatistics;
}
