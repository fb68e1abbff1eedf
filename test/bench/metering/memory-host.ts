import {
  CLOCKS,
  DIRECTORY_RIGHTS,
  ERRNO_NUMBERS,
  FILE_TYPES,
  INHERITED_RIGHTS,
  REGULAR_RIGHTS,
  STREAM_RIGHTS,
} from '../../../src/abi/preview1/numbers.ts';

export interface HostOptions {
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Guest path (absolute) → content. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Thrown through the guest to end it, as nothing in the benchmark's programs would catch it. */
export class GuestExit {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

interface OpenFile {
  readonly path: string;
  readonly content: Uint8Array;
  position: number;
}

const MODULE = 'wasi_snapshot_preview1';
const ROOT_FD = 3;
/** Every reading of a clock is later than the last one by so much: runs must not differ. */
const CLOCK_STEP_NS = 1_000_000n;
/** 2026-01-01. */
const EPOCH_NS = 1_767_225_600_000_000_000n;
const FILESTAT_SIZE = 64;

type Call = (...args: never[]) => number;

/**
 * WASI preview1 over files in memory, for programs of the benchmark that run outside of a
 * container: the same to the plain and to the rewritten one, and the same in every run (clock and
 * randomness too). What the programs do not use answers ENOSYS.
 */
export class MemoryHost {
  readonly #options: HostOptions;
  readonly #open = new Map<number, OpenFile>();
  readonly #output: string[] = [];
  #memory: WebAssembly.Memory | undefined;
  #clock = 0n;
  #random = 1;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  attachMemory(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  /** What the program wrote to its standard output and error. */
  get output(): string {
    return this.#output.join('');
  }

  /** For exactly these functions, so that a module with other imports is refused by its name. */
  imports(names: readonly string[]): WebAssembly.Imports {
    const calls: Record<string, Call> = this.#calls();
    const unknown: Call = () => ERRNO_NUMBERS.ENOSYS;
    return { [MODULE]: Object.fromEntries(names.map((name) => [name, calls[name] ?? unknown])) };
  }

  #calls(): Record<string, Call> {
    const { args, env } = this.#options;
    return {
      args_get: (at: number, buffer: number) => this.#writeStrings(args, at, buffer),
      args_sizes_get: (count: number, size: number) => this.#writeSizes(args, count, size),
      environ_get: (at: number, buffer: number) => this.#writeStrings(env, at, buffer),
      environ_sizes_get: (count: number, size: number) => this.#writeSizes(env, count, size),
      clock_res_get: (_clock: number, at: number) => this.#writeU64(at, CLOCK_STEP_NS),
      clock_time_get: (clock: number, _precision: bigint, at: number) => {
        this.#clock += CLOCK_STEP_NS;
        return this.#writeU64(at, clock === CLOCKS.realtime ? EPOCH_NS + this.#clock : this.#clock);
      },
      random_get: (at: number, size: number) => this.#fillRandom(at, size),
      sched_yield: () => 0,
      proc_exit: (code: number) => {
        throw new GuestExit(code);
      },
      fd_close: (fd: number) => (this.#open.delete(fd) ? 0 : this.#ifKnown(fd)),
      fd_fdstat_get: (fd: number, at: number) => this.#writeFdstat(fd, at),
      fd_fdstat_set_flags: (fd: number) => this.#ifKnown(fd),
      fd_filestat_get: (fd: number, at: number) => this.#writeFilestatOfFd(fd, at),
      fd_prestat_get: (fd: number, at: number) => {
        if (fd !== ROOT_FD) return ERRNO_NUMBERS.EBADF;
        this.#view().setUint32(at, 0, true);
        return this.#writeU32(at + 4, 1);
      },
      fd_prestat_dir_name: (fd: number, at: number) => {
        if (fd !== ROOT_FD) return ERRNO_NUMBERS.EBADF;
        this.#bytes()[at] = '/'.charCodeAt(0);
        return 0;
      },
      fd_read: (fd: number, vectors: number, count: number, at: number) =>
        this.#read(fd, vectors, count, at),
      fd_seek: (fd: number, offset: bigint, whence: number, at: number) =>
        this.#seek(fd, Number(offset), whence, at),
      fd_tell: (fd: number, at: number) => this.#seek(fd, 0, 1, at),
      fd_write: (fd: number, vectors: number, count: number, at: number) =>
        this.#write(fd, vectors, count, at),
      path_filestat_get: (
        _fd: number,
        _flags: number,
        path: number,
        size: number,
        at: number,
      ): number => {
        const name = this.#path(path, size);
        if (name === '/') return this.#writeFilestat(at, FILE_TYPES.directory, 0);
        const content = this.#options.files.get(name);
        if (!content) return ERRNO_NUMBERS.ENOENT;
        return this.#writeFilestat(at, FILE_TYPES.regular, content.length);
      },
      path_open: (_fd: number, _lookup: number, path: number, size: number, ...rest: never[]) =>
        this.#openPath(this.#path(path, size), Number(rest.at(-1))),
    };
  }

  #view(): DataView {
    if (!this.#memory) throw new Error('a call before the memory was attached');
    return new DataView(this.#memory.buffer);
  }

  #bytes(): Uint8Array {
    if (!this.#memory) throw new Error('a call before the memory was attached');
    return new Uint8Array(this.#memory.buffer);
  }

  #writeU32(at: number, value: number): number {
    this.#view().setUint32(at, value, true);
    return 0;
  }

  #writeU64(at: number, value: bigint): number {
    this.#view().setBigUint64(at, value, true);
    return 0;
  }

  #writeSizes(strings: readonly string[], count: number, size: number): number {
    this.#writeU32(count, strings.length);
    return this.#writeU32(
      size,
      strings.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0),
    );
  }

  #writeStrings(strings: readonly string[], at: number, buffer: number): number {
    let to = buffer;
    for (const [index, text] of strings.entries()) {
      this.#writeU32(at + 4 * index, to);
      const bytes = Buffer.from(`${text}\0`);
      this.#bytes().set(bytes, to);
      to += bytes.length;
    }
    return 0;
  }

  #fillRandom(at: number, size: number): number {
    const target = this.#bytes().subarray(at, at + size);
    for (let index = 0; index < size; index++) {
      this.#random = (Math.imul(this.#random, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      target[index] = this.#random >> 16;
    }
    return 0;
  }

  #ifKnown(fd: number): number {
    return fd >= 0 && (fd <= ROOT_FD || this.#open.has(fd)) ? 0 : ERRNO_NUMBERS.EBADF;
  }

  #writeFdstat(fd: number, at: number): number {
    const { type, rights } = this.#describe(fd);
    if (type === undefined) return ERRNO_NUMBERS.EBADF;
    this.#bytes().fill(0, at, at + 24);
    this.#view().setUint8(at, type);
    this.#writeU64(at + 8, rights);
    return this.#writeU64(at + 16, type === FILE_TYPES.directory ? INHERITED_RIGHTS : 0n);
  }

  #describe(fd: number): { type?: number; rights: bigint } {
    if (fd >= 0 && fd < ROOT_FD) return { type: FILE_TYPES.fifo, rights: STREAM_RIGHTS };
    if (fd === ROOT_FD) return { type: FILE_TYPES.directory, rights: DIRECTORY_RIGHTS };
    if (this.#open.has(fd)) return { type: FILE_TYPES.regular, rights: REGULAR_RIGHTS };
    return { rights: 0n };
  }

  #writeFilestatOfFd(fd: number, at: number): number {
    const { type } = this.#describe(fd);
    if (type === undefined) return ERRNO_NUMBERS.EBADF;
    return this.#writeFilestat(at, type, this.#open.get(fd)?.content.length ?? 0);
  }

  #writeFilestat(at: number, type: number, size: number): number {
    this.#bytes().fill(0, at, at + FILESTAT_SIZE);
    this.#view().setUint8(at + 16, type);
    this.#writeU64(at + 24, 1n);
    return this.#writeU64(at + 32, BigInt(size));
  }

  #path(at: number, size: number): string {
    const name = Buffer.from(this.#bytes().subarray(at, at + size)).toString();
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    return `/${parts.join('/')}`;
  }

  #openPath(path: string, at: number): number {
    const content = this.#options.files.get(path);
    if (!content) return ERRNO_NUMBERS.ENOENT;
    let fd = ROOT_FD + 1;
    while (this.#open.has(fd)) fd += 1;
    this.#open.set(fd, { path, content, position: 0 });
    return this.#writeU32(at, fd);
  }

  *#vectors(at: number, count: number): Generator<Uint8Array> {
    for (let index = 0; index < count; index++) {
      const start = this.#view().getUint32(at + 8 * index, true);
      const size = this.#view().getUint32(at + 8 * index + 4, true);
      yield this.#bytes().subarray(start, start + size);
    }
  }

  #read(fd: number, vectors: number, count: number, at: number): number {
    if (fd === 0) return this.#writeU32(at, 0);
    const file = this.#open.get(fd);
    if (!file) return ERRNO_NUMBERS.EBADF;
    let total = 0;
    for (const target of this.#vectors(vectors, count)) {
      const part = file.content.subarray(file.position, file.position + target.length);
      target.set(part);
      file.position += part.length;
      total += part.length;
    }
    return this.#writeU32(at, total);
  }

  #write(fd: number, vectors: number, count: number, at: number): number {
    if (fd !== 1 && fd !== 2) return ERRNO_NUMBERS.EBADF;
    let total = 0;
    for (const source of this.#vectors(vectors, count)) {
      this.#output.push(Buffer.from(source).toString('latin1'));
      total += source.length;
    }
    return this.#writeU32(at, total);
  }

  #seek(fd: number, offset: number, whence: number, at: number): number {
    const file = this.#open.get(fd);
    if (!file) return this.#ifKnown(fd) === 0 ? ERRNO_NUMBERS.ESPIPE : ERRNO_NUMBERS.EBADF;
    const from = [0, file.position, file.content.length][whence];
    const position = (from ?? Number.NaN) + offset;
    if (!(position >= 0)) return ERRNO_NUMBERS.EINVAL;
    file.position = position;
    return this.#writeU64(at, BigInt(position));
  }
}

/** Names of what a module imports; all of it must be preview1's. */
export function preview1ImportsOf(
  functionImports: readonly { readonly module: string; readonly name: string }[],
): string[] {
  const foreign = functionImports.find(({ module }) => module !== MODULE);
  if (foreign) throw new Error(`import of ${foreign.name} of another module, ${foreign.module}`);
  return functionImports.map(({ name }) => name);
}
