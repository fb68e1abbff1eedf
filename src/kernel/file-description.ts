import { ERRNO } from '../base/errno.ts';
import type { Attributes, AttributesChange, DirectoryEntry, OpenFile } from '../vfs/contract.ts';
import type { Location } from '../vfs/path-walk.ts';
import type { ByteSink, ByteSource } from './byte-channel.ts';
import type { WaitQueue } from './wait-queue.ts';

/**
 * Open file descriptions (open(2)): what fds point at. A position and the status flags belong to
 * the description, not to the fd.
 *
 * | kind | is | can |
 * | --- | --- | --- |
 * | file | a regular file or a device of a file system | read, write, seek, stat, poll (always ready) |
 * | directory | a place from which paths are resolved | list, stat |
 * | stream | bytes from or to somewhere else | read, write, poll |
 */
export type FileDescription = FileHandle | DirectoryHandle | StreamHandle;

export interface StatusFlags {
  readonly append: boolean;
  readonly nonBlocking: boolean;
  /** A write is on stable storage before it is answered. */
  readonly synchronous: boolean;
}

export const NO_FLAGS: StatusFlags = { append: false, nonBlocking: false, synchronous: false };

export interface OpenAccess {
  readonly read: boolean;
  readonly write: boolean;
}

export class FileHandle {
  readonly kind = 'file';
  readonly file: OpenFile;
  readonly access: OpenAccess;
  flags: StatusFlags;
  /** Byte at which the next read or write happens. */
  position = 0;

  constructor(file: OpenFile, access: OpenAccess, flags: StatusFlags) {
    this.file = file;
    this.access = access;
    this.flags = flags;
  }

  attributes(): Attributes {
    return this.file.attributes();
  }

  change(change: AttributesChange): void {
    this.file.change(change);
  }

  read(target: Uint8Array): number {
    const count = this.readAt(target, this.position);
    this.position += count;
    return count;
  }

  readAt(target: Uint8Array, position: number): number {
    if (!this.access.read) throw ERRNO.EBADF;
    return this.file.readAt(target, position);
  }

  write(source: Uint8Array): number {
    if (!this.access.write) throw ERRNO.EBADF;
    if (this.flags.append) {
      const count = this.file.append(source);
      this.position = this.file.attributes().sizeBytes;
      return count;
    }
    const count = this.file.writeAt(source, this.position);
    this.position += count;
    return count;
  }

  writeAt(source: Uint8Array, position: number): number {
    if (!this.access.write) throw ERRNO.EBADF;
    return this.flags.append ? this.file.append(source) : this.file.writeAt(source, position);
  }

  close(): void {
    this.file.close();
  }
}

export class DirectoryHandle {
  readonly kind = 'directory';
  readonly location: Location;
  flags: StatusFlags = NO_FLAGS;
  /**
   * What the directory held when listing began; a listing in steps must not jump when files come
   * and go.
   */
  listing: readonly DirectoryEntry[] | undefined;

  constructor(location: Location) {
    this.location = location;
  }

  attributes(): Attributes {
    return this.location.node.attributes();
  }

  change(change: AttributesChange): void {
    this.location.node.change(change);
  }

  close(): void {
    this.listing = undefined;
  }
}

/** Device and inode numbers of streams: they belong to no file system. */
const STREAM_DEVICE = 0n;

export class StreamHandle {
  readonly kind = 'stream';
  readonly source: ByteSource | undefined;
  readonly sink: ByteSink | undefined;
  readonly isTerminal: boolean;
  flags: StatusFlags = NO_FLAGS;

  constructor(ends: { source?: ByteSource; sink?: ByteSink; isTerminal: boolean }) {
    this.source = ends.source;
    this.sink = ends.sink;
    this.isTerminal = ends.isTerminal;
  }

  attributes(): Attributes {
    return {
      kind: this.isTerminal ? 'character-device' : 'fifo',
      device: STREAM_DEVICE,
      inode: 0n,
      linkCount: 1,
      sizeBytes: 0,
      blocks: 0,
      rdev: 0n,
      mode: 0o600,
      uid: 0,
      gid: 0,
      accessedNs: 0n,
      modifiedNs: 0n,
      changedNs: 0n,
    };
  }

  change(): void {
    throw ERRNO.EINVAL;
  }

  /** Throws EAGAIN when there is nothing to read yet: wait on `readable`. */
  read(target: Uint8Array): number {
    if (!this.source) throw ERRNO.EBADF;
    return this.source.read(target);
  }

  /** Throws EAGAIN when there is no room yet: wait on `writable`. */
  write(source: Uint8Array): number {
    if (!this.sink) throw ERRNO.EBADF;
    return this.sink.write(source);
  }

  get readable(): WaitQueue {
    if (!this.source) throw ERRNO.EBADF;
    return this.source.readable;
  }

  get writable(): WaitQueue {
    if (!this.sink) throw ERRNO.EBADF;
    return this.sink.writable;
  }

  close(): void {
    // The ends belong to whoever made the stream: other fds may still use them.
  }
}
