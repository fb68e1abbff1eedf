import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  DirectoryEntry,
  FileSystem,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { checkName } from './file-name.ts';
import { LeafVnode } from './leaf-vnode.ts';
import { MAGIC, UNCOUNTED } from './statistics.ts';
import { NO_XATTRS } from './xattrs.ts';

/**
 * The file system at /dev: the memory devices of Linux (mem(4), random(4), full(4)). Its names
 * cannot be changed.
 */
export interface DevicesOptions {
  readonly device: bigint;
  /** Fills with random bytes fit for keys. */
  readonly fillRandom: (target: Uint8Array) => void;
  /** The time that all files in it show. */
  readonly createdNs: bigint;
}

export function createDevices(options: DevicesOptions): FileSystem {
  return {
    typeName: 'devtmpfs',
    root: new DeviceDirectory(options),
    isReadOnly: true,
    statistics: () => ({ ...UNCOUNTED, type: MAGIC.tmpfs }),
    [Symbol.dispose]: () => {},
  };
}

/**
 * More is not read in one call, as of Linux's /dev/urandom: filling takes time in which no other
 * guest of the cell runs.
 */
const MAX_READ_BYTES = (1 << 25) - 1;

interface Device {
  /** Fills all of `target`, or answers that there is nothing to be read. */
  readonly read: (target: Uint8Array, options: DevicesOptions) => 'filled' | 'end';
  readonly write: 'taken' | 'no space';
}

const readZeros = (target: Uint8Array): 'filled' => {
  target.fill(0);
  return 'filled';
};

const readRandom = (target: Uint8Array, options: DevicesOptions): 'filled' => {
  options.fillRandom(target);
  return 'filled';
};

const DEVICES: ReadonlyMap<string, Device> = new Map<string, Device>([
  ['full', { read: readZeros, write: 'no space' }],
  ['null', { read: () => 'end', write: 'taken' }],
  ['random', { read: readRandom, write: 'taken' }],
  ['urandom', { read: readRandom, write: 'taken' }],
  ['zero', { read: readZeros, write: 'taken' }],
]);

const DIRECTORY_INODE = 1n;

class DeviceDirectory implements Vnode {
  readonly kind = 'directory';
  readonly #options: DevicesOptions;
  readonly #nodes: ReadonlyMap<string, DeviceNode>;

  constructor(options: DevicesOptions) {
    this.#options = options;
    const nodes = new Map<string, DeviceNode>();
    let inode = DIRECTORY_INODE;
    for (const [name, device] of DEVICES) {
      inode++;
      nodes.set(name, new DeviceNode(device, inode, options));
    }
    this.#nodes = nodes;
  }

  attributes(): Attributes {
    return attributesOf(this.#options, {
      kind: 'directory',
      inode: DIRECTORY_INODE,
      linkCount: 2,
      mode: 0o755,
    });
  }

  lookup(name: string): Vnode {
    const node = this.#nodes.get(name);
    if (!node) throw ERRNO.ENOENT;
    return node;
  }

  list(): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    for (const [name, { kind, inode }] of this.#nodes) entries.push({ name, kind, inode });
    return entries;
  }

  readLink(): string {
    throw ERRNO.EINVAL;
  }

  open(): OpenFile {
    throw ERRNO.EISDIR;
  }

  change(): void {
    throw ERRNO.EROFS;
  }

  createFile(name: string): OpenFile {
    return this.#refuse(name);
  }

  makeDirectory(name: string): void {
    this.#refuse(name);
  }

  makeSymlink(name: string): void {
    this.#refuse(name);
  }

  makeLink(name: string): void {
    this.#refuse(name);
  }

  makeNode(name: string): void {
    this.#refuse(name);
  }

  xattrs(): Xattrs {
    return NO_XATTRS;
  }

  removeFile(name: string): void {
    this.#refuse(name);
  }

  removeDirectory(name: string): void {
    this.#refuse(name);
  }

  rename(name: string): void {
    this.#refuse(name);
  }

  #refuse(name: string): never {
    checkName(name);
    throw ERRNO.EROFS;
  }
}

class DeviceNode extends LeafVnode {
  override readonly kind = 'character-device';
  readonly inode: bigint;
  readonly #device: Device;
  readonly #options: DevicesOptions;

  constructor(device: Device, inode: bigint, options: DevicesOptions) {
    super();
    this.#device = device;
    this.inode = inode;
    this.#options = options;
  }

  override attributes(): Attributes {
    const { kind, inode } = this;
    return attributesOf(this.#options, { kind, inode, linkCount: 1, mode: 0o666 });
  }

  override change(): void {
    throw ERRNO.EROFS;
  }

  override open(mode: OpenMode): OpenFile {
    return new OpenDevice(this, this.#device, this.#options, mode);
  }
}

class OpenDevice implements OpenFile {
  readonly #node: DeviceNode;
  readonly #device: Device;
  readonly #options: DevicesOptions;
  readonly #mode: OpenMode;

  constructor(node: DeviceNode, device: Device, options: DevicesOptions, mode: OpenMode) {
    this.#node = node;
    this.#device = device;
    this.#options = options;
    this.#mode = mode;
  }

  attributes(): Attributes {
    return this.#node.attributes();
  }

  change(): void {
    throw ERRNO.EROFS;
  }

  xattrs(): Xattrs {
    return NO_XATTRS;
  }

  readAt(target: Uint8Array, _position: number): number {
    const part = target.length > MAX_READ_BYTES ? target.subarray(0, MAX_READ_BYTES) : target;
    return this.#device.read(part, this.#options) === 'end' ? 0 : part.length;
  }

  writeAt(source: Uint8Array, _position: number): number {
    return this.append(source);
  }

  append(source: Uint8Array): number {
    if (!this.#mode.write) throw ERRNO.EBADF;
    if (this.#device.write === 'no space') throw ERRNO.ENOSPC;
    return source.length;
  }

  async sync(): Promise<void> {
    // As Linux: there is nothing that could be synchronised.
    throw ERRNO.EINVAL;
  }

  close(): void {}
}

function attributesOf(
  options: DevicesOptions,
  own: Pick<Attributes, 'kind' | 'inode' | 'linkCount' | 'mode'>,
): Attributes {
  const { device, createdNs } = options;
  return {
    ...own,
    device,
    sizeBytes: 0,
    blocks: 0,
    rdev: 0n,
    uid: 0,
    gid: 0,
    accessedNs: createdNs,
    modifiedNs: createdNs,
    changedNs: createdNs,
  };
}
