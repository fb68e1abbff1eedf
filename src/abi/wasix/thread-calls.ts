import { ERRNO } from '../../base/errno.ts';
import { exited } from '../../kernel/exit-status.ts';
import { raiseSignal } from '../../kernel/signal-send.ts';
import type { Thread } from '../../kernel/thread.ts';
import { EXIT, WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall, interruptibleHostcall, voidHostcall } from '../hostcall.ts';

const OPTION_SOME = 1;
const NO_TIMEOUT = -1n;
const EVERYBODY = 0xffff_ffff;

/** Sleeping, the caller's ids, and waiting at an address. */
export const THREAD_CALLS = {
  clock_time_set: hostcall(['i32', 'i64'], () => {
    // The clocks are the machine's.
    throw ERRNO.EPERM;
  }),

  thread_sleep: interruptibleHostcall(['i64'], (thread, duration) => {
    const { clock } = thread.system;
    const nowNs = clock.monotonicNs();
    const deadlineNs =
      typeof thread.retry === 'bigint' ? thread.retry : nowNs + BigInt.asUintN(63, duration);
    if (nowNs >= deadlineNs) return undefined;
    thread.retry = deadlineNs;
    thread.blockOn({ deadlineNs });
    return WOULD_BLOCK;
  }),

  thread_id: hostcall(['i32'], (thread, tid) => {
    thread.memory.writeU32(tid, thread.tid);
    return undefined;
  }),

  thread_parallelism: hostcall(['i32'], (thread, count) => {
    // All threads of a container take turns.
    thread.memory.writeU32(count, 1);
    return undefined;
  }),

  thread_signal: hostcall(['i32', 'i32'], (thread, tid, signal) => {
    const isOwn = [...thread.home.threads].some((candidate) => candidate.tid === tid);
    if (!isOwn) throw ERRNO.ESRCH;
    raiseSignal(thread.process, signal);
    return undefined;
  }),

  thread_exit: voidHostcall(['i32'], (thread, code) => {
    endThread(thread, code);
    return EXIT;
  }),

  futex_wait: hostcall(
    ['i32', 'i32', 'i32', 'i32'],
    (thread, address, expected, timeout, woken) => {
      const { memory, home } = thread;
      memory.bytes(woken, 1);
      const isFirstTry = thread.retry === undefined;
      if (isFirstTry && memory.readU32(address) !== expected >>> 0) throw ERRNO.EINVAL;
      const timeoutNs = readTimeout(thread, timeout);
      const answer = home.futexes.wait(thread, address >>> 0, timeoutNs);
      if (answer === 'would-block') return WOULD_BLOCK;
      memory.writeU8(woken, answer === 'woken' ? 1 : 0);
      return undefined;
    },
  ),

  futex_wake: hostcall(['i32', 'i32'], (thread, address, woken) => wake(thread, address, 1, woken)),

  futex_wake_all: hostcall(['i32', 'i32'], (thread, address, woken) =>
    wake(thread, address, EVERYBODY, woken),
  ),
} satisfies Record<string, Hostcall>;

/** With the last thread the process ends. */
function endThread(thread: Thread, code: number): void {
  if (thread.home.threads.size > 1) thread.replace();
  else thread.home.end({ status: exited(code) });
}

function wake(thread: Thread, address: number, count: number, woken: number): undefined {
  thread.memory.bytes(woken, 1);
  const wokenCount = thread.home.futexes.notify(address >>> 0, count);
  thread.memory.writeU8(woken, wokenCount > 0 ? 1 : 0);
}

function readTimeout({ memory }: Thread, option: number): bigint {
  if (option === 0 || memory.readU8(option) !== OPTION_SOME) return NO_TIMEOUT;
  return BigInt.asUintN(63, memory.readU64((option >>> 0) + 8));
}
