import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CProgram } from '../../../images/compile/c-program.ts';
import type { BenchKitchen } from './bench-program.ts';

/** Files of a folder by name: those whose names match. */
export function filesOf(directory: string, wanted: RegExp): Record<string, Uint8Array> {
  const names = readdirSync(directory).filter((name) => wanted.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name))]));
}

/** One of our own C files of wasm/bench, and what the benchmark's programs share. */
export function ownFiles(path: string, kitchen: BenchKitchen): Record<string, Uint8Array> {
  const source = kitchen.repositoryPath(join('wasm', 'bench', path));
  const header = kitchen.repositoryPath(join('wasm', 'bench', 'bench.h'));
  return { [basename(path)]: readFileSync(source), 'bench.h': readFileSync(header) };
}

/** A program of files beside each other: those of C are its sources. */
export function programOf(
  name: string,
  files: Readonly<Record<string, Uint8Array>>,
  options: Pick<CProgram, 'features' | 'flags'> = {},
): CProgram {
  const contents = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [`/src/${path}`, content]),
  );
  const sources = Object.keys(contents).filter((path) => path.endsWith('.c'));
  return { name, sources, files: contents, ...options };
}

/** Flags for our own sources, and for those of others (whose warnings are theirs). */
export const OWN_FLAGS = ['-Wall', '-Wextra', '-Werror', '-I/src'];
export const FOREIGN_FLAGS = ['-w', '-I/src'];
