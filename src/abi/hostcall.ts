import { ERRNO, Errno, type ErrnoName } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import { signaled } from '../kernel/exit-status.ts';
import type { Thread } from '../kernel/thread.ts';
import { EXIT, HANDLE_SIGNAL, I32, I64, WOULD_BLOCK } from './glue.ts';

/**
 * One function of an ABI: its parameter types, and what it does. `run` answers nothing for success,
 * throws an Errno for failure, and answers WOULD_BLOCK after `thread.blockOn`, or EXIT after
 * `process.end`.
 */
export interface Hostcall {
  readonly parameters: readonly number[];
  readonly hasResult: boolean;
  /**
   * False: a handler that runs while it is blocked ends it with EINTR, SA_RESTART or not
   * (signal(7): sleeping and polling).
   */
  readonly isRestartable: boolean;
  run(thread: Thread, ...args: readonly (number | bigint)[]): number | undefined;
}

type ValueType = 'i32' | 'i64';
type Argument<Type> = Type extends 'i64' ? bigint : number;
type Arguments<Types extends readonly ValueType[]> = {
  [Index in keyof Types]: Argument<Types[Index]>;
};

/**
 * Types a hostcall's implementation by its parameter list: i32 comes as a (signed) number, i64 as a
 * bigint.
 */
export function hostcall<const Types extends readonly ValueType[]>(
  types: Types,
  run: (thread: Thread, ...args: Arguments<Types>) => number | undefined,
): Hostcall {
  return {
    parameters: types.map((type) => (type === 'i64' ? I64 : I32)),
    hasResult: true,
    isRestartable: true,
    // The glue's function types guarantee what the compiler cannot see: each argument has its
    // declared type.
    run: run as Hostcall['run'],
  };
}

/** The same for a call that SA_RESTART does not restart. */
export function interruptibleHostcall<const Types extends readonly ValueType[]>(
  types: Types,
  run: (thread: Thread, ...args: Arguments<Types>) => number | undefined,
): Hostcall {
  return { ...hostcall(types, run), isRestartable: false };
}

/** A hostcall without a result: it ends the caller, or just returns. */
export function voidHostcall<const Types extends readonly ValueType[]>(
  types: Types,
  run: (thread: Thread, ...args: Arguments<Types>) => number | undefined,
): Hostcall {
  return { ...hostcall(types, run), hasResult: false };
}

/** What a broken hostcall of ours is told to: it ends its process, and nothing else. */
export type BugReporter = (name: string, thrown: unknown) => void;

/** Tells whose call it is: one thread of a cell runs at a time, so that functions are shared. */
export interface Running {
  readonly running: Thread | undefined;
}

/**
 * The one trampoline: binds a hostcall as the plain import that the glue calls. Here, and only
 * here, Errnos become the ABI's numbers.
 */
export function bindHostcall(
  name: string,
  { run, isRestartable }: Hostcall,
  scheduler: Running,
  numbers: Readonly<Record<ErrnoName, number>>,
  reportBug: BugReporter,
): (...args: (number | bigint)[]) => number {
  return (...args) => {
    const thread = runningOf(scheduler);
    if (thread.hasAttention) {
      const answer = ATTENTION_ANSWERS[thread.attend()];
      if (answer !== undefined) return answer;
    }
    if (thread.isSliceOver()) {
      thread.giveWay();
      return WOULD_BLOCK;
    }
    try {
      const answer = run(thread, ...args);
      // What it did may have ended its own process (kill(2), SIGPIPE).
      if (thread.hasAttention && thread.isEnding) return EXIT;
      if (answer === WOULD_BLOCK) {
        if (thread.isInterrupted) throw ERRNO.EINTR;
        thread.noteBlocked(isRestartable);
        return WOULD_BLOCK;
      }
      thread.settle();
      return answer ?? 0;
    } catch (thrown) {
      thread.settle();
      if (thrown instanceof Errno) return thread.isEnding ? EXIT : numbers[thrown.name];
      reportBug(`hostcall ${name}`, thrown);
      thread.home.end({
        status: signaled(SIGNALS.SIGABRT),
        reason: `bug in hostcall ${name}`,
      });
      return EXIT;
    }
  };
}

/** What the glue is told to do before a hostcall is served; undefined: it is served. */
const ATTENTION_ANSWERS = {
  exit: EXIT,
  wait: WOULD_BLOCK,
  handler: HANDLE_SIGNAL,
  nothing: undefined,
} as const;

export function runningOf({ running }: Running): Thread {
  if (!running) throw new Error('a call of a guest that does not run');
  return running;
}
