import type { FileContents, Mounts } from './compiler-files.ts';

/** One run of one of LLVM's programs, or of another one. */
export interface CompilerJob {
  /** Another WASI command to run: what generates sources. */
  readonly program?: Uint8Array;
  /** The program's name (clang, clang++, wasm-ld, llvm-ar …) and its arguments. */
  readonly args: readonly string[];
  readonly files?: FileContents;
  readonly mounts?: Mounts;
  readonly stdin?: Uint8Array;
}

export interface CompilerResult {
  /** As a shell has it: 134 when the compiler itself broke, which `stderr` then tells. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  /** What it wrote, by path. */
  readonly outputs: FileContents;
  /** The paths beside the system's that it looked at, whether something is there or not. */
  readonly probed: readonly string[];
}

/** What the pool sends to its process, and what comes back. */
export interface JobMessage {
  readonly id: number;
  readonly job: CompilerJob;
}

export interface ResultMessage {
  readonly id: number;
  readonly result: CompilerResult;
}

export function isJobMessage(message: unknown): message is JobMessage {
  return typeof message === 'object' && message !== null && 'id' in message && 'job' in message;
}
