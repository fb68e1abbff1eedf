import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectoryOf } from '../../images/cache-directory.ts';
import { CcUsageError, parseCcArguments } from '../../images/cc/arguments.ts';
import { type BinaryTool, runBinaryTool } from '../../images/cc/binary-tools.ts';
import { drive } from '../../images/cc/driver.ts';
import { hostPaths } from '../../images/cc/host-paths.ts';
import { CLibrary } from '../../images/compile/c-library.ts';
import { CompileError, Toolchain } from '../../images/compile/toolchain.ts';
import { installNpmPackage } from '../../images/npm-package.ts';
import { messageOf } from '../base/engine-error.ts';
import { findEngineNode } from './engine-node.ts';

const MACHINE = 'wasm32-wasip1';
/** Questions of configure scripts that the compiler answers without a source. */
const ASKS_COMPILER = /^(--version|-v|-dumpversion|-print-.*|--print-.*|--help)$/;

/**
 * The programs `wolffia-cc`, `wolffia-c++`, `wolffia-ar`, `wolffia-nm` and `wolffia-ranlib`, which
 * a launcher of each name in `bin/` starts.
 */
export async function main(name: 'cc' | 'c++' | BinaryTool): Promise<void> {
  try {
    const isOldNode = !('Suspending' in WebAssembly);
    process.exitCode = isOldNode ? runOnNewer() : await work(name, process.argv.slice(2));
  } catch (thrown) {
    const isSaid = thrown instanceof CompileError;
    process.stderr.write(
      isSaid ? `${thrown.message}\n` : `wolffia-${name}: ${messageOf(thrown)}\n`,
    );
    process.exitCode = thrown instanceof CcUsageError ? 2 : 1;
  }
}

/** As the engine, the compiler runs on the Node that we bring. */
function runOnNewer(): number {
  const { status } = spawnSync(findEngineNode(), process.argv.slice(1), { stdio: 'inherit' });
  return status ?? 1;
}

async function work(name: 'cc' | 'c++' | BinaryTool, args: readonly string[]): Promise<number> {
  const packageDirectory = join(__dirname, '..');
  const cacheDirectory = cacheDirectoryOf(process.env, process.platform);
  const warn = (text: string): void => void process.stderr.write(`${text.trimEnd()}\n`);
  const npmPackage = (package_: string, version: string): Promise<string> =>
    installNpmPackage(cacheDirectory, package_, version, warn);
  const compilerProgram = join(packageDirectory, 'dist', 'compiler.cjs');
  const toolchain = new Toolchain({ cacheDirectory, npmPackage, compilerProgram });
  const paths = hostPaths(process.cwd(), process.platform);
  const write = (output: Uint8Array): void => void process.stdout.write(output);
  if (name !== 'cc' && name !== 'c++') {
    const { exitCode, stdout, stderr } = await runBinaryTool(name, args, toolchain, paths);
    write(stdout);
    process.stderr.write(stderr);
    return exitCode;
  }
  if (args.length === 1 && args[0] === '-dumpmachine') {
    process.stdout.write(`${MACHINE}\n`);
    return 0;
  }
  if (args.length > 0 && args.every((arg) => ASKS_COMPILER.test(arg))) {
    const compiler = name === 'cc' ? 'clang' : 'clang++';
    const answer = await toolchain.run({ args: [compiler, `--target=${MACHINE}`, ...args] });
    write(answer.stdout);
    process.stderr.write(answer.stderr);
    return answer.exitCode;
  }
  await drive(parseCcArguments(args, name === 'c++'), {
    toolchain,
    library: new CLibrary(join(packageDirectory, 'wasm', 'libc'), toolchain),
    paths,
    directory: process.cwd(),
    cacheDirectory,
    npmPackage,
    stdin: () => readFileSync(0),
    write,
    warn,
  });
  return 0;
}
