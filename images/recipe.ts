import type { CLibrary } from './compile/c-library.ts';
import type { CProgram } from './compile/c-program.ts';
import type { Toolchain } from './compile/toolchain.ts';

/**
 * How an image that comes with Wolffia is made on the user's machine, out of npm packages, source
 * packages of Debian and our own sources.
 */
export interface Recipe {
  /** The image's name, without registry and tag. */
  readonly name: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** Dockerfile instructions for its configuration. */
  readonly changes: readonly string[];
  /** Why it cannot be built on this machine; undefined when it can. */
  readonly absence?: () => string | undefined;
  /** Fills `rootDirectory`, which is empty, with the image's files. */
  readonly build: (rootDirectory: string, kitchen: Kitchen) => Promise<void>;
}

/** What a recipe works with. */
export interface Kitchen {
  /** Installs a package, when it is not in the cache; answers its folder. */
  readonly npmPackage: (name: string, version: string) => Promise<string>;
  /**
   * Unpacks a source package of Debian, when it is not in the cache; answers its folder. It is the
   * release's that all images are made of, unless another is asked for.
   */
  readonly debianSource: (name: string, release?: string) => Promise<string>;
  readonly toolchain: Toolchain;
  /** Our additions to wasi-libc, for programs that count on a Unix. */
  readonly library: CLibrary;
  /** Compiles one C source of ours for wasm32-wasip1; answers the program. */
  readonly compileC: (sourcePath: string) => Promise<Uint8Array>;
  /** Compiles a program of several files, of others' sources among them. */
  readonly compileProgram: (program: CProgram) => Promise<Uint8Array>;
  /** The absolute path of a file of `images/`. */
  readonly sourcePath: (path: string) => string;
  readonly progress: (status: string) => void;
}
