import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { hostPathOf } from './compiler-files.ts';
import type { CompilerJob, CompilerResult } from './compiler-job.ts';
import { CompilerPool } from './compiler-pool.ts';

/** LLVM (clang, wasm-ld and their companions) as WebAssembly, with wasi-libc. */
const CLANG_PACKAGE = '@yowasp/clang';
export const CLANG_VERSION = '22.0.0-git20542-10';
/** Raise when what a run answers changes for the same job. */
const HOST_VERSION = '1';

export interface ToolchainOptions {
  readonly cacheDirectory: string;
  readonly npmPackage: (name: string, version: string) => Promise<string>;
  /** The bundle of src/main/compiler.ts. */
  readonly compilerProgram: string;
}

/** What `make` made, or kept from an earlier run. */
export interface Product {
  /** In the cache; it is not to be changed. */
  readonly path: string;
  /** Warnings. */
  readonly stderr: string;
}

/** The compiler said no; the message is what it said. */
export class CompileError extends Error {
  readonly result: CompilerResult;

  constructor(result: CompilerResult) {
    super(result.stderr.trim() || `the compiler ended with ${result.exitCode}`);
    this.result = result;
  }
}

/**
 * Runs LLVM's programs, and keeps what they made.
 *
 * A run is a function of its arguments and of the files that it looked at. Of each run that
 * succeeded the cache keeps, under a key of the arguments, which paths those were; and under a key
 * of the arguments and of all their contents, the product. Files that were not there count, too: a
 * header that appears further ahead in the search path makes a difference.
 */
export class Toolchain {
  readonly #directory: string;
  readonly #pool: CompilerPool;
  readonly #folder: () => Promise<string>;
  /** Jobs by all that they are given: images are built beside each other, and share parts. */
  readonly #underWay = new Map<string, Promise<Product>>();
  /** Digests of the machine's files by path, size and time of change. */
  readonly #digests = new Map<string, string>();

  constructor({ cacheDirectory, npmPackage, compilerProgram }: ToolchainOptions) {
    this.#directory = join(cacheDirectory, 'objects');
    this.#folder = async () => join(await npmPackage(CLANG_PACKAGE, CLANG_VERSION), 'gen');
    this.#pool = new CompilerPool({ compilerProgram, directory: this.#folder });
  }

  /** The archive of headers and libraries that LLVM's package brings. */
  async systemArchive(): Promise<string> {
    return join(await this.#folder(), 'llvm-resources.tar');
  }

  /** LLVM's programs as one, a WASI command that does what its first argument is the name of. */
  async module(): Promise<string> {
    return join(await this.#folder(), 'llvm.core.wasm');
  }

  /** Runs a job without the cache. */
  run(job: CompilerJob): Promise<CompilerResult> {
    return this.#pool.run(job);
  }

  /** The file that a job writes as `output`. Throws CompileError. */
  make(job: CompilerJob, output: string): Promise<Product> {
    const recipeKey = keyOfRecipe(job, output);
    const given = Object.entries(job.files ?? {}).map(([path, bytes]) => [path, digestOf(bytes)]);
    const jobKey = JSON.stringify([recipeKey, job.mounts ?? {}, given]);
    const underWay = this.#underWay.get(jobKey);
    if (underWay) return underWay;
    const made = this.#make(job, output, recipeKey).finally(() => this.#underWay.delete(jobKey));
    this.#underWay.set(jobKey, made);
    return made;
  }

  async #make(job: CompilerJob, output: string, recipeKey: string): Promise<Product> {
    const recipePath = join(this.#directory, `${recipeKey}.paths`);
    if (existsSync(recipePath)) {
      const paths = readFileSync(recipePath, 'utf8').split('\n');
      const kept = this.#find(this.#keyOfProduct(recipeKey, paths, job));
      if (kept) return kept;
    }
    const result = await this.#pool.run(job);
    const made = result.outputs[output];
    if (result.exitCode !== 0) throw new CompileError(result);
    if (!made) throw new Error(`${job.args[0]} did not write ${output}`);
    const productKey = this.#keyOfProduct(recipeKey, result.probed, job);
    this.#keep(productKey, made, result.stderr);
    this.#write(recipePath, result.probed.join('\n'));
    return { path: join(this.#directory, productKey), stderr: result.stderr };
  }

  #find(key: string): Product | undefined {
    const path = join(this.#directory, key);
    if (!existsSync(path)) return undefined;
    const logPath = `${path}.log`;
    return { path, stderr: existsSync(logPath) ? readFileSync(logPath, 'utf8') : '' };
  }

  #keep(key: string, made: Uint8Array, stderr: string): void {
    const path = join(this.#directory, key);
    mkdirSync(this.#directory, { recursive: true });
    // Before the product, which says that both are there.
    if (stderr === '') rmSync(`${path}.log`, { force: true });
    else this.#write(`${path}.log`, stderr);
    this.#write(path, made);
  }

  #write(path: string, content: string | Uint8Array): void {
    const incoming = `${path}.${process.pid}`;
    writeFileSync(incoming, content);
    renameSync(incoming, path);
  }

  #keyOfProduct(recipeKey: string, paths: readonly string[], job: CompilerJob): string {
    const hash = createHash('sha256').update(recipeKey);
    const mounts = Object.entries(job.mounts ?? {}).sort(
      ([one], [other]) => other.length - one.length,
    );
    for (const path of paths) {
      const given = job.files?.[path];
      const digest = given ? digestOf(given) : this.#digestOnHost(hostPathOf(mounts, path));
      hash.update(`\0${path}\0${digest}`);
    }
    return hash.digest('hex');
  }

  #digestOnHost(path: string | undefined): string {
    const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    if (path === undefined || !stat) return 'absent';
    if (!stat.isFile()) return 'folder';
    const key = `${path}\0${stat.size}\0${stat.mtimeMs}`;
    const known = this.#digests.get(key);
    if (known !== undefined) return known;
    const digest = digestOf(readFileSync(path));
    this.#digests.set(key, digest);
    return digest;
  }
}

function keyOfRecipe(job: CompilerJob, output: string): string {
  const parts = [CLANG_VERSION, HOST_VERSION, output, ...job.args];
  const hash = createHash('sha256').update(parts.join('\0'));
  for (const bytes of [job.program, job.stdin]) hash.update(bytes ? `\0${digestOf(bytes)}` : '\0-');
  return hash.digest('hex');
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
