import { ERRNO } from '../base/errno.ts';
import type { Attributes, AttributesChange, DirectoryEntry, OpenFile } from '../vfs/contract.ts';
import type { Location } from '../vfs/path-walk.ts';
import type { ByteSink, ByteSource } from './byte-channel.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Terminal } from './terminal.ts';
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

/**
 * What all descriptions have in common: several fds, of several processes, may stand for one, and
 * the last one that goes closes it.
 */
abstract class SharedDescription {
  #referenceCount = 0;
  #atClose: (() => void) | undefined;

  retain(): void {
    this.#referenceCount++;
  }

  release(): void {
    this.#referenceCount--;
    if (this.#referenceCount > 0) return;
    this.#atClose?.();
    this.close();
  }

  /** What is to be given back with it (a lock); one thing only. */
  onClose(giveBack: () => void): void {
    this.#atClose = giveBack;
  }

  /** Nobody ever got it. */
  discard(): void {
    this.retain();
    this.release();
  }

  protected abstract close(): void;
}

export interface FileOrigin {
  readonly parent: Location | undefined;
  readonly name: string;
}

export class FileHandle extends SharedDescription {
  readonly kind = 'file';
  readonly file: OpenFile;
  readonly access: OpenAccess;
  flags: StatusFlags;
  /** Byte at which the next read or write happens. */
  position = 0;

  /** Where it was found, for what /proc shows and statfs(2) asks. */
  readonly origin: FileOrigin | undefined;

  constructor(file: OpenFile, access: OpenAccess, flags: StatusFlags, origin?: FileOrigin) {
    super();
    this.origin = origin;
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

  protected override close(): void {
    this.file.close();
  }
}

export class DirectoryHandle extends SharedDescription {
  readonly kind = 'directory';
  readonly location: Location;
  flags: StatusFlags = NO_FLAGS;
  /**
   * What the directory held when listing began; a listing in steps must not jump when files come
   * and go.
   */
  #listing: readonly DirectoryEntry[] | undefined;
  #releaseListing = (): void => {};

  constructor(location: Location) {
    super();
    this.location = location;
  }

  get listing(): readonly DirectoryEntry[] | undefined {
    return this.#listing;
  }

  /** Charges `account` until another listing takes its place, or the directory is closed: ENOMEM. */
  keepListing(entries: readonly DirectoryEntry[], account: MemoryAccount): void {
    this.#dropListing();
    const bytes = entries.reduce((sum, { name }) => sum + ENTRY_BYTES + 2 * name.length, 0);
    if (!account.tryCharge(bytes)) throw ERRNO.ENOMEM;
    this.#releaseListing = () => account.release(bytes);
    this.#listing = entries;
  }

  #dropListing(): void {
    this.#releaseListing();
    this.#releaseListing = () => {};
    this.#listing = undefined;
  }

  attributes(): Attributes {
    return this.location.node.attributes();
  }

  change(change: AttributesChange): void {
    this.location.node.change(change);
  }

  protected override close(): void {
    this.#dropListing();
  }
}

/** Device number of streams: they belong to no file system. */
const STREAM_DEVICE = 0n;

export interface StreamEnds {
  readonly source?: ByteSource;
  readonly sink?: ByteSink;
  /** It is one: source and sink are its slave side. */
  readonly terminal?: Terminal;
  /** What /proc shows of it; without one it is a pipe. */
  readonly name?: string;
  /** Tells streams apart (fstat(2)); both ends of a pipe have the same one. */
  readonly inode?: bigint;
  /** Nobody has the description any more. */
  readonly close?: () => void;
}

export class StreamHandle extends SharedDescription {
  readonly kind = 'stream';
  flags: StatusFlags = NO_FLAGS;
  readonly #ends: StreamEnds;

  constructor(ends: StreamEnds) {
    super();
    this.#ends = ends;
  }

  get source(): ByteSource | undefined {
    return this.#ends.source;
  }

  get sink(): ByteSink | undefined {
    return this.#ends.sink;
  }

  get name(): string {
    return this.#ends.name ?? `pipe:[${this.#ends.inode ?? 0n}]`;
  }

  get terminal(): Terminal | undefined {
    return this.#ends.terminal;
  }

  get isTerminal(): boolean {
    return this.#ends.terminal !== undefined;
  }

  attributes(): Attributes {
    return {
      kind: this.isTerminal ? 'character-device' : 'fifo',
      device: STREAM_DEVICE,
      inode: this.#ends.inode ?? 0n,
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

  protected override close(): void {
    this.#ends.close?.();
  }
}

/** What an entry of a listing takes, its name's characters excepted: measured. */
const ENTRY_BYTES = 256;
