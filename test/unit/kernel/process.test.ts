import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO, type Errno } from '../../../src/base/errno.ts';
import { SIGNALS } from '../../../src/base/signals.ts';
import { exited } from '../../../src/kernel/exit-status.ts';
import type { Process } from '../../../src/kernel/process.ts';
import type { ProgramImage } from '../../../src/kernel/program.ts';
import { newSession, setProcessGroup } from '../../../src/kernel/session.ts';
import { sendSignal } from '../../../src/kernel/signal-send.ts';
import { kernelSignal, NO_SIGNALS } from '../../../src/kernel/signals.ts';
import type { System } from '../../../src/kernel/system.ts';
import { borrowChild } from '../../../src/kernel/vfork.ts';
import { FakeCell } from '../../fake/green-process.ts';

const ANY = { pid: -1, reportsStopped: false, reportsContinued: false };

function refuses(call: () => unknown, errno: Errno): void {
  assert.throws(call, (thrown: unknown) => thrown === errno);
}

/** A first process, which runs as long as the test. */
function firstProcess(): { first: Process; system: System } {
  const cell = new FakeCell();
  const process = cell.emptyProcess(cell.group());
  process.run(imageThatLasts());
  return { first: process, system: process.system };
}

/** It runs until its process is told to end. */
function imageThatLasts(): ProgramImage {
  const run = async (process: Process): Promise<void> => {
    while (!process.ending) await new Promise<void>((go) => void process.continued.add(go));
  };
  return { path: '/bin/x', name: 'x', args: ['x'], env: [], prepare: () => {}, run };
}

function childOf(parent: Process): Process {
  return parent.fork(NO_SIGNALS);
}

test('a child is waited for once, by its parent', () => {
  const { first, system } = firstProcess();
  refuses(() => first.children.take(ANY, first.processGroup), ERRNO.ECHILD);
  const child = childOf(first);
  assert.is(first.children.take(ANY, first.processGroup), undefined);
  child.end({ status: exited(7) });
  assert.is(child.isZombie, true);
  assert.is(system.processes.get(child.pid), child, 'a zombie has its pid');
  assert.is(first.children.take(ANY, first.processGroup)?.status, 7 << 8);
  assert.is(system.processes.get(child.pid), undefined);
  refuses(() => first.children.take(ANY, first.processGroup), ERRNO.ECHILD);
});

test('whoever ignores SIGCHLD has no zombies', () => {
  const { first, system } = firstProcess();
  first.signals.setAction(SIGNALS.SIGCHLD, { kind: 'ignore', flags: 0, mask: 0n });
  const child = childOf(first);
  child.end({ status: exited(0) });
  assert.is(system.processes.get(child.pid), undefined);
});

test('orphans are the first process’s, and end with it', async () => {
  const { first } = firstProcess();
  const middle = childOf(first);
  const orphan = childOf(middle);
  middle.end({ status: exited(0) });
  assert.is(orphan.parent, first);
  first.end({ status: exited(3) });
  assert.equal((await first.ended).status, exited(3));
  assert.equal((await orphan.ended).status, { type: 'signaled', signal: SIGNALS.SIGKILL });
});

test('the first process is spared by signals from inside that it has no handler for', () => {
  const { first } = firstProcess();
  sendSignal(first, 1, SIGNALS.SIGTERM);
  sendSignal(first, 1, SIGNALS.SIGKILL);
  assert.is(first.ending, undefined);
  first.post(kernelSignal(SIGNALS.SIGTERM), 'outside');
  assert.equal(first.ending?.status, { type: 'signaled', signal: SIGNALS.SIGTERM });
});

test('signals go to a process, a group, or to all others', () => {
  const { first } = firstProcess();
  const [one, two, three] = [childOf(first), childOf(first), childOf(first)];
  setProcessGroup(first, one.pid, 0);
  setProcessGroup(first, two.pid, one.pid);
  sendSignal(first, -one.pid, SIGNALS.SIGUSR1);
  assert.ok(one.isZombie && two.isZombie);
  assert.is(three.ending, undefined);
  sendSignal(first, -1, SIGNALS.SIGUSR1);
  assert.ok(three.isZombie);
  refuses(() => sendSignal(first, 4_000, 0), ERRNO.ESRCH);
  refuses(() => sendSignal(first, 1, 65), ERRNO.EINVAL);
});

test('groups and sessions follow their rules', () => {
  const { first } = firstProcess();
  const child = childOf(first);
  refuses(() => setProcessGroup(first, 0, child.pid), ERRNO.EPERM);
  refuses(() => setProcessGroup(child, first.pid, 0), ERRNO.ESRCH);
  refuses(() => newSession(first), ERRNO.EPERM);
  assert.is(newSession(child), child.pid);
  assert.is(child.processGroup, child.pid);
  refuses(() => setProcessGroup(first, child.pid, 1), ERRNO.EPERM);
});

test('a stopped process stops once, goes on, and its parent can see both', () => {
  const { first } = firstProcess();
  const child = childOf(first);
  const request = { ...ANY, reportsStopped: true, reportsContinued: true };
  child.post(kernelSignal(SIGNALS.SIGSTOP));
  assert.is(child.isStopped, true);
  const status = (SIGNALS.SIGSTOP << 8) | 0x7f;
  assert.is(first.children.take(request, 1)?.status, status);
  assert.is(first.children.take(request, 1), undefined, 'told once');
  child.post(kernelSignal(SIGNALS.SIGCONT));
  assert.is(child.isStopped, false);
  assert.is(first.children.take(request, 1)?.status, 0xffff);
});

test('terminals do not stop a group that nobody could continue', () => {
  const { first } = firstProcess();
  first.post(kernelSignal(SIGNALS.SIGTSTP), 'outside');
  assert.is(first.isStopped, false);
  first.post(kernelSignal(SIGNALS.SIGSTOP), 'outside');
  assert.is(first.isStopped, true);
});

test('a limit of processes holds, and what is over makes room', () => {
  const { first, system } = firstProcess();
  system.processes.limit = 2;
  const child = childOf(first);
  refuses(() => childOf(first), ERRNO.EAGAIN);
  child.end({ status: exited(0) });
  refuses(() => childOf(first), ERRNO.EAGAIN);
  first.children.take(ANY, first.processGroup);
  childOf(first);
});

test('a child that still borrows its parent’s stack ends with it', () => {
  const cell = new FakeCell();
  const { process, thread } = cell.process(cell.group());
  const child = borrowChild(thread);
  const grandchild = borrowChild(thread);
  assert.is(thread.process, grandchild);
  process.end({ status: exited(0) });
  thread.finish();
  assert.is(thread.process, process);
  assert.ok(child.isZombie && grandchild.isZombie);
});

test('one program follows another, with the same pid and without what was to be closed', async () => {
  const { first } = firstProcess();
  const child = childOf(first);
  const seen: string[] = [];
  const image = (name: string, act: (process: Process) => void): ProgramImage => ({
    ...imageThatLasts(),
    name,
    run: async (process) => {
      seen.push(`${name} ${process.pid}`);
      act(process);
    },
  });
  const second = image('second', (process) => process.end({ status: exited(4) }));
  child.run(image('first', (process) => process.become(second)));
  assert.equal((await child.ended).status, exited(4));
  assert.equal(seen, [`first ${child.pid}`, `second ${child.pid}`]);
  assert.is(child.image?.name, 'second');
});

test.run();
