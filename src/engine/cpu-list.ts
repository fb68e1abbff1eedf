import { EngineError } from '../base/engine-error.ts';

/** Linux's own limit; without one `0-9999999999` would fill our memory. */
const MAX_CPU = 8192;

/**
 * The numbers of `0-2,5` (Linux's "list format"), each once, in order.
 *
 * # Errors
 * - invalid-argument: it is no such list, or names a CPU that no machine has (Docker's own words)
 */
export function parseCpuList(list: string): readonly number[] {
  if (list === '') return [];
  const cpus = new Set<number>();
  for (const range of list.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    const from = Number(first);
    const to = Number(last);
    if (first === undefined || to < from) {
      throw new EngineError('invalid-argument', `invalid format: ${list}`);
    }
    if (to > MAX_CPU) {
      throw new EngineError('invalid-argument', `value of out range, maximum is ${MAX_CPU}`);
    }
    for (let cpu = from; cpu <= to; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((one, other) => one - other);
}
