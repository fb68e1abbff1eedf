import type { Abi } from '../abi.ts';
import { ERRNO_NUMBERS } from '../preview1/numbers.ts';
import { FD_CALLS } from './fd-calls.ts';
import { PROCESS_CALLS } from './process-calls.ts';
import { SPAWN_CALLS } from './spawn-calls.ts';
import { WASIX_SUPPORT } from './support.ts';
import { TERMINAL_CALLS } from './terminal-calls.ts';
import { THREAD_CALLS } from './thread-calls.ts';

/**
 * The published names for what preview1 lacks (wasix.org), as far as our libc and common programs
 * use them. A program that imports another is refused with that name.
 */
export const WASIX: Abi = {
  moduleName: 'wasix_32v1',
  errnoNumbers: ERRNO_NUMBERS,
  calls: {
    ...FD_CALLS,
    ...PROCESS_CALLS,
    ...SPAWN_CALLS,
    ...TERMINAL_CALLS,
    ...THREAD_CALLS,
  },
  support: WASIX_SUPPORT,
};
