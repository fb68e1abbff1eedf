import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const CLANG_PACKAGE = '@yowasp/clang';
export const CLANG_VERSION = '22.0.0-git20542-10';

const FLAGS = ['--target=wasm32-wasip1', '-O2', '-Wall', '-Werror'];

/** The part of @yowasp/clang's interface that is used here. */
interface ClangModule {
  runClang(
    args: readonly string[],
    files: Record<string, Uint8Array>,
    options: {
      stdout: null;
      stderr: (bytes: Uint8Array | null) => void;
      fetchProgress: () => void;
    },
  ): Promise<Record<string, Uint8Array>>;
}

export interface CompileOptions {
  readonly cacheDirectory: string;
  readonly npmPackage: (name: string, version: string) => Promise<string>;
  readonly progress: (status: string) => void;
}

/**
 * Compiles one C source for wasm32-wasip1 by clang, which is itself a WebAssembly program. Results
 * are cached by the source's content.
 *
 * # Errors
 * an Error with what the compiler said
 */
export async function compileC(
  sourcePath: string,
  { cacheDirectory, npmPackage, progress }: CompileOptions,
): Promise<Uint8Array> {
  const source = readFileSync(sourcePath);
  const key = createHash('sha256')
    .update(`${CLANG_VERSION} ${FLAGS.join(' ')}\0`)
    .update(source)
    .digest('hex');
  const directory = join(cacheDirectory, 'programs');
  const cachedPath = join(directory, `${key}.wasm`);
  if (existsSync(cachedPath)) return readFileSync(cachedPath);

  const clangFolder = await npmPackage(CLANG_PACKAGE, CLANG_VERSION);
  const name = basename(sourcePath);
  progress(`Compiling ${name}`);
  const bundle = pathToFileURL(join(clangFolder, 'gen', 'bundle.js')).href;
  const { runClang }: ClangModule = await import(bundle);
  let complaint = '';
  let files: Record<string, Uint8Array>;
  try {
    files = await runClang(
      ['clang', ...FLAGS, name, '-o', 'out.wasm'],
      { [name]: source },
      {
        stdout: null,
        stderr: (bytes) => {
          if (bytes) complaint += Buffer.from(bytes).toString();
        },
        // Its default writes to our standard output, which belongs to whoever reads our messages.
        fetchProgress: () => {},
      },
    );
  } catch (thrown) {
    throw new Error(`cannot compile ${sourcePath}:\n${complaint}`, { cause: thrown });
  }
  const program = files['out.wasm'];
  if (!program) throw new Error(`the compiler made nothing of ${sourcePath}`);
  mkdirSync(directory, { recursive: true });
  const incoming = `${cachedPath}.${process.pid}`;
  writeFileSync(incoming, program);
  renameSync(incoming, cachedPath);
  return program;
}
