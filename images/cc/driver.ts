import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { CLibrary } from '../compile/c-library.ts';
import { LINK_AFTER, LINK_BEFORE } from '../compile/c-program.ts';
import type { CompilerJob } from '../compile/compiler-job.ts';
import { FORKABLE, makeForkable } from '../compile/forkable.ts';
import { CompileError, type Product, type Toolchain } from '../compile/toolchain.ts';
import { type CcArguments, CcUsageError, type Dependencies, type Input } from './arguments.ts';
import type { HostPaths } from './host-paths.ts';

export interface DriverOptions {
  readonly toolchain: Toolchain;
  readonly library: CLibrary;
  readonly paths: HostPaths;
  /** The working directory. */
  readonly directory: string;
  readonly cacheDirectory: string;
  readonly npmPackage: (name: string, version: string) => Promise<string>;
  readonly stdin: () => Uint8Array;
  readonly write: (output: Uint8Array) => void;
  readonly warn: (text: string) => void;
}

type Source = Input & { kind: 'source' };

const TARGET = '--target=wasm32-wasip1';
/** Programs of Unix count on more than the linker's 64 KiB; a `-z stack-size` behind it wins. */
const STACK_FLAGS = ['-z', 'stack-size=1048576'];
const OUTPUT = '/out/output';
/** Where the linker finds what it is given. */
const LINKED = '/linked/';
/** libc++ is built without them. */
const CPP_FLAGS = ['-fno-exceptions'];
const DEFAULT_PROGRAM = 'a.out';

/**
 * Does what `cc` was asked for: compiles sources beside each other, links them with our C library,
 * and makes the program able to fork.
 *
 * # Errors
 * CompileError with what clang or wasm-ld said; CcUsageError
 */
export async function drive(args: CcArguments, options: DriverOptions): Promise<void> {
  const { dependencies, stage, inputs } = args;
  const sources = inputs.filter((input): input is Source => input.kind === 'source');
  for (const source of sources) checkPresence(source.path, options);
  if (dependencies?.replaceOutput) {
    for (const source of sources) await writeRule(source, args, dependencies, options);
    return;
  }
  const made = await Promise.all(sources.map((source) => compile(source, args, options)));
  if (dependencies) {
    for (const source of sources) await writeRule(source, args, dependencies, options);
  }
  const products = new Map<Input, Product>();
  for (const [index, source] of sources.entries()) {
    const product = made[index];
    if (!product) continue;
    if (product.stderr !== '') options.warn(product.stderr);
    if (stage === 'link') products.set(source, product);
    else write(outputOf(source, args), readFileSync(product.path), options);
  }
  if (stage === 'link') await link(args, products, options);
}

function checkPresence(path: string, { directory }: DriverOptions): void {
  if (path !== '-' && !existsSync(resolve(directory, path))) {
    throw new CcUsageError(`no such file: ${path}`);
  }
}

const STAGE_FLAGS = { preprocess: ['-E'], assemble: ['-S'], compile: ['-c'], link: ['-c'] };

function compile(source: Source, args: CcArguments, options: DriverOptions): Promise<Product> {
  return run(source, args, STAGE_FLAGS[args.stage], options);
}

/** Runs clang on one source. */
function run(
  source: Source,
  { flags, isCpp, isPlain }: CcArguments,
  stageFlags: readonly string[],
  { toolchain, library, paths, directory, stdin }: DriverOptions,
): Promise<Product> {
  const args = [
    ...[isCpp ? 'clang++' : 'clang', TARGET, '-working-directory', paths.toCompiler(directory)],
    ...(isPlain ? [] : library.flags),
    ...(isCpp ? CPP_FLAGS : []),
    ...[...flags, ...stageFlags],
    ...(source.language === undefined ? [] : ['-x', source.language]),
    ...[source.path.replaceAll('\\', '/'), '-o', OUTPUT],
  ];
  const mounts = { ...paths.mounts, ...library.mounts };
  const job = source.path === '-' ? { args, mounts, stdin: stdin() } : { args, mounts };
  return toolchain.make(job, OUTPUT);
}

/** Where a source's product goes; undefined: to standard output. */
function outputOf({ path }: Source, { stage, output }: CcArguments): string | undefined {
  if (output !== undefined) return output === '-' ? undefined : output;
  if (stage === 'preprocess') return undefined;
  return basename(path).replace(/\.[^.]*$/, stage === 'assemble' ? '.s' : '.o');
}

async function writeRule(
  source: Source,
  args: CcArguments,
  { flags, file, replaceOutput }: Dependencies,
  options: DriverOptions,
): Promise<void> {
  const byName = outputOf(source, { ...args, stage: 'compile', output: undefined });
  const isNamed = args.stage === 'compile' && !replaceOutput;
  const object = (isNamed ? args.output : undefined) ?? byName;
  const target = flags.some((flag) => /^-M[TQ]$/.test(flag)) ? [] : ['-MT', object ?? ''];
  const { path } = await run(source, args, [...flags, ...target], options);
  const beside = object?.replace(/(\.[^./\\]*)?$/, '.d');
  write(replaceOutput ? (file ?? args.output) : (file ?? beside), readFileSync(path), options);
}

async function link(
  args: CcArguments,
  products: ReadonlyMap<Input, Product>,
  options: DriverOptions,
): Promise<void> {
  const { toolchain, library, paths, cacheDirectory, npmPackage } = options;
  const { isPlain, isCpp, forks, isStripped } = args;
  const files: Record<string, Uint8Array> = {};
  const give = (name: string, path: string): string => {
    const given = `${LINKED}${Object.keys(files).length}/${name}`;
    files[given] = readFileSync(path);
    return given;
  };
  const linked = args.inputs.map((input) => {
    const product = products.get(input);
    if (product && input.kind === 'source') return give(`${basename(input.path)}.o`, product.path);
    if (input.kind === 'source') throw new CcUsageError(`nothing was made of ${input.path}`);
    if (!input.isPath) return input.argument;
    checkPresence(input.argument, options);
    return paths.toCompiler(input.argument);
  });
  const linkArgs = [
    ...['wasm-ld', ...LINK_BEFORE, ...STACK_FLAGS],
    ...args.libraryFolders.map((folder) => `-L${paths.toCompiler(folder)}`),
    ...linked,
    ...(forks ? FORKABLE.linkFlags : []),
    ...(isCpp ? ['-lc++', '-lc++abi'] : []),
    ...(isPlain ? [] : [give('libwolffia.a', (await library.archive()).path)]),
    ...(isPlain ? [] : library.linkFlags),
    ...[...LINK_AFTER, ...(isStripped ? ['--strip-all'] : []), '-o', OUTPUT],
  ];
  const product = await makeProgram({ args: linkArgs, files, mounts: paths.mounts }, toolchain);
  if (product.stderr !== '') options.warn(product.stderr);
  const program = readFileSync(product.path);
  const output = resolve(options.directory, args.output ?? DEFAULT_PROGRAM);
  writeFileSync(
    output,
    forks ? await makeForkable(program, { cacheDirectory, npmPackage }) : program,
  );
  chmodSync(output, 0o755);
}

/** What the linker says names objects as the user knows them. */
async function makeProgram(job: CompilerJob, toolchain: Toolchain): Promise<Product> {
  try {
    return await toolchain.make(job, OUTPUT);
  } catch (thrown) {
    if (!(thrown instanceof CompileError)) throw thrown;
    const places = new RegExp(`${LINKED}\\d+/`, 'g');
    throw new CompileError({
      ...thrown.result,
      stderr: thrown.result.stderr.replaceAll(places, ''),
    });
  }
}

/** To a file, or to standard output. */
function write(path: string | undefined, content: Uint8Array, options: DriverOptions): void {
  if (path === undefined) options.write(content);
  else writeFileSync(resolve(options.directory, path), content);
}
