import type { Support } from '../abi.ts';

const NO_SOCKETS = 'ENOTSOCK on every fd: there are no sockets yet';
const COARSE_TIMES = "a host's files take times in steps of 238 ns";

export const PREVIEW1_SUPPORT: Support = {
  about: 'WASI preview1: what compilers call `wasm32-wasip1`.',
  partial: {
    fd_advise: 'checked; the advice is not acted upon',
    fd_allocate: 'makes the file long enough; the host may still run out of space',
    fd_filestat_set_times: COARSE_TIMES,
    path_filestat_set_times: COARSE_TIMES,
    poll_oneoff: 'an event with EINVAL for the clocks of CPU time',
    sock_accept: NO_SOCKETS,
    sock_recv: NO_SOCKETS,
    sock_send: NO_SOCKETS,
    sock_shutdown: NO_SOCKETS,
  },
  missing: {},
};
