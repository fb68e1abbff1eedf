import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BenchKitchen } from './bench-program.ts';

/** Files of a folder by name: those whose names match. */
export function filesOf(directory: string, wanted: RegExp): Record<string, Uint8Array> {
  const names = readdirSync(directory).filter((name) => wanted.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name))]));
}

export function cSourcesOf(files: Readonly<Record<string, Uint8Array>>): string[] {
  return Object.keys(files).filter((name) => name.endsWith('.c'));
}

/** One of our own C files of wasm/bench, and what the benchmark's programs share. */
export function ownFiles(path: string, kitchen: BenchKitchen): Record<string, Uint8Array> {
  const source = kitchen.repositoryPath(join('wasm', 'bench', path));
  const header = kitchen.repositoryPath(join('wasm', 'bench', 'bench.h'));
  return { [basename(path)]: readFileSync(source), 'bench.h': readFileSync(header) };
}

/** Flags for our own sources, and for those of others (whose warnings are theirs). */
export const OWN_FLAGS = ['-Wall', '-Wextra', '-Werror', '-I.', '-Wl,-s'];
export const FOREIGN_FLAGS = ['-w', '-I.', '-Wl,-s'];
/** setjmp by WebAssembly's exceptions. */
export const SETJMP_FLAGS = ['-mllvm', '-wasm-enable-sjlj', '-lsetjmp'];

const EMULATIONS = {
  signal: 'SIGNAL',
  'process-clocks': 'PROCESS_CLOCKS',
  getpid: 'GETPID',
  mman: 'MMAN',
};

/** What wasi-libc only has when it is asked for by name. */
export function emulate(...names: (keyof typeof EMULATIONS)[]): string[] {
  return names.flatMap((name) => [
    `-D_WASI_EMULATED_${EMULATIONS[name]}`,
    `-lwasi-emulated-${name}`,
  ]);
}
