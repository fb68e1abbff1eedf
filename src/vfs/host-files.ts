import { ERRNO, errnoOfHostError } from '../base/errno.ts';
import type { FileKind } from './contract.ts';

/**
 * The host's files as a parameter: what the file systems need of `node:fs`, declared by shape, so
 * that a program hands over `node:fs` itself and a test a part of it. All calls throw Node's system
 * errors.
 */
export interface HostFiles {
  readonly fs: HostFileCalls;
  /** Node's `process.platform`. */
  readonly platform: string;
}

export interface HostFileCalls {
  readonly constants: HostOpenFlags;
  openSync(path: string, flags: number, mode?: number): number;
  closeSync(fd: number): void;
  /** `position` is never negative: Node reads -1 as "where the descriptor stands". */
  readSync(
    fd: number,
    target: Uint8Array,
    offset: number,
    length: number,
    position: number | bigint,
  ): number;
  /** `position` null: where the descriptor stands. A bigint would be taken for null by Node. */
  writeSync(
    fd: number,
    source: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  fstatSync(fd: number, options: { readonly bigint: true }): HostStat;
  lstatSync(
    path: string,
    options: { readonly bigint: true; readonly throwIfNoEntry: false },
  ): HostStat | undefined;
  readdirSync(path: string): readonly string[];
  readdirSync(path: string, options: { readonly withFileTypes: true }): readonly HostDirent[];
  readlinkSync(path: string): string;
  mkdirSync(path: string, options: { readonly mode: number; readonly recursive: boolean }): unknown;
  symlinkSync(target: string, path: string): void;
  linkSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
  renameSync(from: string, to: string): void;
  ftruncateSync(fd: number, sizeBytes: number): void;
  fchmodSync(fd: number, mode: number): void;
  /** Follows links. */
  chmodSync(path: string, mode: number): void;
  /** Times in seconds since the epoch. */
  futimesSync(fd: number, accessed: number, modified: number): void;
  /** Follows links. */
  utimesSync(path: string, accessed: number, modified: number): void;
  lutimesSync(path: string, accessed: number, modified: number): void;
  statfsSync(path: string): HostStatistics;
  fsyncSync(fd: number): void;
  fsync(fd: number, callback: (error: Error | null) => void): void;
  fdatasync(fd: number, callback: (error: Error | null) => void): void;
}

/** Those that a host does not have are undefined (Windows), whatever Node's types say. */
export interface HostOpenFlags {
  readonly O_RDONLY: number;
  readonly O_WRONLY: number;
  readonly O_RDWR: number;
  readonly O_CREAT: number;
  readonly O_EXCL: number;
  readonly O_TRUNC: number;
  readonly O_APPEND: number;
  readonly O_DIRECTORY?: number;
  readonly O_NOFOLLOW?: number;
  readonly O_NONBLOCK?: number;
}

export interface HostStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly size: bigint;
  /** In units of 512 bytes. */
  readonly blocks: bigint;
  readonly rdev: bigint;
  readonly birthtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** A name as a listing has it; no question is answered with yes where the host does not know. */
export interface HostDirent {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
}

/** As statfs(2); Windows answers zeros for what it does not know. */
export interface HostStatistics {
  readonly type: number;
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

const BIGINT_STAT = { bigint: true, throwIfNoEntry: false } as const;

/** Runs host calls, translating what they throw. */
export function translated<T>(hostCalls: () => T): T {
  try {
    return hostCalls();
  } catch (thrown) {
    throw errnoOfHostError(thrown);
  }
}

/** Throws ENOENT. Never follows a link. */
export function hostLstat(host: HostFiles, path: string): HostStat {
  const stat = host.fs.lstatSync(path, BIGINT_STAT);
  if (!stat) throw ERRNO.ENOENT;
  return stat;
}

/** The same calls but for some. They are inherited: to copy Node's makes it load its promises. */
export function withCalls(fs: HostFileCalls, calls: Partial<HostFileCalls>): HostFileCalls {
  return Object.setPrototypeOf({ ...calls }, fs);
}

/** Whether anything is at the path, for a tenth of what a call that throws costs. Host errors. */
export function isThere(host: HostFiles, path: string): boolean {
  return host.fs.lstatSync(path, BIGINT_STAT) !== undefined;
}

const KIND_MASK = 0o170000;
const PERMISSION_MASK = 0o7777;

/** The kinds as stat(2) encodes them; libuv uses the same on Windows. */
const KIND_OF_BITS: ReadonlyMap<number, FileKind> = new Map([
  [0o040000, 'directory'],
  [0o100000, 'regular'],
  [0o120000, 'symlink'],
  [0o020000, 'character-device'],
  [0o060000, 'block-device'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
]);

/** A kind that no table knows (a Solaris door) is a socket: there, and not to be opened. */
export function kindOfStat(stat: HostStat): FileKind {
  return KIND_OF_BITS.get(Number(stat.mode) & KIND_MASK) ?? 'socket';
}

export function permissionsOfStat(stat: HostStat): number {
  return Number(stat.mode) & PERMISSION_MASK;
}

/**
 * A time as Node's calls take it. A double holds today's times to some 240 ns, so this is how
 * exactly a file's times can be set. What is below a nanosecond is cut off on the way to the
 * system: where the double is a little too small for its nanosecond, the next one is taken.
 */
export function hostSeconds(timeNs: bigint): number {
  const whole = Number(timeNs / 1_000_000_000n);
  const nanoseconds = Number(timeNs % 1_000_000_000n);
  const seconds = whole + nanoseconds / 1e9;
  const next = seconds + Number.EPSILON * 2 ** Math.floor(Math.log2(seconds));
  const error = (candidate: number): number =>
    Math.abs(Math.trunc((candidate - whole) * 1e9) - nanoseconds);
  return error(next) < error(seconds) ? next : seconds;
}
