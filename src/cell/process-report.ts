import { Errno } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import { signaled } from '../kernel/exit-status.ts';
import type { Process } from '../kernel/process.ts';
import { describeTrap } from './trap.ts';

const STANDARD_ERROR = 2;

/** Ends a process whose guest code has trapped, and says so on its standard error. */
export function endByTrap(process: Process, thrown: unknown): void {
  const { signal, reason, report } = describeTrap(thrown);
  writeReport(process, report);
  // What a program does that is refused memory and cannot go on: it aborts.
  if (process.memory.wasRefused) {
    const status = signaled(SIGNALS.SIGKILL);
    process.end({ status, reason: `out of memory: ${reason}`, isOutOfMemory: true });
  } else {
    process.end({ status: signaled(signal), reason });
  }
}

function writeReport(process: Process, report: string): void {
  try {
    const { description } = process.fds.get(STANDARD_ERROR);
    if (description.kind !== 'directory') description.write(new TextEncoder().encode(report));
  } catch (thrown) {
    // No standard error, or one that nobody reads: the exit status and the reason tell enough.
    if (!(thrown instanceof Errno)) throw thrown;
  }
}
