import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import type { Process } from '../../../src/kernel/process.ts';
import { ProcessTable } from '../../../src/kernel/process-table.ts';
import { ThreadQuota } from '../../../src/kernel/thread-quota.ts';

const isFull = (run: () => unknown): void =>
  assert.throws(run, (thrown: unknown) => thrown === ERRNO.EAGAIN);

function addProcess(table: ProcessTable): Process {
  const pid = table.allocatePid();
  const process = { pid, processGroup: pid, session: { id: pid } } as unknown as Process;
  table.add(process);
  return process;
}

test('the containers of a cell share what threads it can have', () => {
  const quota = new ThreadQuota(4);
  const one = new ProcessTable(undefined, quota);
  const other = new ProcessTable(undefined, quota);
  const process = addProcess(one);
  const tid = one.addThread();
  addProcess(other);
  other.addThread();
  for (const table of [one, other]) {
    isFull(() => table.allocatePid());
    isFull(() => table.addThread());
  }
  one.removeThread(tid);
  one.removeThread(tid);
  other.addThread();
  isFull(() => other.addThread());
  // A zombie keeps its pid, but no thread.
  one.noteBuried();
  assert.is(one.get(process.pid), process);
  addProcess(other);
  isFull(() => one.allocatePid());
});

test('a container’s own limit counts its zombies, too', () => {
  const table = new ProcessTable(2, new ThreadQuota(100));
  const process = addProcess(table);
  addProcess(table);
  isFull(() => table.allocatePid());
  table.noteBuried();
  isFull(() => table.allocatePid());
  table.remove(process);
  addProcess(table);
});

test.run();
