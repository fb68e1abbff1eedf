import type { CProgram } from './compile/c-program.ts';
import type { Toolchain } from './compile/toolchain.ts';

/**
 * How an image that comes with Wolffia is made on the user's machine, out of npm packages and our
 * own sources.
 */
export interface Recipe {
  /** The image's name, without registry and tag. */
  readonly name: string;
  /** Dockerfile instructions for its configuration. */
  readonly changes: readonly string[];
  /**
   * What the image is made from: exact versions, digests of sources. A tree that was built from the
   * same is not built again.
   */
  readonly ingredients: (kitchen: Kitchen) => readonly string[];
  /** Fills `rootDirectory`, which is empty, with the image's files. */
  readonly build: (rootDirectory: string, kitchen: Kitchen) => Promise<void>;
}

/** What a recipe works with. */
export interface Kitchen {
  /** Installs a package, when it is not in the cache; answers its folder. */
  readonly npmPackage: (name: string, version: string) => Promise<string>;
  readonly toolchain: Toolchain;
  /** Compiles one C source of ours for wasm32-wasip1; answers the program. */
  readonly compileC: (sourcePath: string) => Promise<Uint8Array>;
  /** Compiles a program of several files, of others' sources among them. */
  readonly compileProgram: (program: CProgram) => Promise<Uint8Array>;
  /** The absolute path of a file of `images/`. */
  readonly sourcePath: (path: string) => string;
  readonly progress: (status: string) => void;
}
