import { readFileSync } from 'node:fs';
import type { CFeature } from './c-feature.ts';
import type { CLibrary } from './c-library.ts';
import type { FileContents, Mounts } from './compiler-files.ts';
import { FORKABLE } from './forkable.ts';
import { CompileError, type Product, type Toolchain } from './toolchain.ts';

/** A program of any number of C and C++ files. All paths are the compiler's, and absolute. */
export interface CProgram {
  /** For messages. */
  readonly name: string;
  readonly sources: readonly string[];
  /** What the compiler may read beside the system's headers: contents, and folders. */
  readonly files?: FileContents;
  readonly mounts?: Mounts;
  readonly features?: readonly CFeature[];
  /** Our additions to wasi-libc; without them the program has wasi-libc alone. */
  readonly library?: CLibrary;
  /** Whether it calls fork(); the linked program is to go through `makeForkable`. */
  readonly forks?: boolean;
  /** For the compiler, beyond target and optimisation. */
  readonly flags?: readonly string[];
  /** Flags of one source. */
  readonly flagsOf?: (source: string) => readonly string[];
  /** For the linker: `-lsetjmp`, `-z stack-size=…`. Paths are not looked up in `mounts`. */
  readonly linkFlags?: readonly string[];
}

const COMPILE_FLAGS = ['--target=wasm32-wasip1', '-O2'];
/** What wasm-ld is told before objects and libraries, and behind them. */
export const LINK_BEFORE = [
  ...['-m', 'wasm32', '-L/usr/lib/wasm32-unknown-wasip1', '-L/usr/lib/wasm32-wasip1'],
  '/usr/lib/wasm32-wasip1/crt1-command.o',
];
export const LINK_AFTER = [
  ...['-lc', '/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a', '--gc-sections'],
];
const CPP = /\.(cc|cpp|cxx|C)$/;

/**
 * Compiles a program for wasm32-wasip1, its sources beside each other on all cores, and links it.
 * What was compiled before from the same is not compiled again.
 *
 * # Errors
 * an Error with what the compiler said of each source
 */
export async function buildProgram(
  program: CProgram,
  toolchain: Toolchain,
  progress: (status: string) => void,
): Promise<Uint8Array> {
  const count = program.sources.length;
  progress(`Compiling ${program.name}${count > 1 ? ` (${count} files)` : ''}`);
  const settled = await Promise.allSettled(
    program.sources.map((source) => compileSource(program, source, toolchain)),
  );
  const complaints = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const [first] = complaints;
  if (first !== undefined && !(first instanceof CompileError)) throw first;
  if (first !== undefined) {
    throw new Error(`cannot compile ${program.name}:\n${complaints.join('\n')}`);
  }
  const objects = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return readFileSync((await linkProgram(program, objects, toolchain)).path);
}

function compileSource(program: CProgram, source: string, toolchain: Toolchain): Promise<Product> {
  const { files = {}, library, flags = [], flagsOf = () => [] } = program;
  const mounts = { ...program.mounts, ...library?.mounts };
  const args = [
    ...[CPP.test(source) ? 'clang++' : 'clang', ...COMPILE_FLAGS],
    ...[...featuresOf(program).flatMap((feature) => feature.flags), ...flags, ...flagsOf(source)],
    ...['-c', source],
  ];
  return toolchain.make({ args: [...args, '-o', OBJECT], files, mounts }, OBJECT);
}

function featuresOf({ library, forks, features = [] }: CProgram): readonly CFeature[] {
  return [...features, ...(library ? [library] : []), ...(forks ? [FORKABLE] : [])];
}

const OBJECT = '/out/object.o';
const PROGRAM = '/out/program.wasm';

async function linkProgram(
  program: CProgram,
  objects: readonly Product[],
  toolchain: Toolchain,
): Promise<Product> {
  const { name, sources, library, linkFlags = [] } = program;
  const files = Object.fromEntries(
    objects.map(({ path }, index) => [`/in/${index}.o`, readFileSync(path)]),
  );
  if (library) files['/in/libwolffia.a'] = readFileSync((await library.archive()).path);
  const args = [
    ...['wasm-ld', ...LINK_BEFORE],
    ...Object.keys(files),
    ...featuresOf(program).flatMap((feature) => feature.linkFlags),
    ...linkFlags,
    ...(sources.some((source) => CPP.test(source)) ? ['-lc++', '-lc++abi'] : []),
    ...[...LINK_AFTER, '--strip-all', '-o', PROGRAM],
  ];
  try {
    return await toolchain.make({ args, files }, PROGRAM);
  } catch (thrown) {
    if (!(thrown instanceof CompileError)) throw thrown;
    throw new Error(`cannot link ${name}:\n${thrown.message}`, { cause: thrown });
  }
}
