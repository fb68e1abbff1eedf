import { readFileSync } from 'node:fs';
import * as os from 'node:os';

/** How many CPUs we may use, and which: on Linux an administrator may have kept us to some. */
export function allowedCpus(): { readonly count: number; readonly list: string } {
  const count = os.availableParallelism();
  const everyOne = { count, list: count === 1 ? '0' : `0-${count - 1}` };
  if (process.platform !== 'linux') return everyOne;
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
    return list === undefined ? everyOne : { count, list };
  } catch {
    // A host without /proc says nothing of it.
    return everyOne;
  }
}

/** Time of all CPUs together, idle or not, since the machine started. */
export function cpuNanoseconds(): number {
  let milliseconds = 0;
  for (const { times } of os.cpus()) {
    milliseconds += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return milliseconds * 1e6;
}
