import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CFeature } from './c-feature.ts';

const PACKAGE = 'binaryen';
const VERSION = '132.0.0';

/** What LLVM may have used, and Wolffia admits. */
const WEBASSEMBLY_FEATURES = [
  'bulk-memory',
  'bulk-memory-opt',
  'call-indirect-overlong',
  'exception-handling',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];
const FLAGS = [
  ...WEBASSEMBLY_FEATURES.map((feature) => `--enable-${feature}`),
  ...['-O2', '--asyncify', '--pass-arg=asyncify-imports@wasix_32v1.proc_fork'],
];

/** What the kernel copies and winds up again in the child. */
export const FORKABLE: CFeature = {
  flags: [],
  linkFlags: ['--export=__stack_pointer', '--export=__stack_low'],
};

export interface ForkableOptions {
  readonly cacheDirectory: string;
  readonly npmPackage: (name: string, version: string) => Promise<string>;
}

/**
 * Makes a program able to fork: Binaryen's asyncify adds to every function that may call
 * `wasix_32v1.proc_fork` how to leave it there and how to come back. Keeps what it made.
 *
 * # Errors
 * an Error with what wasm-opt said
 */
export async function makeForkable(
  program: Uint8Array,
  { cacheDirectory, npmPackage }: ForkableOptions,
): Promise<Uint8Array> {
  const directory = join(cacheDirectory, 'forkable');
  const key = createHash('sha256')
    .update([VERSION, ...FLAGS].join('\0'))
    .update(program);
  const kept = join(directory, key.digest('hex'));
  if (existsSync(kept)) return readFileSync(kept);
  const optimiser = join(await npmPackage(PACKAGE, VERSION), 'bin', 'wasm-opt');
  mkdirSync(directory, { recursive: true });
  const workDirectory = mkdtempSync(join(directory, '.work-'));
  try {
    const input = join(workDirectory, 'in.wasm');
    const output = join(workDirectory, 'out.wasm');
    writeFileSync(input, program);
    await run([optimiser, input, ...FLAGS, '-o', output]);
    renameSync(output, kept);
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
  return readFileSync(kept);
}

const MAX_COMPLAINT = 4096;

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`wasm-opt failed:\n${complaint.trim()}`));
    });
  });
}
