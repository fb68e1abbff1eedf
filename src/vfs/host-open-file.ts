import { ERRNO, errnoOfHostError } from '../base/errno.ts';
import type { Attributes, AttributesChange, OpenFile, OpenMode, Xattrs } from './contract.ts';
import {
  type HostFiles,
  type HostStat,
  hostSeconds,
  kindOfStat,
  translated,
} from './host-files.ts';
import type { HostOwnership } from './host-ownership.ts';
import type { StorageQuota } from './storage-quota.ts';

/** What an open file needs to know of the file system that it belongs to. */
export interface HostFileOwner {
  readonly host: HostFiles;
  readonly isReadOnly: boolean;
  readonly ownership: HostOwnership;
  readonly quota: StorageQuota | undefined;
  attributesOf(stat: HostStat): Attributes;
}

/** As Linux (MAX_RW_COUNT): more is not read or written in one call. */
const MAX_TRANSFER_BYTES = 0x7ffff000;

/** Positions beyond are exact in no number; no host has files of that size. */
const MAX_POSITION = Number.MAX_SAFE_INTEGER;

/**
 * Opens the regular file at `path`. Never follows a link, and never waits for the other end of a
 * FIFO. Throws EACCES for what turns out not to be a regular file, and host errors.
 *
 * `created` gives the permission bits, as guests see them, of a file that must not exist yet.
 */
export function openHostFile(
  owner: HostFileOwner,
  path: string,
  mode: OpenMode,
  options: { readonly created?: number; readonly isTrustedLink?: boolean } = {},
): HostOpenFile {
  const { fs } = owner.host;
  const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  let flags = accessFlags(owner.host, mode) | O_NONBLOCK;
  if (options.isTrustedLink !== true) flags |= O_NOFOLLOW;
  if (options.created !== undefined) flags |= O_CREAT | O_EXCL;
  const { created } = options;
  const { ownership, quota } = owner;
  // What is cut off is counted, so it is done by a call of its own.
  if (quota) flags &= ~fs.constants.O_TRUNC;
  const hostMode = created === undefined ? 0 : ownership.hostMode(created, false);
  const fd = fs.openSync(path, flags, hostMode);
  try {
    const stat = (): HostStat => fs.fstatSync(fd, { bigint: true });
    if (created !== undefined) ownership.noteCreated(created, stat);
    else if (kindOfStat(stat()) !== 'regular') throw ERRNO.EACCES;
    quota?.opened(stat());
  } catch (thrown) {
    fs.closeSync(fd);
    if (created !== undefined) fs.unlinkSync(path);
    throw thrown;
  }
  const file = new HostOpenFile(owner, fd, mode.write || mode.truncate);
  if (quota && mode.truncate) file.change({ sizeBytes: 0 });
  return file;
}

function accessFlags(host: HostFiles, mode: OpenMode): number {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_TRUNC } = host.fs.constants;
  if (mode.truncate) return (mode.read ? O_RDWR : O_WRONLY) | O_TRUNC;
  if (mode.write) return mode.read ? O_RDWR : O_WRONLY;
  return O_RDONLY;
}

/** Sets the times of a file, leaving what is absent as it is. Throws host errors. */
export function changeTimes(
  change: AttributesChange,
  stat: () => HostStat,
  setTimes: (accessed: number, modified: number) => void,
): void {
  const { accessedNs, modifiedNs } = change;
  if (accessedNs === undefined && modifiedNs === undefined) return;
  const present = accessedNs === undefined || modifiedNs === undefined ? stat() : undefined;
  const accessed = accessedNs ?? present?.atimeNs ?? 0n;
  const modified = modifiedNs ?? present?.mtimeNs ?? 0n;
  setTimes(hostSeconds(accessed), hostSeconds(modified));
}

/** The size as the host's calls take it. Throws EINVAL, EFBIG. */
export function hostSize(sizeBytes: number): number {
  if (sizeBytes < 0) throw ERRNO.EINVAL;
  if (sizeBytes > MAX_POSITION) throw ERRNO.EFBIG;
  return sizeBytes;
}

/** Rejects with host errors. */
export function syncDescriptor(fs: HostFiles['fs'], fd: number, dataOnly: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => (error ? reject(error) : resolve());
    if (dataOnly) fs.fdatasync(fd, done);
    else fs.fsync(fd, done);
  });
}

export class HostOpenFile implements OpenFile {
  readonly #owner: HostFileOwner;
  readonly #host: HostFiles;
  readonly #fd: number;
  readonly #isWritable: boolean;
  /** A second descriptor that appends, opened at need; -1 where the host cannot give one. */
  #appendFd: number | undefined;
  #isClosed = false;
  #syncCount = 0;

  constructor(owner: HostFileOwner, fd: number, isWritable: boolean) {
    this.#owner = owner;
    this.#host = owner.host;
    this.#fd = fd;
    this.#isWritable = isWritable;
  }

  attributes(): Attributes {
    return translated(() => this.#owner.attributesOf(this.#stat()));
  }

  change(change: AttributesChange): void {
    if (this.#owner.isReadOnly) throw ERRNO.EROFS;
    this.#checkOpen();
    const { fs } = this.#host;
    translated(() => {
      if (change.sizeBytes !== undefined) this.#resize(hostSize(change.sizeBytes));
      const stat = (): HostStat => this.#stat();
      this.#owner.ownership.change(change, stat, (mode) => fs.fchmodSync(this.#fd, mode));
      changeTimes(change, stat, (accessed, modified) =>
        fs.futimesSync(this.#fd, accessed, modified),
      );
    });
  }

  xattrs(): Xattrs {
    const checkWritable = (): void => {
      if (this.#owner.isReadOnly) throw ERRNO.EROFS;
    };
    return this.#owner.ownership.xattrs(
      'regular',
      () => translated(() => this.#stat()),
      checkWritable,
    );
  }

  readAt(target: Uint8Array, position: number): number {
    this.#checkOpen();
    if (position < 0) throw ERRNO.EINVAL;
    if (position > MAX_POSITION) return 0;
    const sizeBytes = Math.min(target.length, MAX_TRANSFER_BYTES);
    try {
      return this.#host.fs.readSync(this.#fd, target, 0, sizeBytes, position);
    } catch (thrown) {
      throw errnoOfHostError(thrown);
    }
  }

  writeAt(source: Uint8Array, position: number): number {
    this.#checkWritable();
    return this.#write(this.#fd, source, hostSize(position));
  }

  append(source: Uint8Array): number {
    this.#checkWritable();
    this.#appendFd ??= this.#openAppending();
    if (this.#appendFd !== -1) return this.#write(this.#appendFd, source, null);
    const { size } = translated(() => this.#stat());
    return this.#write(this.#fd, source, Number(size));
  }

  async sync(options: { readonly dataOnly: boolean }): Promise<void> {
    this.#checkOpen();
    const { fs } = this.#host;
    this.#syncCount++;
    try {
      await syncDescriptor(fs, this.#fd, options.dataOnly);
      await this.#owner.ownership.sync();
    } catch (thrown) {
      throw errnoOfHostError(thrown);
    } finally {
      this.#syncCount--;
      if (this.#isClosed) this.#release();
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
  }

  /** A closed descriptor's number may be another file's by now. */
  #checkOpen(): void {
    if (this.#isClosed) throw ERRNO.EBADF;
  }

  #checkWritable(): void {
    if (this.#isClosed || !this.#isWritable) throw ERRNO.EBADF;
  }

  #stat(): HostStat {
    this.#checkOpen();
    return this.#host.fs.fstatSync(this.#fd, { bigint: true });
  }

  #resize(sizeBytes: number): void {
    const { fs } = this.#host;
    const { quota } = this.#owner;
    if (!quota) {
      fs.ftruncateSync(this.#fd, sizeBytes);
      return;
    }
    const before = Number(this.#stat().size);
    const allowed = quota.grow(before, sizeBytes);
    try {
      if (allowed < sizeBytes) throw ERRNO.ENOSPC;
      fs.ftruncateSync(this.#fd, sizeBytes);
    } catch (thrown) {
      if (allowed > before) quota.shrink(allowed, before);
      throw thrown;
    }
    if (sizeBytes < before) quota.shrink(before, sizeBytes);
  }

  /** `position` null: at the end. */
  #write(fd: number, source: Uint8Array, position: number | null): number {
    const { quota } = this.#owner;
    if (!quota) return this.#writeToHost(fd, source, position);
    const before = Number(translated(() => this.#stat()).size);
    const start = position ?? before;
    const allowed = quota.grow(before, Math.max(before, start + source.length));
    let after = before;
    try {
      if (allowed <= start && source.length > 0) throw ERRNO.ENOSPC;
      const count = this.#writeToHost(fd, source.subarray(0, allowed - start), position);
      after = Math.max(before, start + count);
      return count;
    } finally {
      if (after < allowed) quota.shrink(allowed, after);
    }
  }

  #writeToHost(fd: number, source: Uint8Array, position: number | null): number {
    const sizeBytes = Math.min(source.length, MAX_TRANSFER_BYTES);
    try {
      return this.#host.fs.writeSync(fd, source, 0, sizeBytes, position);
    } catch (thrown) {
      throw errnoOfHostError(thrown);
    }
  }

  /**
   * The same file once more, by its descriptor, so that the host itself finds the end at the moment
   * of writing: others may append to the file too. Where that cannot be had, the end is looked up
   * before the write.
   */
  #openAppending(): number {
    if (this.#host.platform !== 'linux') return -1;
    const { fs } = this.#host;
    try {
      return fs.openSync(
        `/proc/self/fd/${this.#fd}`,
        fs.constants.O_WRONLY | fs.constants.O_APPEND,
      );
    } catch {
      // The mode of the file may forbid opening it a second time; what it was opened for still
      // holds.
      return -1;
    }
  }

  /**
   * Closes the descriptors, but not below a sync under way: the number could be another file's by
   * then.
   */
  #release(): void {
    if (this.#syncCount > 0) return;
    const { fs } = this.#host;
    this.#owner.quota?.closed(fs.fstatSync(this.#fd, { bigint: true }));
    fs.closeSync(this.#fd);
    if (this.#appendFd !== undefined && this.#appendFd !== -1) fs.closeSync(this.#appendFd);
  }
}
