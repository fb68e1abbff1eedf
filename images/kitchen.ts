import { join } from 'node:path';
import { compileC, compileProgram } from './compile-c.ts';
import { installNpmPackage } from './npm-package.ts';
import type { Kitchen } from './recipe.ts';

export interface KitchenOptions {
  readonly cacheDirectory: string;
  /** The folder `images/` of the package. */
  readonly sourceDirectory: string;
  readonly progress: (status: string) => void;
}

export function createKitchen(options: KitchenOptions): Kitchen {
  const { cacheDirectory, sourceDirectory, progress } = options;
  const npmPackage = (name: string, version: string): Promise<string> =>
    installNpmPackage(cacheDirectory, name, version, progress);
  const compileOptions = { cacheDirectory, npmPackage, progress };
  return {
    npmPackage,
    compileC: (sourcePath) => compileC(sourcePath, compileOptions),
    compileProgram: (program) => compileProgram(program, compileOptions),
    sourcePath: (path) => join(sourceDirectory, path),
    progress,
  };
}
