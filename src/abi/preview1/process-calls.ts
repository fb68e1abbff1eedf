import { ERRNO } from '../../base/errno.ts';
import { SIGNALS, type SignalName } from '../../base/signals.ts';
import { exited } from '../../kernel/exit-status.ts';
import { SIGNAL_CODES } from '../../kernel/signals.ts';
import type { Thread } from '../../kernel/thread.ts';
import { endBorrowing } from '../../kernel/vfork.ts';
import { EXIT, WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall, voidHostcall } from '../hostcall.ts';

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

/** What takes some milliseconds; between pieces others have their turn. */
const RANDOM_PIECE_BYTES = 4 * 1024 * 1024;

export const PROCESS_CALLS = {
  proc_exit: voidHostcall(['i32'], (thread, code) => {
    thread.process.end({ status: exited(code) });
    // After vfork it was the child that ended, on its parent's stack.
    return endBorrowing(thread) ? undefined : EXIT;
  }),
  proc_raise: hostcall(['i32'], (thread, number) => {
    if (number === 0) return undefined;
    const name = SIGNALS_BY_NUMBER[number];
    if (!name) throw ERRNO.EINVAL;
    return raise(thread, SIGNALS[name]);
  }),
  sched_yield: hostcall([], (thread) => {
    if (thread.retry === 'yielded') return undefined;
    thread.retry = 'yielded';
    thread.giveWay();
    return WOULD_BLOCK;
  }),
  random_get: hostcall(['i32', 'i32'], (thread, pointer, length) => {
    const target = thread.memory.bytes(pointer, length);
    const filled = typeof thread.retry === 'number' ? thread.retry : 0;
    const end = filled + RANDOM_PIECE_BYTES;
    thread.system.fillRandom(target.subarray(filled, end));
    if (end >= target.length) return undefined;
    thread.retry = end;
    thread.giveWay();
    return WOULD_BLOCK;
  }),
} satisfies Record<string, Hostcall>;

/**
 * What it does is done when it returns. A program that ends itself so ends, also as pid 1: preview1
 * knows no init that was to be spared.
 */
function raise(thread: Thread, signal: number): number | undefined {
  const { process } = thread;
  if (thread.retry === 'raised') return undefined;
  const uid = process.credentials.user.real;
  process.post({ signal, code: SIGNAL_CODES.user, pid: process.pid, uid, status: 0 }, 'outside');
  if (!process.hasSignalFor(thread)) return undefined;
  // The handler runs before the call is tried again.
  thread.retry = 'raised';
  thread.giveWay();
  return WOULD_BLOCK;
}
