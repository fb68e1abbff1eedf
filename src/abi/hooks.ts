import { type GlueFunction, HANDLE_SIGNAL, I32, WOULD_BLOCK } from './glue.ts';
import {
  type BugReporter,
  bindHostcall,
  type Hostcall,
  hostcall,
  type Running,
  runningOf,
} from './hostcall.ts';
import { ERRNO_NUMBERS } from './preview1/numbers.ts';

/** A hook of rewritten code, by the name under which the glue offers it. */
export interface Hook extends GlueFunction {
  readonly run: (...args: never[]) => number;
}

/** The hooks that rewritten code calls (rewrite/hooks.ts), in the order of their places. */
export function bindHooks(scheduler: Running, reportBug: BugReporter): readonly Hook[] {
  const answering = (name: string, run: (argument: number) => number): Hook => ({
    name: `hook:${name}`,
    parameters: [I32],
    hasResult: true,
    run,
  });
  const blocking = (name: string, call: Hostcall): Hook => ({
    name: `hook:${name}`,
    parameters: call.parameters,
    hasResult: true,
    run: bindHostcall(name, call, scheduler, ERRNO_NUMBERS, reportBug),
  });
  return [
    { ...answering('yield', () => YIELD_ANSWERS[runningOf(scheduler).refuel()]), parameters: [] },
    answering('growMemory', (pages) => runningOf(scheduler).home.memory.growMemory(pages)),
    answering('growTable', (entries) => runningOf(scheduler).home.memory.growTable(entries)),
    blocking('atomicWait', ATOMIC_WAIT),
    blocking('atomicNotify', ATOMIC_NOTIFY),
  ];
}

/** What `yield` answers rewritten code, or the glue. */
const YIELD_ANSWERS = {
  continue: 0,
  stop: 1,
  'would-block': WOULD_BLOCK,
  handler: HANDLE_SIGNAL,
} as const;

/** What `memory.atomic.wait` answers; 1, for another number, is rewritten code's own. */
const WAIT_ANSWERS = { woken: 0, 'timed-out': 2, 'would-block': WOULD_BLOCK } as const;

/** Both block, and are interrupted, as hostcalls are. */
const ATOMIC_WAIT: Hostcall = hostcall(
  ['i32', 'i64'],
  (thread, address, timeoutNs) =>
    WAIT_ANSWERS[thread.home.futexes.wait(thread, address >>> 0, timeoutNs)],
);

const ATOMIC_NOTIFY: Hostcall = hostcall(['i32', 'i32'], (thread, address, count) =>
  thread.home.futexes.notify(address >>> 0, count >>> 0),
);
