import { ERRNO } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';

/** A process as a terminal sees it that it uses. */
export interface TerminalUser {
  readonly pid: number;
  readonly group: number;
  readonly session: number;
  /** Whether it blocks or ignores the signal. */
  isDeaf(signal: number): boolean;
  /** Whether nobody outside of its group, but of its session, could continue it (POSIX 3.261). */
  readonly isGroupOrphaned: boolean;
}

/** What the terminal needs to know of groups that it is told. */
export interface ProcessGroups {
  /** Sends a signal to every process of a group. */
  signalGroup(group: number, signal: number): void;
  /** The session of a group's processes; undefined when there is no such group. */
  sessionOf(group: number): number | undefined;
}

/** `allowed`: go on. `stopped`: the caller's group was sent a signal that stops it; try again. */
export type AccessAnswer = 'allowed' | 'stopped';

/**
 * Whose terminal it is: the session that it controls, and the group of that session in the
 * foreground. The rules are Linux's (drivers/tty/tty_jobctrl.c), which are POSIX's.
 */
export class TerminalSession {
  readonly #groups: ProcessGroups;
  #session: number | undefined;
  #foreground: number | undefined;

  constructor(groups: ProcessGroups) {
    this.#groups = groups;
  }

  /** The session whose controlling terminal it is. */
  get session(): number | undefined {
    return this.#session;
  }

  /** The group in the foreground. */
  get foreground(): number | undefined {
    return this.#foreground;
  }

  /** Sends a signal to the foreground group, if there is one. */
  signalForeground(signal: number): void {
    if (this.#foreground !== undefined) this.#groups.signalGroup(this.#foreground, signal);
  }

  /**
   * Asks before a read (SIGTTIN), and before a write under TOSTOP or a change (SIGTTOU).
   *
   * # Errors
   * EIO: it is not in the foreground, and cannot be stopped
   */
  checkAccess(user: TerminalUser, signal: number): AccessAnswer {
    if (this.#session === undefined || user.session !== this.#session) return 'allowed';
    if (this.#foreground === undefined || user.group === this.#foreground) return 'allowed';
    if (user.isDeaf(signal)) {
      if (signal === SIGNALS.SIGTTIN) throw ERRNO.EIO;
      return 'allowed';
    }
    if (user.isGroupOrphaned) throw ERRNO.EIO;
    this.#groups.signalGroup(user.group, signal);
    return 'stopped';
  }

  /**
   * TIOCSCTTY. `hasTerminal`: the session has a controlling terminal already.
   *
   * # Errors
   * EPERM: it leads no session, its session has another, or this one controls another session
   */
  control(user: TerminalUser, hasTerminal: boolean): void {
    const isLeader = user.pid === user.session;
    if (isLeader && this.#session === user.session) return;
    if (!isLeader || hasTerminal || this.#session !== undefined) throw ERRNO.EPERM;
    this.#session = user.session;
    this.#foreground = user.group;
  }

  /** tcgetpgrp(3): 0 when there is none. Errors: ENOTTY when it does not control the caller. */
  foregroundOf(user: TerminalUser): number {
    this.#requireControl(user);
    return this.#foreground ?? 0;
  }

  /** tcgetsid(3). Errors: ENOTTY when it does not control the caller. */
  sessionOf(user: TerminalUser): number {
    this.#requireControl(user);
    return user.session;
  }

  /**
   * tcsetpgrp(3).
   *
   * # Errors
   * - ENOTTY: it does not control the caller, or the caller is in the background and cannot be
   *   stopped
   * - EINVAL, ESRCH, EPERM: no such group, or one of another session
   */
  setForeground(user: TerminalUser, group: number): AccessAnswer {
    const answer = this.#checkChange(user);
    if (answer === 'stopped') return answer;
    if (group < 0) throw ERRNO.EINVAL;
    this.#requireControl(user);
    const session = this.#groups.sessionOf(group);
    if (session === undefined) throw ERRNO.ESRCH;
    if (session !== user.session) throw ERRNO.EPERM;
    this.#foreground = group;
    return 'allowed';
  }

  /** The leader of the session has ended: those in the foreground are told, and nobody has it. */
  leaderEnded(): void {
    this.signalForeground(SIGNALS.SIGHUP);
    this.#session = this.#foreground = undefined;
  }

  /** The other side is gone: the leader is told, who leads the group of the same number. */
  hangUp(): void {
    if (this.#session !== undefined) {
      this.#groups.signalGroup(this.#session, SIGNALS.SIGHUP);
      this.#groups.signalGroup(this.#session, SIGNALS.SIGCONT);
      if (this.#foreground !== this.#session) this.signalForeground(SIGNALS.SIGHUP);
    }
    this.#session = this.#foreground = undefined;
  }

  #checkChange(user: TerminalUser): AccessAnswer {
    try {
      return this.checkAccess(user, SIGNALS.SIGTTOU);
    } catch (thrown) {
      throw thrown === ERRNO.EIO ? ERRNO.ENOTTY : thrown;
    }
  }

  #requireControl(user: TerminalUser): void {
    if (this.#session === undefined || user.session !== this.#session) throw ERRNO.ENOTTY;
  }
}
