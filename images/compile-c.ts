import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const CLANG_PACKAGE = '@yowasp/clang';
export const CLANG_VERSION = '22.0.0-git20542-10';

const FLAGS = ['--target=wasm32-wasip1', '-O2'];
/** For our own sources; others' are what they are. */
const OWN_FLAGS = ['-Wall', '-Werror'];

/** A file's content, or a folder. */
interface Tree {
  [name: string]: Uint8Array | Tree;
}

/** The part of @yowasp/clang's interface that is used here. */
interface ClangModule {
  runClang(
    args: readonly string[],
    files: Tree,
    options: {
      stdout: null;
      stderr: (bytes: Uint8Array | null) => void;
      fetchProgress: () => void;
    },
  ): Promise<Tree>;
}

export interface CompileOptions {
  readonly cacheDirectory: string;
  readonly npmPackage: (name: string, version: string) => Promise<string>;
  readonly progress: (status: string) => void;
}

/** A C program of any number of files. */
export interface CProgram {
  /** For messages. */
  readonly name: string;
  /** All that the compiler may read beside the system's headers, by path. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** What clang is told beyond target and optimisation: flags, sources, libraries. */
  readonly args: readonly string[];
}

/** Compiles one of our own sources; see `compileProgram`. */
export function compileC(sourcePath: string, options: CompileOptions): Promise<Uint8Array> {
  const name = basename(sourcePath);
  const files = { [name]: readFileSync(sourcePath) };
  return compileProgram({ name, files, args: [...OWN_FLAGS, name] }, options);
}

/**
 * Compiles a program for wasm32-wasip1 by clang, which is itself a WebAssembly program. Results are
 * cached by the content of all that goes in.
 *
 * # Errors
 * an Error with what the compiler said
 */
export async function compileProgram(
  program: CProgram,
  { cacheDirectory, npmPackage, progress }: CompileOptions,
): Promise<Uint8Array> {
  const args = [...FLAGS, ...program.args];
  const directory = join(cacheDirectory, 'programs');
  const cachedPath = join(directory, `${keyOf(program.files, args)}.wasm`);
  if (existsSync(cachedPath)) return readFileSync(cachedPath);

  const clangFolder = await npmPackage(CLANG_PACKAGE, CLANG_VERSION);
  progress(`Compiling ${program.name}`);
  const bundle = pathToFileURL(join(clangFolder, 'gen', 'bundle.js')).href;
  const { runClang }: ClangModule = await import(bundle);
  let complaint = '';
  let results: Tree;
  try {
    results = await runClang(['clang', ...args, '-o', OUTPUT], treeOf(program.files), {
      stdout: null,
      stderr: (bytes) => {
        if (bytes) complaint += Buffer.from(bytes).toString();
      },
      // Its default writes to our standard output, which belongs to whoever reads our messages.
      fetchProgress: () => {},
    });
  } catch (thrown) {
    throw new Error(`cannot compile ${program.name}:\n${complaint}`, { cause: thrown });
  }
  const compiled = results[OUTPUT];
  if (!(compiled instanceof Uint8Array)) {
    throw new Error(`the compiler made nothing of ${program.name}`);
  }
  mkdirSync(directory, { recursive: true });
  const incoming = `${cachedPath}.${process.pid}`;
  writeFileSync(incoming, compiled);
  renameSync(incoming, cachedPath);
  return compiled;
}

const OUTPUT = 'out.wasm';

function keyOf(files: CProgram['files'], args: readonly string[]): string {
  const hash = createHash('sha256').update(`${CLANG_VERSION}\0${args.join('\0')}\0`);
  for (const [path, content] of Object.entries(files).sort(([one], [other]) =>
    one < other ? -1 : 1,
  )) {
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function treeOf(files: CProgram['files']): Tree {
  const root: Tree = {};
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split('/');
    const name = parts.pop() ?? path;
    let folder = root;
    for (const part of parts) {
      const inner = folder[part];
      const next = inner instanceof Uint8Array || !inner ? {} : inner;
      folder[part] = next;
      folder = next;
    }
    folder[name] = content;
  }
  return root;
}
