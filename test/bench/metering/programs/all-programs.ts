import type { BenchProgram } from '../bench-program.ts';
import { INTERPRETERS } from './interpreters.ts';
import { LIBRARIES } from './libraries.ts';
import { CALLS, KERNELS, OWN_APPLICATIONS } from './own-c.ts';

export const PROGRAMS: readonly BenchProgram[] = [
  ...KERNELS,
  ...CALLS,
  ...INTERPRETERS,
  ...OWN_APPLICATIONS,
  ...LIBRARIES,
];
