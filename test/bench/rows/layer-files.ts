import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSource } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import type { Row } from '../row.ts';

// What programs do most with the files of their image, through real cells.

const RUNS = 10;
const ROUNDS = 20_000;
const WALKS = 5;

const OPEN_READ: Row = {
  id: 'layer-open-read',
  title: 'open, read 4 KiB and close a file of a layer',
  unit: 'µs',
  bar: 8,
  measure: () => measureFiles(['open', '/tree/0/0', String(ROUNDS)], 1_000),
};

const STAT: Row = {
  id: 'layer-stat',
  title: 'stat of a file of a layer',
  unit: 'µs',
  bar: 3,
  measure: () => measureFiles(['stat', '/tree/0/0', String(ROUNDS)], 1_000),
};

const FIND: Row = {
  id: 'layer-find',
  title: 'a walk over 10,000 files of a layer, with their attributes',
  unit: 'ms',
  bar: 150,
  measure: () => measureFiles(['find', '/tree', String(WALKS)], 1_000_000),
};

export const LAYER_FILE_ROWS: readonly Row[] = [OPEN_READ, STAT, FIND];

async function measureFiles(args: readonly string[], divisor: number): Promise<number[]> {
  const program = await compileSource('wasm/bench/files.c');
  await using warm = await WarmRuntime.open(program, { fill: writeTree });
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    let output = '';
    const task = await warm.runtime.start(warm.spec(...args), {
      write: (_stream, bytes) => {
        output += Buffer.from(bytes).toString();
        return undefined;
      },
    });
    const { exitCode } = await task.exited;
    if (exitCode !== 0) throw new Error(`files exited with ${exitCode}: ${output}`);
    samples.push(Number(output) / divisor);
  }
  return samples;
}

/** A hundred directories of a hundred files. */
function writeTree(image: string): void {
  for (let directory = 0; directory < 100; directory++) {
    const path = join(image, 'tree', String(directory));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 100; file++) {
      writeFileSync(join(path, String(file)), file === 0 ? Buffer.alloc(4096, 'x') : 'x');
    }
  }
}
