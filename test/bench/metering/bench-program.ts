import type { Kitchen } from '../../../images/recipe.ts';

export const GROUPS = ['kernels', 'calls', 'interpreters', 'applications'] as const;
export type ProgramGroup = (typeof GROUPS)[number];

/**
 * A program whose plain and rewritten forms are timed against each other. It needs no input but its
 * arguments and files, does the same in every run, and prints a checksum of its results.
 */
export interface BenchProgram {
  readonly name: string;
  readonly group: ProgramGroup;
  /** Why it cannot be built on this machine; undefined when it can. */
  readonly absence?: () => string | undefined;
  readonly build: (kitchen: BenchKitchen) => Promise<Uint8Array>;
  /** Without the program's own name. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Guest path → path in the repository. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface BenchKitchen extends Kitchen {
  /** The absolute path of a file of the repository. */
  readonly repositoryPath: (path: string) => string;
}
