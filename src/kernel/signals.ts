import { LAST_SIGNAL, SIGNALS } from '../base/signals.ts';

/** A set of signals: signal N is bit N - 1. */
export type SignalSet = bigint;

export const NO_SIGNALS: SignalSet = 0n;
const ALL_SIGNALS: SignalSet = (1n << BigInt(LAST_SIGNAL)) - 1n;

export function signalSetOf(...signals: readonly number[]): SignalSet {
  return signals.reduce((set, signal) => set | (1n << BigInt(signal - 1)), NO_SIGNALS);
}

export function hasSignal(set: SignalSet, signal: number): boolean {
  return ((set >> BigInt(signal - 1)) & 1n) === 1n;
}

/** These can be neither handled, ignored nor blocked. */
const UNBLOCKABLE = signalSetOf(SIGNALS.SIGKILL, SIGNALS.SIGSTOP);
export const STOP_SIGNALS = signalSetOf(
  SIGNALS.SIGSTOP,
  SIGNALS.SIGTSTP,
  SIGNALS.SIGTTIN,
  SIGNALS.SIGTTOU,
);

/** What a guest asks to block, less what cannot be. */
export function blockable(set: SignalSet): SignalSet {
  return set & ALL_SIGNALS & ~UNBLOCKABLE;
}

export function isUnblockable(signal: number): boolean {
  return hasSignal(UNBLOCKABLE, signal);
}

/** What a signal does to a process: its own doing (sigaction(2)), or the default (signal(7)). */
export interface SignalAction {
  readonly kind: 'default' | 'ignore' | 'handler';
  /** Linux's SA_* bits. */
  readonly flags: number;
  /** Blocked as well while the handler runs. */
  readonly mask: SignalSet;
}

export const DEFAULT_ACTION: SignalAction = { kind: 'default', flags: 0, mask: NO_SIGNALS };

export const ACTION_FLAGS = {
  noChildStop: 1,
  noChildWait: 2,
  restart: 0x1000_0000,
  noDefer: 0x4000_0000,
  resetHandler: 0x8000_0000,
} as const;

export function hasFlag(action: SignalAction, flag: number): boolean {
  return ((action.flags >>> 0) & flag) !== 0;
}

/** siginfo_t, as far as programs look at it. */
export interface SignalInfo {
  readonly signal: number;
  /** SI_USER and kin. */
  readonly code: number;
  /** Who sent it, or the child that it is about; 0: the kernel, or somebody outside. */
  readonly pid: number;
  readonly uid: number;
  /** For SIGCHLD, the exit code or the signal. */
  readonly status: number;
}

/** What `code` says (sigaction(2)). */
export const SIGNAL_CODES = {
  user: 0,
  kernel: 0x80,
  childExited: 1,
  childKilled: 2,
  childStopped: 5,
  childContinued: 6,
} as const;

export function kernelSignal(signal: number): SignalInfo {
  return { signal, code: SIGNAL_CODES.kernel, pid: 0, uid: 0, status: 0 };
}

export type DefaultEffect = 'end' | 'stop' | 'continue' | 'nothing';

/** What a signal does to a process that has not asked for anything (signal(7)). */
export function defaultEffect(signal: number): DefaultEffect {
  if (hasSignal(STOP_SIGNALS, signal)) return 'stop';
  switch (signal) {
    case SIGNALS.SIGCONT:
      return 'continue';
    case SIGNALS.SIGCHLD:
    case SIGNALS.SIGURG:
    case SIGNALS.SIGWINCH:
      return 'nothing';
    default:
      return 'end';
  }
}
