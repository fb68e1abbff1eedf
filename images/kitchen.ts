import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CLibrary } from './compile/c-library.ts';
import { buildProgram, type CProgram } from './compile/c-program.ts';
import { makeForkable } from './compile/forkable.ts';
import { Toolchain } from './compile/toolchain.ts';
import { DebianSources } from './debian-source.ts';
import { installNpmPackage } from './npm-package.ts';
import type { Kitchen } from './recipe.ts';

export interface KitchenOptions {
  readonly cacheDirectory: string;
  /** The folder `images/` of the package. */
  readonly sourceDirectory: string;
}

/** For our own sources; others' are what they are. */
const OWN_FLAGS = ['-Wall', '-Werror'];

/**
 * What cooks share: one compiler and one apt. Each gets a kitchen that tells its own progress.
 */
export class Kitchens {
  readonly #options: KitchenOptions;
  readonly #toolchain: Toolchain;
  readonly #library: CLibrary;
  readonly #debian: DebianSources;
  /** Installations under way or done, by name and version: recipes share packages. */
  readonly #packages = new Map<string, Promise<string>>();

  constructor(options: KitchenOptions) {
    const { cacheDirectory, sourceDirectory } = options;
    this.#options = options;
    this.#debian = new DebianSources(cacheDirectory);
    this.#toolchain = new Toolchain({
      cacheDirectory,
      npmPackage: (name, version) => this.#npmPackage(name, version, () => {}),
      compilerProgram: join(sourceDirectory, '..', 'dist', 'compiler.cjs'),
    });
    this.#library = new CLibrary(join(sourceDirectory, '..', 'wasm', 'libc'), this.#toolchain);
  }

  open(progress: (status: string) => void): Kitchen {
    const { sourceDirectory, cacheDirectory } = this.#options;
    const npmPackage: Kitchen['npmPackage'] = (name, version) =>
      this.#npmPackage(name, version, progress);
    const toolchain = this.#toolchain;
    const compileProgram = async (program: CProgram): Promise<Uint8Array> => {
      const linked = await buildProgram(program, toolchain, progress);
      return program.forks ? makeForkable(linked, { cacheDirectory, npmPackage }) : linked;
    };
    return {
      npmPackage,
      debianSource: (name, release) => this.#debian.fetch(name, progress, release),
      toolchain,
      library: this.#library,
      compileC: (sourcePath) => {
        const name = basename(sourcePath);
        const source = `/src/${name}`;
        const files = { [source]: readFileSync(sourcePath) };
        return compileProgram({ name, sources: [source], files, flags: OWN_FLAGS });
      },
      compileProgram,
      sourcePath: (path) => join(sourceDirectory, path),
      progress,
    };
  }

  #npmPackage(name: string, version: string, progress: (status: string) => void): Promise<string> {
    const key = `${name}@${version}`;
    const known = this.#packages.get(key);
    if (known) return known;
    const { cacheDirectory } = this.#options;
    const folder = installNpmPackage(cacheDirectory, name, version, progress);
    this.#packages.set(key, folder);
    return folder;
  }
}
