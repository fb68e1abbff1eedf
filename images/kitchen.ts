import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildProgram, type CProgram } from './compile/c-program.ts';
import { Toolchain } from './compile/toolchain.ts';
import { installNpmPackage } from './npm-package.ts';
import type { Kitchen } from './recipe.ts';

export interface KitchenOptions {
  readonly cacheDirectory: string;
  /** The folder `images/` of the package. */
  readonly sourceDirectory: string;
  readonly progress: (status: string) => void;
}

/** For our own sources; others' are what they are. */
const OWN_FLAGS = ['-Wall', '-Werror'];

export function createKitchen(options: KitchenOptions): Kitchen {
  const { cacheDirectory, sourceDirectory, progress } = options;
  const npmPackage = (name: string, version: string): Promise<string> =>
    installNpmPackage(cacheDirectory, name, version, progress);
  const compilerProgram = join(sourceDirectory, '..', 'dist', 'compiler.cjs');
  const toolchain = new Toolchain({ cacheDirectory, npmPackage, compilerProgram });
  const compileProgram = (program: CProgram): Promise<Uint8Array> =>
    buildProgram(program, toolchain, progress);
  return {
    npmPackage,
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
