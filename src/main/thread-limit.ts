/** Where neither of Linux's limits is known. */
const DEFAULT_LIMIT = 4_000;
/** Of what a limit leaves, the rest being for all else that a cell does. */
const SHARE = 0.7;
/** Its stack and the page that guards it, and, of a process, its memory amid what is reserved. */
const MAPPINGS_OF_THREAD = 5;
/** V8's own, in kilobytes. */
const DEFAULT_STACK_KIB = 984;
const STACK_FLAG = '--wasm-stack-switching-stack-size=';

/**
 * How many coroutines this process can have before V8 gives it up: a stack that cannot be mapped
 * ends the process. Stacks count in full towards the limit of data (setrlimit(2)), although hardly
 * any of their pages are ever touched.
 *
 * `flags` are those that Node was started with; `textOf` answers the empty string for a file that
 * is not there.
 */
export function threadLimit(flags: readonly string[], textOf: (path: string) => string): number {
  const flag = flags.find((candidate) => candidate.startsWith(STACK_FLAG));
  const stackBytes = (Number(flag?.slice(STACK_FLAG.length)) || DEFAULT_STACK_KIB) * 1024;
  const [, dataBytes] = /^Max data size\s+(\d+)/m.exec(textOf('/proc/self/limits')) ?? [];
  const mappings = textOf('/proc/sys/vm/max_map_count').trim();
  const limits: number[] = [];
  if (dataBytes !== undefined) limits.push(Number(dataBytes) / stackBytes);
  if (mappings !== '') limits.push(Number(mappings) / MAPPINGS_OF_THREAD);
  return limits.length === 0 ? DEFAULT_LIMIT : Math.floor(Math.min(...limits) * SHARE);
}
