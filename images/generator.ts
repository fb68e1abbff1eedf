import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIGNAL } from './compile/c-feature.ts';
import type { FileContents, Mounts } from './compile/compiler-files.ts';
import type { Kitchen } from './recipe.ts';

/** A program in C that comes with others' sources, and writes some more of them. */
export interface Generator {
  readonly name: string;
  readonly sources: readonly string[];
  readonly mounts: Mounts;
  readonly args?: readonly string[];
  readonly files?: FileContents;
  readonly stdin?: Uint8Array;
  readonly flags?: readonly string[];
}

/**
 * Compiles a generator, and runs it where it reads and writes in memory: as WebAssembly, so that
 * the machine needs no compiler of its own.
 *
 * # Errors
 * an Error with what it said
 */
export async function runGenerator(
  { toolchain, compileProgram }: Kitchen,
  { name, sources, mounts, files = {}, args = [], flags = [], stdin }: Generator,
): Promise<{ readonly outputs: FileContents; readonly stdout: Uint8Array }> {
  const program = await compileProgram({
    name,
    sources,
    mounts,
    files,
    features: [SIGNAL],
    flags: ['-w', ...flags],
  });
  const { exitCode, stderr, stdout, outputs } = await toolchain.run({
    program,
    args: [name, ...args],
    files,
    mounts,
    ...(stdin ? { stdin } : {}),
  });
  if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}:\n${stderr}`);
  return { outputs, stdout };
}

/** The files of a folder by the path that the compiler is to find them under. */
export function readFolder(folder: string, mount: string): Record<string, Uint8Array> {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ name }) => [`${mount}/${name}`, readFileSync(join(folder, name))]),
  );
}
