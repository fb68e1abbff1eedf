import { ERRNO } from '../../base/errno.ts';
import { exited } from '../../kernel/exit-status.ts';
import type { Process } from '../../kernel/process.ts';
import { executeProgram } from '../../kernel/program-start.ts';
import { sendSignal } from '../../kernel/signal-send.ts';
import type { Thread } from '../../kernel/thread.ts';
import { borrowChild, endBorrowing } from '../../kernel/vfork.ts';
import { EXIT, WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall, voidHostcall } from '../hostcall.ts';
import { readText } from '../path-argument.ts';
import { readLines } from '../strings.ts';

const JOIN_FLAGS = { nonBlocking: 1, wakeStopped: 2 } as const;
const JOIN_STATUS = { nothing: 0, exitNormal: 1, exitSignal: 2, stopped: 3 } as const;
const OPTION_SOME = 1;
const ANY_PID = -1;
const NANOSECONDS_MAX = (1n << 63n) - 1n;

/** Forking, programs, children and signals between processes. */
export const PROCESS_CALLS = {
  proc_fork: hostcall(['i32', 'i32'], (thread, _copyMemory, pid) => {
    const { forking } = thread.instance;
    // Frames of handlers, and a stack that is lent to a child, are not the program's to copy; and
    // what a child goes on with is the command's stack, not that of a thread it has started.
    const isFirst = thread.tid === thread.home.pid;
    if (!forking || !isFirst || thread.isBorrowed || thread.isHandling) throw ERRNO.ENOSYS;
    if (forking.isRewinding) {
      thread.memory.writeU32(pid, forking.finishRewinding());
      return undefined;
    }
    thread.memory.bytes(pid, 4);
    const child = thread.process.fork(thread.signalMask);
    try {
      forking.unwind(child);
    } catch (thrown) {
      thread.process.children.disown(child);
      child.end({ status: exited(0) });
      throw thrown;
    }
    return undefined;
  }),

  proc_fork_env: hostcall(['i32'], (thread, pid) => {
    thread.memory.bytes(pid, 4);
    thread.memory.writeU32(pid, borrowChild(thread).pid);
    return undefined;
  }),

  proc_exit2: voidHostcall(['i32'], (thread, code) => {
    thread.process.end({ status: exited(code) });
    return endBorrowing(thread) ? undefined : EXIT;
  }),

  proc_exec: voidHostcall(['i32', 'i32', 'i32', 'i32'], (thread, name, length, args, argsLength) =>
    execute(thread, {
      path: readText(thread.memory, name, length),
      search: false,
      args: readLines(thread.memory, args, argsLength),
      env: thread.process.env,
    }),
  ),

  proc_exec2: voidHostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, name, length, args, argsLength, env, envLength) =>
      execute(thread, {
        path: readText(thread.memory, name, length),
        search: false,
        args: readLines(thread.memory, args, argsLength),
        env: readLines(thread.memory, env, envLength),
      }),
  ),

  proc_exec3: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, name, length, args, argsLength, env, envLength, search, path, pathLength) => {
      const { memory } = thread;
      const request = {
        path: readText(memory, name, length),
        search: search !== 0,
        args: readLines(memory, args, argsLength),
        env: readLines(memory, env, envLength),
        ...(search === 0 ? {} : { searchPath: readText(memory, path, pathLength) }),
      };
      return executeProgram(thread, request) === 'replaced' ? EXIT : undefined;
    },
  ),

  proc_id: hostcall(['i32'], (thread, pid) => {
    thread.memory.writeU32(pid, thread.process.pid);
    return undefined;
  }),

  proc_parent: hostcall(['i32', 'i32'], (thread, pid, parent) => {
    const { processes } = thread.system;
    const process = pid === 0 ? thread.process : processes.get(pid);
    if (!process) throw ERRNO.ESRCH;
    thread.memory.writeU32(parent, process.parent?.pid ?? 0);
    return undefined;
  }),

  proc_join: hostcall(['i32', 'i32', 'i32'], (thread, option, flags, status) => {
    const { memory, process } = thread;
    memory.bytes(status, 6);
    const isOne = memory.readU8(option) === OPTION_SOME;
    const pid = isOne ? memory.readU32((option >>> 0) + 4) | 0 : ANY_PID;
    memory.bytes(option, 8);
    const reportsStopped = (flags & JOIN_FLAGS.wakeStopped) !== 0;
    const request = { pid, reportsStopped, reportsContinued: false };
    const report = process.children.take(request, process.processGroup);
    if (!report && (flags & JOIN_FLAGS.nonBlocking) === 0) {
      thread.blockOn({ queues: [process.children.changed] });
      return WOULD_BLOCK;
    }
    memory.bytes(status, 6).fill(0);
    if (!report) return undefined;
    memory.writeU8(option, OPTION_SOME);
    memory.writeU32((option >>> 0) + 4, report.pid);
    writeJoinStatus(thread, status >>> 0, report.status);
    return undefined;
  }),

  proc_signal: hostcall(['i32', 'i32'], (thread, pid, signal) => {
    const { process } = thread;
    if (thread.retry === 'sent') return undefined;
    sendSignal(process, pid, signal);
    if (!process.hasSignalFor(thread)) return undefined;
    // A signal to oneself is handled before the call returns (kill(2)).
    thread.retry = 'sent';
    thread.giveWay();
    return WOULD_BLOCK;
  }),

  proc_raise_interval: hostcall(['i32', 'i64', 'i32'], (thread, signal, interval, repeat) => {
    const valueNs = BigInt.asUintN(64, interval);
    if (valueNs > NANOSECONDS_MAX) throw ERRNO.EINVAL;
    thread.process.setTimer(signal, valueNs, repeat === 0 ? 0n : valueNs);
    return undefined;
  }),

  proc_signals_sizes_get: hostcall(['i32'], (thread, count) => {
    thread.memory.writeU32(count, ignoredSignals(thread.process).length);
    return undefined;
  }),

  proc_signals_get: hostcall(['i32'], (thread, buffer) => {
    const signals = ignoredSignals(thread.process);
    const bytes = thread.memory.bytes(buffer, signals.length * 2);
    signals.forEach((signal, index) => {
      bytes.set([signal, DISPOSITION_IGNORE], index * 2);
    });
    return undefined;
  }),

  callback_signal: voidHostcall(['i32', 'i32'], (thread, name, length) => {
    const exportName = readText(thread.memory, name, length);
    // A name that leads nowhere changes nothing: there is nobody who could be told.
    if (thread.instance.handlerNamed(exportName)) {
      thread.process.signals.handlerExport = exportName;
    }
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

const DISPOSITION_IGNORE = 1;
const SIGNAL_COUNT = 31;

/** What a program is told of the actions that it inherited. */
function ignoredSignals({ signals }: Process): readonly number[] {
  const all = Array.from({ length: SIGNAL_COUNT }, (_, index) => index + 1);
  return all.filter((signal) => signals.action(signal).kind === 'ignore');
}

/** Calls that say nothing when they fail: the program that could not be replaced ends. */
function execute(
  thread: Thread,
  request: Parameters<typeof executeProgram>[1],
): number | undefined {
  try {
    return executeProgram(thread, request) === 'replaced' ? EXIT : undefined;
  } catch {
    // Whatever the reason is, there is no answer that could carry it.
    thread.process.end({ status: exited(NOT_EXECUTABLE) });
    return EXIT;
  }
}

/** As shells say it. */
const NOT_EXECUTABLE = 126;

/** From Linux's encoding to wasix' union of a tag and its data. */
function writeJoinStatus({ memory }: Thread, at: number, status: number): void {
  const signal = status & 0x7f;
  if (signal === 0x7f) {
    memory.writeU8(at, JOIN_STATUS.stopped);
    memory.writeU8(at + 2, (status >> 8) & 0xff);
  } else if (signal === 0) {
    memory.writeU8(at, JOIN_STATUS.exitNormal);
    memory.writeU16(at + 2, (status >> 8) & 0xff);
  } else {
    memory.writeU8(at, JOIN_STATUS.exitSignal);
    memory.writeU16(at + 2, 128 + signal);
    memory.writeU8(at + 4, signal);
  }
}
