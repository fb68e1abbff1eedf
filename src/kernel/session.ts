import { ERRNO } from '../base/errno.ts';
import type { Process } from './process.ts';
import type { Terminal } from './terminal.ts';

/**
 * A session: process groups that share a controlling terminal (credentials(7)). The terminal knows
 * which of them is in the foreground.
 */
export class Session {
  /** The pid of its leader. */
  readonly id: number;
  /** Its controlling terminal. */
  terminal: Terminal | undefined;

  constructor(id: number) {
    this.id = id;
  }
}

/** setsid(2): answers the session. Throws EPERM for the leader of a process group. */
export function newSession(process: Process): number {
  const { pid, system } = process;
  if (system.processes.inGroup(pid).length > 0) throw ERRNO.EPERM;
  process.session = new Session(pid);
  process.processGroup = pid;
  return pid;
}

/**
 * setpgid(2); 0 stands for the caller, and for the pid.
 *
 * # Errors
 * - ESRCH: neither the caller nor a child of it
 * - EACCES: a child that has executed a program
 * - EPERM: a leader of a session, or another session's group
 */
export function setProcessGroup(caller: Process, pid: number, group: number): void {
  const target = pid === 0 ? caller : caller.system.processes.get(pid);
  if (group < 0) throw ERRNO.EINVAL;
  if (!target || (target !== caller && target.parent !== caller)) throw ERRNO.ESRCH;
  if (target !== caller && target.hasExecuted) throw ERRNO.EACCES;
  if (target.session.id === target.pid || target.session !== caller.session) throw ERRNO.EPERM;
  const wanted = group === 0 ? target.pid : group;
  if (wanted !== target.pid) {
    const [member] = caller.system.processes.inGroup(wanted);
    if (member?.session !== caller.session) throw ERRNO.EPERM;
  }
  target.processGroup = wanted;
}
