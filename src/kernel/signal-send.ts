import { ERRNO } from '../base/errno.ts';
import { LAST_SIGNAL, SIGNALS } from '../base/signals.ts';
import { isPrivileged } from './credentials.ts';
import type { Process } from './process.ts';
import { INIT_PID } from './process-table.ts';
import { SIGNAL_CODES, type SignalInfo } from './signals.ts';

/**
 * kill(2): to a process, to those of the caller's group (0), to all that it may (-1), or to those of
 * group N (-N). Signal 0 only asks.
 *
 * Throws EINVAL, ESRCH, EPERM.
 */
export function sendSignal(sender: Process, pid: number, signal: number): void {
  if (signal < 0 || signal > LAST_SIGNAL) throw ERRNO.EINVAL;
  const targets = targetsOf(sender, pid);
  if (targets.length === 0) throw ERRNO.ESRCH;
  const allowed = targets.filter((target) => maySignal(sender, target, signal));
  if (allowed.length === 0) throw ERRNO.EPERM;
  if (signal === 0) return;
  const info: SignalInfo = {
    signal,
    code: SIGNAL_CODES.user,
    pid: sender.pid,
    uid: sender.credentials.user.real,
    status: 0,
  };
  for (const target of allowed) target.post(info);
}

/** raise(3). Throws EINVAL. */
export function raiseSignal(process: Process, signal: number): void {
  sendSignal(process, process.pid, signal);
}

function targetsOf(sender: Process, pid: number): readonly Process[] {
  const { processes } = sender.system;
  if (pid > 0) {
    const target = processes.get(pid);
    return target ? [target] : [];
  }
  if (pid === -1) {
    return processes.living().filter((target) => target !== sender && target.pid !== INIT_PID);
  }
  return processes.inGroup(pid === 0 ? sender.processGroup : -pid);
}

function maySignal(sender: Process, target: Process, signal: number): boolean {
  const own = sender.credentials.user;
  const { real, saved } = target.credentials.user;
  if (isPrivileged(sender.credentials)) return true;
  if (signal === SIGNALS.SIGCONT && sender.session === target.session) return true;
  return [own.real, own.effective].some((id) => id === real || id === saved);
}
