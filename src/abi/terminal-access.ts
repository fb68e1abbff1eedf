import { terminalUserOf } from '../kernel/process-groups.ts';
import type { Terminal } from '../kernel/terminal.ts';
import type { Thread } from '../kernel/thread.ts';

/**
 * Asks a terminal before it is read (SIGTTIN), or written or changed (SIGTTOU). False: the caller
 * is in the background and was sent that signal; its hostcall is to answer WOULD_BLOCK, as it is
 * stopped now. Throws EIO.
 */
export function mayUseTerminal(thread: Thread, terminal: Terminal, signal: number): boolean {
  if (terminal.session.checkAccess(terminalUserOf(thread), signal) === 'allowed') return true;
  thread.giveWay();
  return false;
}
