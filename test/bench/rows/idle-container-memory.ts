import { compileSource } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import { memoryKibOfTree } from '../process-tree.ts';
import type { Row } from '../row.ts';

const CONTAINERS = 500;
/** The first few pay for the compiled program and what V8 sets up once: they are not counted. */
const UNCOUNTED = 20;
const ROUNDS = 3;
/** Long enough to be measured in; the runtime is closed before it is over. */
const SLEEP_MS = 600_000;

/**
 * What one sleeping container costs a cell that has 500 of them, by the growth of the cell's
 * memory. What the guest itself has touched of its linear memory is in it.
 */
export const IDLE_CONTAINER_MEMORY: Row = {
  id: 'idle-container-memory',
  title: 'memory per idle container at 500 in one cell',
  unit: 'KiB',
  bar: 64,
  measure: async () => {
    if (process.platform !== 'linux') {
      process.stderr.write('idle-container-memory: left out: memory is read from /proc\n');
      return [];
    }
    const samples: number[] = [];
    for (let round = 0; round < ROUNDS; round++) samples.push(await measureOnce());
    return samples;
  },
};

async function measureOnce(): Promise<number> {
  await using warm = await WarmRuntime.open(await compileSource('wasm/fixtures/behave.c'));
  const start = async (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const task = await warm.runtime.start(warm.spec('sleep', String(SLEEP_MS)), {
      write: () => void resolve(),
    });
    await promise;
    return task.hostPid;
  };
  const pid = await start();
  for (let index = 1; index < UNCOUNTED; index++) await start();
  const before = memoryKibOfTree(pid);
  for (let index = UNCOUNTED; index < CONTAINERS; index++) {
    if ((await start()) !== pid) throw new Error('a second cell');
  }
  return (memoryKibOfTree(pid) - before) / (CONTAINERS - UNCOUNTED);
}
