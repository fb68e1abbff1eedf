import type { Usage } from '../spec/resources.ts';

/**
 * The life of a container.
 *
 *     created ──start──▶ running ──exit──▶ exited ──start──▶ running
 *        │               ▲     │          ▲   │
 *        │         unpause     pause    exit  │
 *        │               │     ▼          │   │
 *        │               paused ──────────┘   │
 *        └──────────────▶ removing ◀──────────┘      removing ──failure──▶ dead ──▶ removing
 *
 * A start that fails leaves the state where it was, with an exit code and an error. A running
 * container is ended before it is removed, and so is a paused one. Restarting comes later.
 */
export type ContainerState =
  | { readonly status: 'created'; readonly exitCode: number; readonly error: string }
  | { readonly status: 'running'; readonly startedNs: bigint; readonly hostPid: number }
  | { readonly status: 'paused'; readonly startedNs: bigint; readonly hostPid: number }
  | {
      readonly status: 'exited';
      readonly startedNs: bigint;
      readonly finishedNs: bigint;
      readonly exitCode: number;
      readonly error: string;
      readonly isOutOfMemory: boolean;
      /** Undefined when the account was lost with the process on the host. */
      readonly usage: Usage | undefined;
    }
  | { readonly status: 'removing'; readonly exitCode: number; readonly error: string }
  /** Its removal failed: what is left of it can only be removed. */
  | { readonly status: 'dead'; readonly exitCode: number; readonly error: string };

export type ContainerStatus = ContainerState['status'];

/** The states that may follow; the same status again is a change of its data. */
export const TRANSITIONS = {
  created: ['created', 'running', 'removing'],
  running: ['paused', 'exited'],
  paused: ['running', 'exited'],
  exited: ['exited', 'running', 'removing'],
  removing: ['dead'],
  dead: ['removing'],
} as const satisfies Record<ContainerStatus, readonly ContainerStatus[]>;

export const INITIAL_STATE: ContainerState = { status: 'created', exitCode: 0, error: '' };

/** The next state; a step that is not in the table is a bug of ours. */
export function nextState(current: ContainerState, next: ContainerState): ContainerState {
  const allowed: readonly ContainerStatus[] = TRANSITIONS[current.status];
  if (allowed.includes(next.status)) return next;
  throw new Error(`no transition from ${current.status} to ${next.status}`);
}

export type LiveState = Extract<ContainerState, { readonly hostPid: number }>;

/** Whether it has processes: Docker's "running", which a paused container is, too. */
export function isLive(state: ContainerState): state is LiveState {
  return state.status === 'running' || state.status === 'paused';
}

/** The last exit code, 0 while there is none. */
export function exitCodeOf(state: ContainerState): number {
  return isLive(state) ? 0 : state.exitCode;
}

export function errorOf(state: ContainerState): string {
  return isLive(state) ? '' : state.error;
}
