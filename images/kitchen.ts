import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildProgram, type CProgram } from './compile/c-program.ts';
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
  }

  open(progress: (status: string) => void): Kitchen {
    const { sourceDirectory } = this.#options;
    const toolchain = this.#toolchain;
    const compileProgram = (program: CProgram): Promise<Uint8Array> =>
      buildProgram(program, toolchain, progress);
    return {
      npmPackage: (name, version) => this.#npmPackage(name, version, progress),
      debianSource: (name) => this.#debian.fetch(name, progress),
      toolchain,
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
