import { resolve } from 'node:path';
import type { Mounts } from '../compile/compiler-files.ts';

/** The machine's files as the compiler, which runs on a Unix of its own, sees them. */
export interface HostPaths {
  readonly mounts: Mounts;
  /** A path of the machine, relative to the working directory or not, as an absolute one there. */
  toCompiler(path: string): string;
}

export function hostPaths(directory: string, platform: string): HostPaths {
  if (platform !== 'win32') {
    return { mounts: { '/': '/' }, toCompiler: (path) => resolve(directory, path) };
  }
  // C:\sources → /C/sources
  const drives = 'CDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
  return {
    mounts: Object.fromEntries(drives.map((drive) => [`/${drive}`, `${drive}:\\`])),
    toCompiler: (path) => {
      const absolute = resolve(directory, path);
      return `/${absolute.slice(0, 1).toUpperCase()}${absolute.slice(2).replaceAll('\\', '/')}`;
    },
  };
}
