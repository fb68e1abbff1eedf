import { EngineError } from '../base/engine-error.ts';
import type { LayerSource, Rootfs, TmpfsMount } from '../spec/mount.ts';
import type { MountRequest } from './create-request.ts';
import { parseTarget } from './mounts.ts';

/** What a caller asks of a container's files beside its mounts. */
export interface StorageRequest {
  /** Nothing of the image can be changed (`--read-only`). */
  readonly isReadOnly: boolean;
  /** `size=…`: what the container may write (`--storage-opt`). */
  readonly driverOptions: Readonly<Record<string, string>>;
  /** From a place in the container to options of mount(8) (`--tmpfs`). */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Of /dev/shm; 0: Docker's default. */
  readonly shmSizeBytes: number;
}

/** The same, settled. */
export type StorageOptions = StorageRequest;

/** Docker's size of /dev/shm. */
const DEFAULT_SHM_BYTES = 64 << 20;

export const NO_STORAGE_OPTIONS: StorageOptions = {
  isReadOnly: false,
  driverOptions: {},
  tmpfs: {},
  shmSizeBytes: DEFAULT_SHM_BYTES,
};

/**
 * Settles what was asked; `mounts` of type tmpfs are taken with the others.
 *
 * # Errors
 * - invalid-argument: unknown options, sizes that are none, places that cannot be mounted on
 */
export function settleStorage(
  request: StorageRequest,
  mounts: readonly MountRequest[],
): StorageOptions {
  const tmpfs: Record<string, string> = {};
  const add = (target: string, options: string): void => {
    const place = parseTarget(target, target);
    if (Object.hasOwn(tmpfs, place)) {
      throw new EngineError('invalid-argument', `Duplicate mount point: ${place}`);
    }
    tmpfs[place] = options;
  };
  for (const [target, options] of Object.entries(request.tmpfs)) add(target, options);
  for (const mount of mounts) if (mount.type === 'tmpfs') add(mount.target, optionsOf(mount));
  if (request.shmSizeBytes < 0) {
    throw new EngineError('invalid-argument', 'SHM size can not be less than 0');
  }
  const settled = { ...request, tmpfs, shmSizeBytes: request.shmSizeBytes || DEFAULT_SHM_BYTES };
  sizeLimitOf(settled);
  tmpfsMountsOf(settled, 0);
  return settled;
}

function optionsOf({ tmpfsSizeBytes, tmpfsMode, isReadOnly }: MountRequest): string {
  const options = [
    ...(isReadOnly ? ['ro'] : []),
    ...(tmpfsSizeBytes ? [`size=${tmpfsSizeBytes}`] : []),
    ...(tmpfsMode ? [`mode=${tmpfsMode.toString(8)}`] : []),
  ];
  return options.join(',');
}

/** What the container may write; undefined: as much as the host has room for. */
export function sizeLimitOf({ driverOptions }: StorageOptions): number | undefined {
  const { size, ...others } = driverOptions;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new EngineError('invalid-argument', `unknown storage option: ${unknown}`);
  }
  return size === undefined ? undefined : parseSize(size, undefined);
}

export function rootfsOf(
  options: StorageOptions,
  layers: readonly LayerSource[],
  upperdir: string,
): Rootfs {
  const sizeLimitBytes = sizeLimitOf(options);
  const rootfs = { layers, upperdir, isReadOnly: options.isReadOnly };
  return sizeLimitBytes === undefined ? rootfs : { ...rootfs, sizeLimitBytes };
}

/** The file systems in memory that a container has, /dev/shm among them. */
export function tmpfsMountsOf(
  { tmpfs, shmSizeBytes }: StorageOptions,
  hostMemoryBytes: number,
): readonly TmpfsMount[] {
  const mounts = Object.entries(tmpfs).map(([target, options]) => {
    return parseTmpfs(target, options, hostMemoryBytes);
  });
  if (Object.hasOwn(tmpfs, '/dev/shm')) return mounts;
  const shared = { sizeBytes: shmSizeBytes, maxFiles: maxFilesOf(shmSizeBytes) };
  return [{ target: '/dev/shm', ...shared, ...PLAIN }, ...mounts];
}

const PLAIN = { mode: 0o1777, uid: 0, gid: 0, isReadOnly: false } as const;

const BLOCK_BYTES = 4096;
/** Each name takes about a kilobyte of the cell's memory. */
const MAX_FILES = 1 << 20;

/** One for each block, as tmpfs has it. */
function maxFilesOf(sizeBytes: number): number {
  return Math.min(MAX_FILES, Math.max(1, Math.ceil(sizeBytes / BLOCK_BYTES)));
}

/** Options of tmpfs(5) and mount(8) that change nothing here. */
const IGNORED = new Set([
  ...['rw', 'exec', 'noexec', 'suid', 'nosuid', 'dev', 'nodev', 'sync', 'async', 'dirsync'],
  ...['atime', 'noatime', 'diratime', 'nodiratime', 'relatime', 'norelatime', 'strictatime'],
  ...['nostrictatime', 'defaults', 'noswap'],
]);

function parseTmpfs(target: string, options: string, hostMemoryBytes: number): TmpfsMount {
  let sizeBytes = Math.floor(hostMemoryBytes / 2);
  let maxFiles: number | undefined;
  let { mode, uid, gid }: { mode: number; uid: number; gid: number } = PLAIN;
  let isReadOnly = false;
  for (const option of options.split(',')) {
    const [key = '', value] = option.split('=', 2);
    if (value === undefined) {
      if (key === 'ro') isReadOnly = true;
      else if (key !== '' && !IGNORED.has(key)) throw refused(option);
    } else if (key === 'size') sizeBytes = parseSize(value, hostMemoryBytes);
    else if (key === 'nr_blocks') sizeBytes = parseSize(value, undefined) * BLOCK_BYTES;
    else if (key === 'nr_inodes') maxFiles = parseSize(value, undefined);
    else if (key === 'mode') mode = parseNumber(value, 8, 0o7777, option);
    else if (key === 'uid') uid = parseNumber(value, 10, MAX_OWNER, option);
    else if (key === 'gid') gid = parseNumber(value, 10, MAX_OWNER, option);
    else throw refused(option);
  }
  const files = Math.min(MAX_FILES, maxFiles || maxFilesOf(sizeBytes));
  return { target, sizeBytes, maxFiles: files, mode, uid, gid, isReadOnly };
}

const MAX_OWNER = 0xffff_fffe;

function refused(option: string): EngineError {
  return new EngineError('invalid-argument', `Invalid tmpfs option ${JSON.stringify(option)}`);
}

function parseNumber(text: string, radix: 8 | 10, most: number, option: string): number {
  const digits = radix === 8 ? /^[0-7]+$/ : /^\d+$/;
  const value = Number.parseInt(text, radix);
  if (!digits.test(text) || value > most) throw refused(option);
  return value;
}

const UNITS = 'kmgtp';

/** `10G`, `64m`, `512`; with `wholeBytes` also a share of it (`50%`). Errors: invalid-argument. */
function parseSize(text: string, wholeBytes: number | undefined): number {
  const [, digits, unit = ''] = /^(\d+)([kmgtp%]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const isShare = unit === '%';
  const factor = isShare
    ? (wholeBytes ?? 0) / 100
    : 1024 ** (UNITS.indexOf(unit.toLowerCase()) + 1);
  const value = Math.floor(Number(digits) * (unit === '' ? 1 : factor));
  if (
    digits === undefined ||
    (isShare && wholeBytes === undefined) ||
    !Number.isSafeInteger(value)
  ) {
    throw new EngineError('invalid-argument', `invalid size: '${text}'`);
  }
  return value;
}
