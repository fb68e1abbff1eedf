/** How a process ended, as its parent sees it. */
export type ExitStatus =
  /** `code` is 0 to 255. */
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signaled'; readonly signal: number };

/** What ended a process, and the words for people. */
export interface ProcessEnd {
  readonly status: ExitStatus;
  readonly reason?: string;
  /** It was refused memory, and could not go on. */
  readonly isOutOfMemory?: boolean;
}

export function exited(code: number): ExitStatus {
  return { type: 'exited', code: code & 0xff };
}

export function signaled(signal: number): ExitStatus {
  return { type: 'signaled', signal };
}

/** The one number that shells and Docker make of it: a signal is 128 and its number. */
export function exitCodeOf(status: ExitStatus): number {
  return status.type === 'exited' ? status.code : 128 + status.signal;
}

/** As Linux encodes it for wait(2). */
export function encodeExitStatus(status: ExitStatus): number {
  return status.type === 'exited' ? status.code << 8 : status.signal;
}

/** The same for a process that was stopped by a signal (WUNTRACED). */
export function encodeStopped(signal: number): number {
  return (signal << 8) | 0x7f;
}

/** And for one that was continued (WCONTINUED). */
export const CONTINUED_STATUS = 0xffff;
