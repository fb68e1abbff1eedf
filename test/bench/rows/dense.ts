import { compileSource } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import { memoryKibOfTree } from '../process-tree.ts';
import type { Row } from '../row.ts';

const CONTAINERS = 1_000;
const AT_ONCE = 50;
const ROUNDS = 3;
const SLEEP_MS = 600_000;

/** Starts 1,000 sleeping containers, packed as densely as they may be. */
async function fill(): Promise<{ startedMs: number; growthMib: number }> {
  await using warm = await WarmRuntime.open(await compileSource('wasm/fixtures/behave.c'));
  const start = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await warm.runtime.start(
      { ...warm.spec('sleep', String(SLEEP_MS)), isolation: 'dense' },
      { write: () => void resolve() },
    );
    await promise;
  };
  await start();
  const before = memoryKibOfTree(process.pid);
  const started = performance.now();
  for (let count = 0; count < CONTAINERS; count += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, start));
  }
  return {
    startedMs: performance.now() - started,
    growthMib: (memoryKibOfTree(process.pid) - before) / 1024,
  };
}

async function rounds(): Promise<Awaited<ReturnType<typeof fill>>[]> {
  if (process.platform !== 'linux') {
    process.stderr.write('dense-1000: left out: memory is read from /proc\n');
    return [];
  }
  const found = [];
  for (let round = 0; round < ROUNDS; round++) found.push(await fill());
  return found;
}

/** From the first order to the last program's first output. */
export const DENSE_START: Row = {
  id: 'dense-1000-start',
  title: '1,000 idle containers in one dense engine: started',
  unit: 'ms',
  bar: 1_000,
  measure: async () => (await rounds()).map(({ startedMs }) => startedMs),
};

/** All that the daemon and its cells have grown by, with a second cell and what guests touch. */
export const DENSE_MEMORY: Row = {
  id: 'dense-1000-memory',
  title: '1,000 idle containers in one dense engine: memory of all',
  unit: 'MiB',
  bar: 100,
  measure: async () => (await rounds()).map(({ growthMib }) => growthMib),
};
