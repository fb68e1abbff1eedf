import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ERRNO, errnoOfHostError } from '../../src/base/errno.ts';

/** Contents by absolute path, as the compiler names them (`/src/main.c`). */
export type FileContents = Readonly<Record<string, Uint8Array>>;
/** Folders of the machine by where the compiler finds them. It reads there, and writes nothing. */
export type Mounts = Readonly<Record<string, string>>;

/** A file in memory: `bytes` may be longer than what is written. */
export interface MemoryFile {
  bytes: Uint8Array;
  size: number;
  readonly inode: bigint;
  readonly device: bigint;
}

export type Entry =
  | { readonly kind: 'file'; readonly file: MemoryFile }
  | { readonly kind: 'directory'; readonly inode: bigint };

/** What is no file of the machine; the machine's own devices are numbered from 16 on. */
const MEMORY_DEVICE = 1n;
const FIRST_HOST_DEVICE = 16n;

/**
 * The files that one run of a compiler sees: its system's headers and libraries, what it was
 * given, folders of the machine, and what it writes, which stays in memory. In this order of
 * precedence: written or given, mounted (the longest path first), the system's.
 */
export class CompilerFiles {
  readonly #own = new Map<string, MemoryFile>();
  readonly #directories = new Set<string>(['/']);
  readonly #mounts: readonly (readonly [string, string])[];
  readonly #written = new Set<string>();
  readonly #probed = new Set<string>();
  readonly #inodes = new Map<string, bigint>();

  constructor(system: ReadonlyMap<string, Uint8Array>, given: FileContents, mounts: Mounts) {
    for (const [path, bytes] of system) this.#add(path, bytes);
    this.#mounts = Object.entries(mounts).sort(([one], [other]) => other.length - one.length);
    for (const [path] of this.#mounts) this.#addParents(`${path}/`);
    for (const [path, bytes] of Object.entries(given)) this.#add(path, bytes);
    this.#system = system;
    this.#given = given;
  }

  readonly #system: ReadonlyMap<string, Uint8Array>;
  readonly #given: FileContents;

  /** Paths outside of the system's that the run looked at, whether they are there or not. */
  get probed(): readonly string[] {
    return [...this.#probed].sort();
  }

  /** What the run left behind. */
  get outputs(): Record<string, Uint8Array> {
    const outputs: Record<string, Uint8Array> = {};
    for (const path of this.#written) {
      const file = this.#own.get(path);
      if (file) outputs[path] = file.bytes.slice(0, file.size);
    }
    return outputs;
  }

  /** undefined when there is nothing of that name. */
  find(path: string): Entry | undefined {
    const isOutput = this.#written.has(path);
    if (!isOutput && !this.#system.has(path)) this.#probed.add(path);
    const file = this.#own.get(path) ?? this.#findOnHost(path);
    if (file === 'directory' || (!file && this.#directories.has(path))) {
      return { kind: 'directory', inode: this.#inodeOf(path) };
    }
    return file ? { kind: 'file', file } : undefined;
  }

  /** The names in a folder, in order; clang looks for versions of libraries so. */
  list(path: string): [string, Entry['kind']][] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = new Map<string, Entry['kind']>();
    const hostPath = hostPathOf(this.#mounts, path);
    if (hostPath !== undefined && existsSync(hostPath)) {
      for (const entry of readdirSync(hostPath, { withFileTypes: true })) {
        names.set(entry.name, entry.isDirectory() ? 'directory' : 'file');
      }
    }
    for (const [paths, kind] of [
      [this.#own.keys(), 'file'],
      [this.#directories, 'directory'],
    ] as const) {
      for (const one of paths) {
        const name = one.slice(prefix.length);
        if (one.startsWith(prefix) && name !== '' && !name.includes('/')) names.set(name, kind);
      }
    }
    return [...names].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** Makes an empty file, or empties the one that is there. */
  create(path: string): MemoryFile {
    const file = this.#add(path, new Uint8Array());
    this.#written.add(path);
    return file;
  }

  /** The file of that path to write to: a copy of what is there, unless the run made it. */
  change(path: string, file: MemoryFile): MemoryFile {
    if (this.#written.has(path)) return file;
    this.#written.add(path);
    return this.#add(path, file.bytes.slice(0, file.size));
  }

  createDirectory(path: string): void {
    this.#directories.add(path);
  }

  /** Removes what the run wrote; anything else is not its own (EACCES). */
  remove(path: string): void {
    if (!this.#written.delete(path)) throw this.find(path) ? ERRNO.EACCES : ERRNO.ENOENT;
    this.#own.delete(path);
    const given = this.#given[path];
    if (given) this.#add(path, given);
  }

  rename(from: string, to: string): void {
    const file = this.#own.get(from);
    if (!file || !this.#written.delete(from)) throw ERRNO.EACCES;
    this.#own.delete(from);
    this.#own.set(to, file);
    this.#written.add(to);
  }

  #add(path: string, bytes: Uint8Array): MemoryFile {
    this.#addParents(path);
    const file = {
      bytes,
      size: bytes.length,
      inode: this.#inodeOf(path),
      device: MEMORY_DEVICE,
    };
    this.#own.set(path, file);
    return file;
  }

  #addParents(path: string): void {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (this.#directories.has(parent)) return;
      this.#directories.add(parent);
    }
  }

  /** One number for a path, the same however often it is asked: clang knows headers by it. */
  #inodeOf(path: string): bigint {
    const known = this.#inodes.get(path);
    if (known !== undefined) return known;
    const inode = BigInt(this.#inodes.size + 1);
    this.#inodes.set(path, inode);
    return inode;
  }

  #findOnHost(path: string): MemoryFile | 'directory' | undefined {
    const hostPath = hostPathOf(this.#mounts, path);
    if (hostPath === undefined) return undefined;
    try {
      const stat = statSync(hostPath, { throwIfNoEntry: false, bigint: true });
      if (!stat) return undefined;
      if (stat.isDirectory()) return 'directory';
      const bytes = readFileSync(hostPath);
      const device = stat.dev + FIRST_HOST_DEVICE;
      const file = { bytes, size: bytes.length, inode: stat.ino, device };
      this.#own.set(path, file);
      return file;
    } catch (thrown) {
      const errno = errnoOfHostError(thrown);
      if (errno === ERRNO.ENOTDIR) return undefined;
      throw errno;
    }
  }
}

/** Belong to the compiler's system alone: the machine's are for another one. */
const SYSTEM_FOLDERS = /^\/(usr\/include|usr\/lib|lib|proc)(\/|$)/;

/** Where a path of the compiler's is on the machine, by the first mount that it is under. */
export function hostPathOf(
  mounts: readonly (readonly [string, string])[],
  path: string,
): string | undefined {
  if (SYSTEM_FOLDERS.test(path)) return undefined;
  for (const [guest, host] of mounts) {
    if (path === guest) return host;
    const prefix = guest === '/' ? '/' : `${guest}/`;
    if (path.startsWith(prefix)) return join(host, path.slice(prefix.length));
  }
  return undefined;
}
