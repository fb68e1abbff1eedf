import { readFileSync } from 'node:fs';
import { interpreterPath } from '../../../images/interpreters.ts';
import { readOutline, SECTION } from '../../../src/rewrite/module-sections.ts';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { openBenchKitchen } from '../metering/bench-kitchen.ts';
import type { Row } from '../row.ts';

const WARM_UP = 3;
const RUNS = 10;

/** How fast a large program is rewritten: megabytes of its code by this thread's CPU time. */
export const REWRITE_SPEED: Row = {
  id: 'rewrite-speed',
  title: "rewriting of CPython's code, warm",
  unit: 'MB/s',
  bar: 20,
  better: 'more',
  measure: async () => {
    const path = await interpreterPath('python', openBenchKitchen());
    const bytes = new Uint8Array(readFileSync(path));
    const code = readOutline(bytes).sections.find(({ id }) => id === SECTION.code);
    if (!code) throw new Error('a module without code');
    const megabytes = (code.end - code.contentStart) / 1e6;
    const samples: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const before = process.threadCpuUsage();
      rewriteModule(bytes);
      const { user, system } = process.threadCpuUsage(before);
      if (run >= WARM_UP) samples.push(megabytes / ((user + system) / 1e6));
    }
    return samples;
  },
};
