import { compileSource } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import type { Row } from '../row.ts';

const WARM_UP = 50;
const RUNS = 300;

/** From the daemon's order to its hearing that the container runs, in a cell that knows the image. */
export const START_WARM_CELL: Row = {
  id: 'start-warm-cell',
  title: 'start of hello-world inside a warm cell',
  unit: 'ms',
  bar: 1,
  measure: async () => {
    await using warm = await WarmRuntime.open(await compileSource('images/hello-world/hello.c'));
    const samples: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const spec = warm.spec();
      const started = performance.now();
      const task = await warm.runtime.start(spec, { write: () => undefined });
      const spent = performance.now() - started;
      const { exitCode } = await task.exited;
      if (exitCode !== 0) throw new Error(`hello-world exited with ${exitCode}`);
      if (run >= WARM_UP) samples.push(spent);
    }
    return samples;
  },
};
