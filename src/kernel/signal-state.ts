import { ERRNO } from '../base/errno.ts';
import { LAST_SIGNAL, SIGNALS } from '../base/signals.ts';
import {
  ACTION_FLAGS,
  blockable,
  DEFAULT_ACTION,
  defaultEffect,
  hasFlag,
  hasSignal,
  isUnblockable,
  NO_SIGNALS,
  type SignalAction,
  type SignalInfo,
  type SignalSet,
  signalSetOf,
} from './signals.ts';

/** Real-time signals queue; as Linux's RLIMIT_SIGPENDING, but for one process. */
const MAX_PENDING = 1024;
const FIRST_REAL_TIME_SIGNAL = 32;
const NO_ACTIONS: ReadonlyMap<number, SignalAction> = new Map();

export type SignalEffect = 'handler' | 'end' | 'stop' | 'continue' | 'nothing';

/** What a process does upon each signal, and those that wait to be delivered to it. */
export class SignalState {
  /** Never changed, but replaced: a child by fork shares it until one of the two sets an action. */
  #actions: ReadonlyMap<number, SignalAction>;
  #pending: SignalInfo[] = [];
  /**
   * The exported function that is called for signals with a handler (wasix' callback_signal). A
   * program that names one and never says what it wants handled gets every signal there.
   */
  handlerExport: string | undefined;

  constructor(actions: ReadonlyMap<number, SignalAction> = NO_ACTIONS) {
    this.#actions = actions;
  }

  /** What a child by fork starts with: the same actions, nothing pending. */
  fork(): SignalState {
    const child = new SignalState(this.#actions);
    child.handlerExport = this.handlerExport;
    return child;
  }

  /** As execve(2): what was handled has its default again, what was ignored stays so. */
  reset(): void {
    this.#actions = new Map([...this.#actions].filter(([, { kind }]) => kind === 'ignore'));
    this.handlerExport = undefined;
  }

  action(signal: number): SignalAction {
    return this.#actions.get(signal) ?? DEFAULT_ACTION;
  }

  /** Throws EINVAL for what is no signal, or cannot be handled. */
  setAction(signal: number, action: SignalAction): void {
    if (signal < 1 || signal > LAST_SIGNAL) throw ERRNO.EINVAL;
    if (isUnblockable(signal)) throw ERRNO.EINVAL;
    const set = { ...action, mask: blockable(action.mask) };
    this.#actions = new Map(this.#actions).set(signal, set);
    // POSIX: setting a signal to be ignored discards a pending one.
    if (this.effectOf(signal) === 'nothing') this.discard(signalSetOf(signal));
  }

  effectOf(signal: number): SignalEffect {
    const { kind } = this.action(signal);
    if (kind === 'ignore') return signal === SIGNALS.SIGCONT ? 'continue' : 'nothing';
    if (kind === 'handler') return this.handlerExport === undefined ? 'end' : 'handler';
    return defaultEffect(signal);
  }

  /** Children of this process leave no zombies (sigaction(2), SIGCHLD). */
  get reapsByItself(): boolean {
    const action = this.action(SIGNALS.SIGCHLD);
    return action.kind === 'ignore' || hasFlag(action, ACTION_FLAGS.noChildWait);
  }

  get pendingSet(): SignalSet {
    return this.#pending.reduce((set, { signal }) => set | signalSetOf(signal), NO_SIGNALS);
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** A standard signal that is pending already does not become two. */
  add(info: SignalInfo): void {
    const isQueued = info.signal >= FIRST_REAL_TIME_SIGNAL;
    if (!isQueued && this.#pending.some(({ signal }) => signal === info.signal)) return;
    if (this.#pending.length >= MAX_PENDING) return;
    this.#pending.push(info);
  }

  /** The pending signals, each once, the lowest first. */
  pending(): readonly number[] {
    const signals = new Set(this.#pending.map(({ signal }) => signal));
    return [...signals].sort((one, other) => one - other);
  }

  /** Takes the lowest pending signal of `set`. */
  take(set: SignalSet): SignalInfo | undefined {
    let found: SignalInfo | undefined;
    for (const info of this.#pending) {
      if (hasSignal(set, info.signal) && (!found || info.signal < found.signal)) found = info;
    }
    if (found) this.#pending.splice(this.#pending.indexOf(found), 1);
    return found;
  }

  discard(set: SignalSet): void {
    this.#pending = this.#pending.filter(({ signal }) => !hasSignal(set, signal));
  }
}
