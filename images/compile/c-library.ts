import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CFeature } from './c-feature.ts';
import type { Mounts } from './compiler-files.ts';
import { CompileError, type Product, type Toolchain } from './toolchain.ts';

const MOUNT = '/wolffia';
const OBJECT = '/out/object.o';
const ARCHIVE = '/out/libwolffia.a';
/** A whole archive of ours compiles in a second on the cores of a laptop. */
const OPTIMISATION = '-Os';

/**
 * `wasm/libc`: our additions to wasi-libc, which make of it the C library of a small Unix. Headers
 * that are found before wasi-libc's, and an archive that is linked before it. Programs that use it
 * run on Wolffia alone.
 */
export class CLibrary implements CFeature {
  /** For the compiler, with `mounts`. */
  readonly flags = [
    ...['-isystem', `${MOUNT}/include`, '-mllvm', '-wasm-enable-sjlj', '-D__wolffia__'],
    // What wasi-libc emulates when it is asked to; ours are not emulations.
    ...['MMAN', 'PROCESS_CLOCKS', 'GETPID', 'SIGNAL'].map((name) => `-D_WASI_EMULATED_${name}`),
  ];
  /** Behind the archive. */
  readonly linkFlags = ['-lsetjmp', '-lwasi-emulated-mman'];
  readonly mounts: Mounts;
  readonly #directory: string;
  readonly #toolchain: Toolchain;

  constructor(directory: string, toolchain: Toolchain) {
    this.#directory = directory;
    this.#toolchain = toolchain;
    this.mounts = { [MOUNT]: directory };
  }

  /** Compiles the archive, unless that was done before. */
  async archive(): Promise<Product> {
    const sources = readdirSync(join(this.#directory, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.c'))
      .map((name) => name.replaceAll('\\', '/'))
      .sort();
    const compiled = await Promise.all(sources.map((source) => this.#compile(source)));
    const files: Record<string, Uint8Array> = Object.fromEntries(compiled);
    return this.#toolchain.make(
      { args: ['llvm-ar', 'rcD', ARCHIVE, ...Object.keys(files)], files },
      ARCHIVE,
    );
  }

  async #compile(source: string): Promise<[name: string, object: Uint8Array]> {
    const args = [
      ...['clang', '--target=wasm32-wasip1', OPTIMISATION, '-std=gnu17', ...this.flags],
      ...['-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Wno-system-headers'],
      ...['-c', `${MOUNT}/src/${source}`, '-o', OBJECT],
    ];
    try {
      const { path } = await this.#toolchain.make({ args, mounts: this.mounts }, OBJECT);
      return [`/in/${source.replaceAll('/', '-')}.o`, await readFile(path)];
    } catch (thrown) {
      if (!(thrown instanceof CompileError)) throw thrown;
      throw new Error(`cannot compile wasm/libc/src/${source}:\n${thrown.message}`, {
        cause: thrown,
      });
    }
  }
}
