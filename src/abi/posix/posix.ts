import type { Abi } from '../abi.ts';
import { ERRNO_NUMBERS } from '../preview1/numbers.ts';
import { FD_CALLS } from './fd-calls.ts';
import { FILE_CALLS } from './file-calls.ts';
import { IDENTITY_CALLS } from './identity-calls.ts';
import { PROCESS_CALLS } from './process-calls.ts';
import { SIGNAL_CALLS } from './signal-calls.ts';
import { SPAWN_CALLS } from './spawn-calls.ts';
import { TERMINAL_CALLS } from './terminal-calls.ts';
import { XATTR_CALLS } from './xattr-calls.ts';

/**
 * What POSIX programs need and no published interface has; our libc's side of it is
 * `wasm/libc/include/wolffia/abi.h`, which says what each call means.
 */
export const POSIX: Abi = {
  moduleName: 'wolffia_32v1',
  errnoNumbers: ERRNO_NUMBERS,
  calls: {
    ...FD_CALLS,
    ...FILE_CALLS,
    ...IDENTITY_CALLS,
    ...PROCESS_CALLS,
    ...SIGNAL_CALLS,
    ...SPAWN_CALLS,
    ...TERMINAL_CALLS,
    ...XATTR_CALLS,
  },
  support: {
    about: 'What POSIX programs need beside these: our own, used through our libc.',
    partial: {
      path_mknod: 'EPERM for devices',
      proc_usage: 'time in the kernel is not told apart',
      sync: "does nothing: what was not synced by its fd is the host's to write when it likes",
    },
    missing: {},
  },
};
