import type { Abi } from '../abi.ts';
import { ARGUMENT_CALLS } from './arguments.ts';
import { CLOCK_CALLS } from './clock.ts';
import { FD_CALLS, SOCKET_CALLS } from './fd-calls.ts';
import { FD_IO_CALLS } from './fd-io.ts';
import { ERRNO_NUMBERS } from './numbers.ts';
import { PATH_CALLS } from './path-calls.ts';
import { POLL_CALLS } from './poll.ts';
import { PROCESS_CALLS } from './process-calls.ts';
import { READDIR_CALLS } from './readdir.ts';
import { PREVIEW1_SUPPORT } from './support.ts';

/** WASI preview1, by the module name that programs import it under. */
export const PREVIEW1: Abi = {
  moduleName: 'wasi_snapshot_preview1',
  errnoNumbers: ERRNO_NUMBERS,
  calls: {
    ...ARGUMENT_CALLS,
    ...CLOCK_CALLS,
    ...FD_CALLS,
    ...FD_IO_CALLS,
    ...PATH_CALLS,
    ...POLL_CALLS,
    ...PROCESS_CALLS,
    ...READDIR_CALLS,
    ...SOCKET_CALLS,
  },
  support: PREVIEW1_SUPPORT,
};
