import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Task } from '../../src/runtime/contract.ts';
import type { Isolation } from '../../src/spec/resources.ts';
import { compileSource } from '../suite/compile-source.ts';
import { WarmRuntime } from '../suite/warm-runtime.ts';
import { innermostProcess } from './process-tree.ts';

// Which cell a container goes to, and what becomes of one that hangs.
const program = await compileSource('wasm/fixtures/behave.c');

function sleepIn(warm: WarmRuntime, isolation: Isolation): Promise<Task> {
  const spec = { ...warm.spec('sleep', '60000'), isolation };
  return warm.runtime.start(spec, { write: () => undefined });
}

test('containers are spread over cells first, and packed later', async () => {
  await using warm = await WarmRuntime.open(program, { spreadCells: 2 });
  const pids = [];
  for (let count = 0; count < 6; count++) pids.push((await sleepIn(warm, 'default')).hostPid);
  const [first, second, ...rest] = pids;
  assert.is.not(first, second);
  assert.is(rest.filter((pid) => pid === first).length, 2);
  assert.is(rest.filter((pid) => pid === second).length, 2);
});

test('dense containers share from the start, exclusive ones never', async () => {
  await using warm = await WarmRuntime.open(program, { spreadCells: 8 });
  const dense = await sleepIn(warm, 'dense');
  const exclusive = await sleepIn(warm, 'process');
  assert.is.not(exclusive.hostPid, dense.hostPid);
  assert.is((await sleepIn(warm, 'dense')).hostPid, dense.hostPid);
  assert.is.not((await sleepIn(warm, 'process')).hostPid, exclusive.hostPid);
  exclusive.signal(9);
  await exclusive.exited;
  // Its cell is not used again, although it knows the image.
  for (const isolation of ['default', 'dense', 'process'] as const) {
    assert.is.not((await sleepIn(warm, isolation)).hostPid, exclusive.hostPid, isolation);
  }
});

if (process.platform === 'linux') {
  test('a cell that hangs is ended by the watchdog, and its containers are told why', async () => {
    await using warm = await WarmRuntime.open(program, { spreadCells: 2, watchdogTickMs: 300 });
    const hung = await sleepIn(warm, 'default');
    const other = await sleepIn(warm, 'default');
    process.kill(innermostProcess(hung.hostPid), 'SIGSTOP');
    const exit = await hung.exited;
    assert.is(exit.exitCode, 137);
    assert.match(exit.reason ?? '', 'it did not answer for too long');
    assert.ok((await other.usage()).memoryBytes > 0, 'the other one lives');
  });
}

test.run();
