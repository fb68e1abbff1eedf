import { SIGNALS } from '../base/signals.ts';
import type { Process } from './process.ts';
import { hasSignal, kernelSignal } from './signals.ts';
import type { System } from './system.ts';
import type { ProcessGroups, TerminalUser } from './terminal-session.ts';
import type { Thread } from './thread.ts';

/** Process groups of a container, as terminals see them. */
export function processGroupsOf({ processes }: System): ProcessGroups {
  return {
    // What is typed comes from outside: ^C ends also a first process that has no handler for it.
    signalGroup: (group, signal) => {
      for (const process of processes.inGroup(group)) process.post(kernelSignal(signal), 'outside');
    },
    sessionOf: (group) => processes.inGroup(group)[0]?.session.id,
  };
}

/** A thread's process, as a terminal sees who uses it. */
export function terminalUserOf(thread: Thread): TerminalUser {
  const { process } = thread;
  return {
    pid: process.pid,
    group: process.processGroup,
    session: process.session.id,
    isDeaf: (signal) =>
      hasSignal(thread.signalMask, signal) || process.signals.action(signal).kind === 'ignore',
    get isGroupOrphaned() {
      return isGroupOrphaned(process);
    },
  };
}

/**
 * Whether nobody outside of a process's group, but of its session, could continue it: stop signals
 * of terminals would stop it for ever (POSIX 3.261).
 */
export function isGroupOrphaned({ system, processGroup, session }: Process): boolean {
  return system.processes.inGroup(processGroup).every(({ isZombie, parent }) => {
    return (
      isZombie || !parent || parent.processGroup === processGroup || parent.session !== session
    );
  });
}

/**
 * A process has ended: groups of its children that it was the last to look after, and of which
 * somebody is stopped, are hung up and continued (POSIX, _exit()).
 */
export function hangUpOrphans(ended: Process, children: readonly Process[]): void {
  const { processes } = ended.system;
  const groups = new Set(
    children
      .filter(({ session, processGroup }) => {
        return session === ended.session && processGroup !== ended.processGroup;
      })
      .map(({ processGroup }) => processGroup),
  );
  for (const group of groups) {
    const members = processes.inGroup(group);
    const [member] = members;
    if (!member || !isGroupOrphaned(member)) continue;
    if (!members.some(({ isStopped }) => isStopped)) continue;
    for (const process of members) {
      process.post(kernelSignal(SIGNALS.SIGHUP));
      process.post(kernelSignal(SIGNALS.SIGCONT));
    }
  }
}
