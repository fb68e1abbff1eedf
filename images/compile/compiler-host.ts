import { ERRNO_NUMBERS, FILE_TYPES, OPEN_FLAGS, RIGHTS } from '../../src/abi/preview1/numbers.ts';
import { ERRNO, Errno } from '../../src/base/errno.ts';
import { GuestMemory } from '../../src/kernel/guest-memory.ts';
import type { CompilerFiles, MemoryFile } from './compiler-files.ts';

/** Thrown through the compiler's frames; nothing in it catches foreign exceptions. */
class CompilerExit {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

interface OpenFile {
  readonly path: string;
  /** undefined: a directory */
  readonly file: MemoryFile | undefined;
  position: number;
}

const ROOT_FD = 3;
/** More than any compiler opens at once; a leak is found by it. */
const MAX_FDS = 4096;
const MAX_FILE_BYTES = 2 ** 31;
const FILESTAT_SIZE = 64;
const DIRENT_SIZE = 24;
const ALL_RIGHTS = (1n << 30n) - 1n;

/**
 * The system that a compiler runs on: as much of WASI preview1 as LLVM's programs import, over
 * files in memory. The clock stands still and randomness is none, so that a run is a function of
 * what goes in. It is for compilers that we bring, not for hostile programs.
 */
export class CompilerHost {
  readonly #files: CompilerFiles;
  readonly #args: readonly string[];
  readonly #stdin: OpenFile;
  readonly #output: Uint8Array[][] = [[], []];
  readonly #fds = new Map<number, OpenFile>();
  #memory = new GuestMemory(new WebAssembly.Memory({ initial: 0 }));

  constructor(files: CompilerFiles, args: readonly string[], stdin: Uint8Array) {
    this.#files = files;
    this.#args = args;
    const file = { bytes: stdin, size: stdin.length, inode: 0n, device: 0n };
    this.#stdin = { path: '', file, position: 0 };
    this.#fds.set(ROOT_FD, { path: '/', file: undefined, position: 0 });
  }

  /** What the program wrote on its standard output, and on its standard error. */
  get stdout(): Uint8Array {
    return Buffer.concat(this.#output[0] ?? []);
  }

  get stderr(): Uint8Array {
    return Buffer.concat(this.#output[1] ?? []);
  }

  /** Runs the program to its end; answers its exit code. */
  run(module: WebAssembly.Module): number {
    const { exports } = new WebAssembly.Instance(module, this.#imports());
    const { memory, _start: start } = exports;
    if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
      throw new Error('the compiler is no command');
    }
    this.#memory = new GuestMemory(memory);
    try {
      start();
      return 0;
    } catch (thrown) {
      if (thrown instanceof CompilerExit) return thrown.code;
      throw thrown;
    }
  }

  #imports(): Record<string, Record<string, (...args: never[]) => number>> {
    const answers = { ...this.#environmentCalls(), ...this.#fdCalls(), ...this.#pathCalls() };
    const imports = Object.fromEntries(
      Object.entries(answers).map(([name, call]) => [name, answering(call)]),
    );
    // What a program imports beside, of whatever module, it does not need to generate sources.
    const noSuchCall = (): number => ERRNO_NUMBERS.ENOSYS;
    const calls = new Proxy(imports, {
      get: (known, name) => known[String(name)] ?? noSuchCall,
    });
    return new Proxy({}, { get: () => calls });
  }

  #environmentCalls(): Calls {
    const strings = this.#args.map((arg) => Buffer.from(`${arg}\0`));
    const size = strings.reduce((sum, { length }) => sum + length, 0);
    return {
      args_sizes_get: (countPointer: number, sizePointer: number) => {
        this.#memory.writeU32(countPointer, strings.length);
        this.#memory.writeU32(sizePointer, size);
      },
      args_get: (pointers: number, buffer: number) => {
        let at = buffer;
        for (const [index, string] of strings.entries()) {
          this.#memory.writeU32(pointers + 4 * index, at);
          this.#memory.bytes(at, string.length).set(string);
          at += string.length;
        }
      },
      environ_sizes_get: (countPointer: number, sizePointer: number) => {
        this.#memory.writeU32(countPointer, 0);
        this.#memory.writeU32(sizePointer, 0);
      },
      environ_get: () => {},
      clock_time_get: (_clock: number, _precision: bigint, pointer: number) =>
        this.#memory.writeU64(pointer, 0n),
      random_get: (pointer: number, length: number) =>
        void this.#memory.bytes(pointer, length).fill(0),
      poll_oneoff: () => {
        throw ERRNO.ENOTSUP;
      },
      proc_exit: (code: number) => {
        throw new CompilerExit(code);
      },
    };
  }

  #fdCalls(): Calls {
    return {
      fd_close: (fd: number) => {
        if (!this.#fds.delete(fd)) throw ERRNO.EBADF;
      },
      fd_fdstat_get: (fd: number, pointer: number) => {
        const type = fd < ROOT_FD ? FILE_TYPES['character-device'] : this.#typeOf(this.#open(fd));
        this.#memory.bytes(pointer, 24).fill(0);
        this.#memory.writeU8(pointer, type);
        this.#memory.writeU64(pointer + 8, ALL_RIGHTS);
        this.#memory.writeU64(pointer + 16, ALL_RIGHTS);
      },
      fd_filestat_get: (fd: number, pointer: number) => {
        if (fd < ROOT_FD) {
          this.#memory.bytes(pointer, FILESTAT_SIZE).fill(0);
          this.#memory.writeU8(pointer + 16, FILE_TYPES['character-device']);
        } else this.#stat(this.#open(fd).path, pointer);
      },
      fd_filestat_set_size: (fd: number, size: bigint) => {
        const { file } = this.#open(fd);
        if (!file) throw ERRNO.EISDIR;
        const wanted = Number(size);
        reserve(file, wanted);
        if (wanted > file.size) file.bytes.fill(0, file.size, wanted);
        file.size = wanted;
      },
      fd_filestat_set_times: () => {},
      fd_prestat_get: (fd: number, pointer: number) => {
        if (fd !== ROOT_FD) throw ERRNO.EBADF;
        this.#memory.writeU32(pointer, 0);
        this.#memory.writeU32(pointer + 4, 1);
      },
      fd_prestat_dir_name: (_fd: number, pointer: number) => this.#memory.writeU8(pointer, 0x2f),
      fd_readdir: (...call: [number, number, number, bigint, number]) => {
        const [fd, buffer, size, cookie, sizePointer] = call;
        const listing = this.#listing(this.#open(fd).path, Number(cookie)).subarray(0, size);
        this.#memory.bytes(buffer, listing.length).set(listing);
        this.#memory.writeU32(sizePointer, listing.length);
      },
      fd_read: (fd: number, vectors: number, count: number, sizePointer: number) => {
        const open = fd === 0 ? this.#stdin : this.#open(fd);
        const size = this.#read(open, open.position, vectors, count);
        open.position += size;
        this.#memory.writeU32(sizePointer, size);
      },
      fd_pread: (fd: number, vectors: number, count: number, at: bigint, sizePointer: number) => {
        const size = this.#read(this.#open(fd), Number(at), vectors, count);
        this.#memory.writeU32(sizePointer, size);
      },
      fd_seek: (fd: number, offset: bigint, whence: number, pointer: number) => {
        if (fd < ROOT_FD) throw ERRNO.ESPIPE;
        const open = this.#open(fd);
        const base = [0, open.position, open.file?.size ?? 0][whence];
        if (base === undefined || base + Number(offset) < 0) throw ERRNO.EINVAL;
        open.position = base + Number(offset);
        this.#memory.writeU64(pointer, BigInt(open.position));
      },
      fd_write: (fd: number, vectors: number, count: number, sizePointer: number) =>
        this.#memory.writeU32(sizePointer, this.#write(fd, vectors, count)),
    };
  }

  #pathCalls(): Calls {
    const pathOf = (fd: number, pointer: number, length: number): string =>
      resolve(this.#open(fd).path, Buffer.from(this.#memory.bytes(pointer, length)).toString());
    return {
      path_open: (
        ...call: [number, number, number, number, number, bigint, bigint, number, number]
      ) => {
        const [fd, , pointer, length, flags, rights, , , fdPointer] = call;
        const path = pathOf(fd, pointer, length);
        const file = this.#openPath(path, flags, (rights & RIGHTS.fdWrite) !== 0n);
        this.#memory.writeU32(fdPointer, this.#add({ path, file, position: 0 }));
      },
      path_filestat_get: (fd: number, _flags: number, name: number, length: number, to: number) =>
        this.#stat(pathOf(fd, name, length), to),
      path_create_directory: (fd: number, pointer: number, length: number) => {
        const path = pathOf(fd, pointer, length);
        if (this.#files.find(path)) throw ERRNO.EEXIST;
        this.#files.createDirectory(path);
      },
      path_unlink_file: (fd: number, pointer: number, length: number) =>
        this.#files.remove(pathOf(fd, pointer, length)),
      path_rename: (...call: [number, number, number, number, number, number]) => {
        const [fd, pointer, length, toFd, toPointer, toLength] = call;
        this.#files.rename(pathOf(fd, pointer, length), pathOf(toFd, toPointer, toLength));
      },
      path_readlink: () => {
        throw ERRNO.EINVAL;
      },
      path_link: () => {
        throw ERRNO.ENOTSUP;
      },
      path_symlink: () => {
        throw ERRNO.ENOTSUP;
      },
      path_remove_directory: () => {
        throw ERRNO.ENOTSUP;
      },
    };
  }

  /** undefined: a directory */
  #openPath(path: string, flags: number, isWritable: boolean): MemoryFile | undefined {
    const entry = this.#files.find(path);
    if (entry && (flags & OPEN_FLAGS.exclusive) !== 0) throw ERRNO.EEXIST;
    if (!entry && (flags & OPEN_FLAGS.create) === 0) throw ERRNO.ENOENT;
    if (entry?.kind === 'directory') {
      if (isWritable) throw ERRNO.EISDIR;
      return undefined;
    }
    if (entry && (flags & OPEN_FLAGS.directory) !== 0) throw ERRNO.ENOTDIR;
    if (!entry || (flags & OPEN_FLAGS.truncate) !== 0) return this.#files.create(path);
    return isWritable ? this.#files.change(path, entry.file) : entry.file;
  }

  #open(fd: number): OpenFile {
    const open = this.#fds.get(fd);
    if (!open) throw ERRNO.EBADF;
    return open;
  }

  #add(open: OpenFile): number {
    for (let fd = ROOT_FD + 1; fd < MAX_FDS; fd++) {
      if (this.#fds.has(fd)) continue;
      this.#fds.set(fd, open);
      return fd;
    }
    throw ERRNO.EMFILE;
  }

  #typeOf({ file }: OpenFile): number {
    return file ? FILE_TYPES.regular : FILE_TYPES.directory;
  }

  #stat(path: string, pointer: number): void {
    const entry = this.#files.find(path);
    if (!entry) throw ERRNO.ENOENT;
    const isFile = entry.kind === 'file';
    this.#memory.bytes(pointer, FILESTAT_SIZE).fill(0);
    this.#memory.writeU64(pointer, isFile ? entry.file.device : 0n);
    this.#memory.writeU64(pointer + 8, isFile ? entry.file.inode : entry.inode);
    this.#memory.writeU8(pointer + 16, isFile ? FILE_TYPES.regular : FILE_TYPES.directory);
    this.#memory.writeU64(pointer + 24, 1n);
    this.#memory.writeU64(pointer + 32, isFile ? BigInt(entry.file.size) : 0n);
  }

  /** Directory entries as fd_readdir gives them, from the cookie's on. */
  #listing(path: string, cookie: number): Uint8Array {
    const entries = this.#files.list(path).map(([name, kind], index) => {
      const header = Buffer.alloc(DIRENT_SIZE);
      header.writeBigUInt64LE(BigInt(index + 1));
      header.writeUInt32LE(Buffer.byteLength(name), 16);
      header.writeUInt8(kind === 'file' ? FILE_TYPES.regular : FILE_TYPES.directory, 20);
      return Buffer.concat([header, Buffer.from(name)]);
    });
    return Buffer.concat(entries.slice(cookie));
  }

  #read({ file }: OpenFile, position: number, vectors: number, count: number): number {
    if (!file) throw ERRNO.EISDIR;
    let done = 0;
    for (const target of this.#vectors(vectors, count)) {
      const part = file.bytes.subarray(
        position + done,
        Math.min(file.size, position + done + target.length),
      );
      target.set(part);
      done += part.length;
      if (part.length < target.length) break;
    }
    return done;
  }

  #write(fd: number, vectors: number, count: number): number {
    const stream = this.#output[fd - 1];
    const open = stream ? undefined : this.#open(fd);
    if (open && !open.file) throw ERRNO.EISDIR;
    let done = 0;
    for (const part of this.#vectors(vectors, count)) {
      if (open?.file) {
        reserve(open.file, open.position + part.length);
        open.file.bytes.set(part, open.position);
        open.position += part.length;
        open.file.size = Math.max(open.file.size, open.position);
      } else stream?.push(part.slice());
      done += part.length;
    }
    return done;
  }

  #vectors(pointer: number, count: number): Uint8Array[] {
    return Array.from({ length: count }, (_, index) => {
      const at = pointer + 8 * index;
      return this.#memory.bytes(this.#memory.readU32(at), this.#memory.readU32(at + 4));
    });
  }
}

type Calls = Record<string, (...args: never[]) => void>;

/** The import of a call: its errno as preview1 numbers it, 0 for success. */
function answering<Arguments extends unknown[]>(
  call: (...args: Arguments) => void,
): (...args: Arguments) => number {
  return (...args) => {
    try {
      call(...args);
      return 0;
    } catch (thrown) {
      if (thrown instanceof Errno) return ERRNO_NUMBERS[thrown.name];
      throw thrown;
    }
  };
}

/** Makes room for a file of that size. Throws EFBIG. */
function reserve(file: MemoryFile, size: number): void {
  if (size <= file.bytes.length) return;
  if (size > MAX_FILE_BYTES) throw ERRNO.EFBIG;
  const grown = new Uint8Array(Math.max(size, file.bytes.length * 2));
  grown.set(file.bytes.subarray(0, file.size));
  file.bytes = grown;
}

/** An absolute path without `.` and `..`. */
function resolve(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${directory}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
