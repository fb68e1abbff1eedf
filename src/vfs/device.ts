import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  FileSystem,
  OpenFile,
  OpenMode,
  Xattrs,
} from './contract.ts';
import { MemoryFileSystem } from './memory.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { type DeviceOpener, MemoryDevice, type MemoryLeaf } from './memory-file.ts';
import type { MemoryCharge } from './memory-quota.ts';

/**
 * The file system at /dev, with what Docker puts there: the memory devices of Linux (mem(4),
 * random(4), full(4)), the terminal, and links to the standard streams. It is a file system in
 * memory otherwise, and may be written.
 */
export interface DevicesOptions {
  readonly device: bigint;
  /** Fills with random bytes fit for keys. */
  readonly fillRandom: (target: Uint8Array) => void;
  /** Nanoseconds since the epoch. */
  readonly now: () => bigint;
  readonly charge: MemoryCharge;
  /** Whether the container has a terminal, which is then console and pts/0. */
  readonly hasTerminal: boolean;
}

/** Docker's size of /dev. */
const SIZE_BYTES = 64 << 20;
const MAX_FILES = 4096;

export function createDevices(options: DevicesOptions): FileSystem {
  const limits = { sizeBytes: SIZE_BYTES, maxFiles: MAX_FILES };
  const fileSystem = new MemoryFileSystem({ ...options, ...limits, mode: 0o755 });
  const { root } = fileSystem;
  const devices = devicesOf(options.fillRandom);
  for (const [name, { minor, read, write }] of devices) {
    const open: DeviceOpener = (node, mode) => new OpenDevice(node, mode, read, write);
    const facts = { rdev: rdev(MEMORY_MAJOR, minor), mode, open };
    root.add(name, () => new MemoryDevice(fileSystem, facts));
  }
  for (const [name, target] of LINKS) root.makeSymlink(name, target);
  const pts = root.add('pts', () => new MemoryDirectory(fileSystem, root, 0o755));
  // To mount on.
  root.makeDirectory('shm', 0o1777);
  addTerminal(fileSystem, root, 'tty', rdev(5, 0), mode);
  if (options.hasTerminal) {
    addTerminal(fileSystem, root, 'console', rdev(136, 0), 0o620);
    addTerminal(fileSystem, pts, '0', rdev(136, 0), 0o620);
  }
  return fileSystem;
}

/** Everybody may read and write. */
const mode = 0o666;

const LINKS: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];

function addTerminal(
  fileSystem: MemoryFileSystem,
  directory: MemoryDirectory,
  name: string,
  number: bigint,
  permissions: number,
): void {
  const device = { rdev: number, mode: permissions, alias: 'controlling-terminal' } as const;
  directory.add(name, () => new MemoryDevice(fileSystem, device));
}

/** Linux's major number of the memory devices. */
const MEMORY_MAJOR = 1;

/** As Linux's makedev, for small numbers. */
function rdev(major: number, minor: number): bigint {
  return BigInt(major * 0x100 + minor);
}

interface Device {
  readonly minor: number;
  /** Fills all of the target; absent when there is never anything to be read. */
  readonly read?: (target: Uint8Array) => void;
  readonly write: 'taken' | 'no space';
}

function devicesOf(fillRandom: (target: Uint8Array) => void): readonly [string, Device][] {
  const readZeros = (target: Uint8Array): void => void target.fill(0);
  return [
    ['null', { minor: 3, write: 'taken' }],
    ['zero', { minor: 5, read: readZeros, write: 'taken' }],
    ['full', { minor: 7, read: readZeros, write: 'no space' }],
    ['random', { minor: 8, read: fillRandom, write: 'taken' }],
    ['urandom', { minor: 9, read: fillRandom, write: 'taken' }],
  ];
}

/**
 * More is not read in one call, as of Linux's /dev/urandom: filling takes time in which no other
 * guest of the cell runs.
 */
const MAX_READ_BYTES = (1 << 25) - 1;

class OpenDevice implements OpenFile {
  readonly #node: MemoryLeaf;
  readonly #mode: OpenMode;
  readonly #read: Device['read'];
  readonly #write: Device['write'];
  #isClosed = false;

  constructor(node: MemoryLeaf, openMode: OpenMode, read: Device['read'], write: Device['write']) {
    this.#node = node;
    this.#mode = openMode;
    this.#read = read;
    this.#write = write;
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
    if (position < 0) throw ERRNO.EINVAL;
    if (!this.#read) return 0;
    const part = target.length > MAX_READ_BYTES ? target.subarray(0, MAX_READ_BYTES) : target;
    this.#read(part);
    return part.length;
  }

  writeAt(source: Uint8Array, _position: number): number {
    return this.append(source);
  }

  append(source: Uint8Array): number {
    if (!this.#mode.write || this.#isClosed) throw ERRNO.EBADF;
    if (this.#write === 'no space') throw ERRNO.ENOSPC;
    return source.length;
  }

  async sync(): Promise<void> {
    // As Linux: there is nothing that could be synchronised.
    throw ERRNO.EINVAL;
  }

  close(): void {
    this.#isClosed = true;
  }
}
