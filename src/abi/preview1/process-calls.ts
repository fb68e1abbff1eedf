import { ERRNO } from '../../base/errno.ts';
import { endsByDefault, exitCodeOfSignal, SIGNALS, type SignalName } from '../../base/signals.ts';
import { EXIT, WOULD_BLOCK } from '../glue.ts';
import { finalHostcall, type Hostcall, hostcall } from '../hostcall.ts';

/** preview1 numbers its signals by its own list, which parts from Linux's after SIGTERM. */
const SIGNALS_BY_NUMBER: readonly (SignalName | undefined)[] = [
  undefined,
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

export const PROCESS_CALLS = {
  proc_exit: finalHostcall((process, code) => {
    process.end({ exitCode: code & 0xff });
    return EXIT;
  }),
  proc_raise: hostcall(['i32'], (process, number) => {
    if (number === 0) return undefined;
    const name = SIGNALS_BY_NUMBER[number];
    if (!name) throw ERRNO.EINVAL;
    const signal = SIGNALS[name];
    if (!endsByDefault(signal)) return undefined;
    process.end({ exitCode: exitCodeOfSignal(signal) });
    return EXIT;
  }),
  sched_yield: hostcall([], (process) => {
    if (process.retry === 'yielded') return undefined;
    process.retry = 'yielded';
    process.giveWay();
    return WOULD_BLOCK;
  }),
  random_get: hostcall(['i32', 'i32'], (process, pointer, length) => {
    process.fillRandom(process.memory.bytes(pointer, length));
    return undefined;
  }),
} satisfies Record<string, Hostcall>;
