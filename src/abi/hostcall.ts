import { Errno, type ErrnoName } from '../base/errno.ts';
import type { Process } from '../kernel/process.ts';
import { EXIT, type GlueFunction, I32, I64, WOULD_BLOCK } from './glue.ts';

/**
 * One function of an ABI: its parameter types, and what it does. `run` answers nothing for success,
 * throws an Errno for failure, and answers WOULD_BLOCK after `process.blockOn`, or EXIT after
 * `process.end`.
 */
export interface Hostcall {
  readonly parameters: readonly number[];
  readonly hasResult: boolean;
  run(process: Process, ...args: readonly (number | bigint)[]): number | undefined;
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
  run: (process: Process, ...args: Arguments<Types>) => number | undefined,
): Hostcall {
  return {
    parameters: types.map((type) => (type === 'i64' ? I64 : I32)),
    hasResult: true,
    // The glue's function types guarantee what the compiler cannot see: each argument has its
    // declared type.
    run: run as Hostcall['run'],
  };
}

/** A hostcall without a result, which never returns to the guest. */
export function finalHostcall(run: (process: Process, argument: number) => number): Hostcall {
  return { parameters: [I32], hasResult: false, run: run as Hostcall['run'] };
}

/** What a broken hostcall of ours is told to: it ends its process, and nothing else. */
export type BugReporter = (name: string, thrown: unknown) => void;

/** Tells whose call it is: one process of a cell runs at a time, so that functions are shared. */
export interface Running {
  readonly running: Process | undefined;
}

/** As a native program that aborts (SIGABRT). */
const EXIT_CODE_OF_BUG = 134;

/**
 * The one trampoline: binds a hostcall as the plain import that the glue calls. Here, and only
 * here, Errnos become the ABI's numbers.
 */
export function bindHostcall(
  name: string,
  { run }: Hostcall,
  scheduler: Running,
  numbers: Readonly<Record<ErrnoName, number>>,
  reportBug: BugReporter,
): (...args: (number | bigint)[]) => number {
  return (...args) => {
    const process = runningOf(scheduler);
    if (process.ending) return EXIT;
    if (process.isSliceOver()) {
      process.giveWay();
      return WOULD_BLOCK;
    }
    try {
      const answer = run(process, ...args);
      if (answer !== WOULD_BLOCK) process.retry = undefined;
      return answer ?? 0;
    } catch (thrown) {
      process.retry = undefined;
      if (thrown instanceof Errno) return numbers[thrown.name];
      reportBug(`hostcall ${name}`, thrown);
      process.end({ exitCode: EXIT_CODE_OF_BUG, reason: `bug in hostcall ${name}` });
      return EXIT;
    }
  };
}

/** A hook of rewritten code, by the name under which the glue offers it. */
export interface Hook extends GlueFunction {
  readonly run: (argument: number) => number;
}

/** The hooks that rewritten code calls (rewrite/hooks.ts), in the order of their places. */
export function bindHooks(scheduler: Running): readonly Hook[] {
  return [
    {
      name: 'hook:yield',
      parameters: [],
      hasResult: true,
      run: () => {
        const answer = runningOf(scheduler).refuel();
        return answer === 'would-block' ? WOULD_BLOCK : answer;
      },
    },
    {
      name: 'hook:growMemory',
      parameters: [I32],
      hasResult: true,
      run: (pages) => runningOf(scheduler).growMemory(pages),
    },
    {
      name: 'hook:growTable',
      parameters: [I32],
      hasResult: true,
      run: (entries) => runningOf(scheduler).growTable(entries),
    },
  ];
}

function runningOf({ running }: Running): Process {
  if (!running) throw new Error('a call of a guest that does not run');
  return running;
}
