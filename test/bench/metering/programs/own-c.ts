import type { BenchProgram, ProgramGroup } from '../bench-program.ts';
import { OWN_FLAGS, ownFiles, programOf } from '../source-files.ts';

/** A program of one C file of ours, `wasm/bench/GROUP/NAME.c`. */
function ownProgram(group: ProgramGroup, name: string): BenchProgram {
  return {
    name,
    group,
    build: (kitchen) =>
      kitchen.compileProgram(
        programOf(name, ownFiles(`${group}/${name}.c`, kitchen), { flags: OWN_FLAGS }),
      ),
  };
}

/** Loops over matrices and grids, after the problems of the PolyBench collection. */
export const KERNELS: readonly BenchProgram[] = [
  'cholesky',
  'correlation',
  'durbin',
  'fdtd-2d',
  'floyd-warshall',
  'gemm',
  'gram-schmidt',
  'jacobi-2d',
  'lu',
  'nussinov',
  'seidel-2d',
  'two-mm',
].map((name) => ownProgram('kernels', name));

/** Small programs that do hardly anything but call, and one that does not call at all. */
export const CALLS: readonly BenchProgram[] = [
  'ackermann',
  'fib',
  'hanoi',
  'indirect-calls',
  'nqueens',
  'sieve',
  'tak',
  'virtual-dispatch',
].map((name) => ownProgram('calls', name));

export const OWN_APPLICATIONS: readonly BenchProgram[] = ['base64', 'json', 'sha256'].map((name) =>
  ownProgram('applications', name),
);
