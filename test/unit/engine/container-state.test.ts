import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ContainerState,
  type ContainerStatus,
  exitCodeOf,
  isLive,
  nextState,
  TRANSITIONS,
} from '../../../src/engine/container-state.ts';

const STATES: Readonly<Record<ContainerStatus, ContainerState>> = {
  created: { status: 'created', exitCode: 0, error: '' },
  running: { status: 'running', startedNs: 1n, hostPid: 7 },
  paused: { status: 'paused', startedNs: 1n, hostPid: 7 },
  exited: {
    status: 'exited',
    startedNs: 1n,
    finishedNs: 2n,
    exitCode: 3,
    error: '',
    isOutOfMemory: false,
    usage: undefined,
  },
  removing: { status: 'removing', exitCode: 3, error: '' },
  dead: { status: 'dead', exitCode: 3, error: '' },
};

test('every step is in the table, or refused', () => {
  for (const from of Object.values(STATES)) {
    for (const to of Object.values(STATES)) {
      const allowed: readonly ContainerStatus[] = TRANSITIONS[from.status];
      if (allowed.includes(to.status)) assert.is(nextState(from, to), to);
      else assert.throws(() => nextState(from, to), `${from.status} to ${to.status}`);
    }
  }
});

test('a paused container has processes, and may end', () => {
  assert.ok(isLive(STATES.paused));
  assert.ok(isLive(STATES.running));
  assert.not(isLive(STATES.exited));
  assert.is(exitCodeOf(STATES.paused), 0);
  assert.is(nextState(STATES.paused, STATES.exited), STATES.exited);
  assert.throws(() => nextState(STATES.created, STATES.paused));
  assert.throws(() => nextState(STATES.paused, STATES.removing));
});

test.run();
