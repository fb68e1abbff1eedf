import { join } from 'node:path';
import { compileC } from './compile-c.ts';
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
  return {
    npmPackage,
    compileC: (sourcePath) => compileC(sourcePath, { cacheDirectory, npmPackage, progress }),
    sourcePath: (path) => join(sourceDirectory, path),
    progress,
  };
}
