/**
 * Linux's signal numbers (signal(7), x86 and ARM), which Docker's API and exit codes use
 * everywhere.
 */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export type SignalName = keyof typeof SIGNALS;

export const LAST_SIGNAL = 64;

/**
 * `SIGTERM`, `term`, `15` … as a number; undefined for what is no signal. Real-time signals go by
 * number.
 */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= LAST_SIGNAL ? number : undefined;
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  return Object.entries(SIGNALS).find(([known]) => known === name)?.[1];
}

/**
 * Signals that do nothing to a program that has not asked for them (signal(7), "Term" and "Core"
 * end it).
 */
const IGNORED_BY_DEFAULT: readonly number[] = [
  SIGNALS.SIGCHLD,
  SIGNALS.SIGCONT,
  SIGNALS.SIGSTOP,
  SIGNALS.SIGTSTP,
  SIGNALS.SIGTTIN,
  SIGNALS.SIGTTOU,
  SIGNALS.SIGURG,
  SIGNALS.SIGWINCH,
];

/**
 * Whether the signal ends a program that has no handler for it. Stop signals do not: nothing here
 * can be stopped yet.
 */
export function endsByDefault(signal: number): boolean {
  return !IGNORED_BY_DEFAULT.includes(signal);
}

/** The exit code of a process that a signal ended, as shells and Docker report it. */
export function exitCodeOfSignal(signal: number): number {
  return 128 + signal;
}
