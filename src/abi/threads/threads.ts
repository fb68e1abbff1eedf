import type { ErrnoName } from '../../base/errno.ts';
import type { Abi } from '../abi.ts';
import { hostcall } from '../hostcall.ts';
import { ERRNO_NUMBERS } from '../preview1/numbers.ts';

/** The proposal answers a tid above 0, or an error below. */
const NEGATED = Object.fromEntries(
  Object.entries(ERRNO_NUMBERS).map(([name, number]) => [name, -number]),
) as Record<ErrnoName, number>;

/** The wasi-threads proposal (WebAssembly/wasi-threads). */
export const THREADS: Abi = {
  moduleName: 'wasi',
  errnoNumbers: NEGATED,
  calls: {
    'thread-spawn': hostcall(['i32'], (thread, argument) =>
      thread.instance.startThread(thread, argument),
    ),
  },
  support: {
    about: 'The wasi-threads proposal: what compilers call `wasm32-wasip1-threads`.',
    partial: {},
    missing: {},
  },
};
