import { fillBase } from '../../../images/base.ts';
import { debianAbsence } from '../../../images/debian-source.ts';
import type { TaskSpec } from '../../../src/runtime/contract.ts';
import { compileUnixSource, openKitchen } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import type { Row } from '../row.ts';

// Processes in a cell that has compiled their program.

const RUNS = 10;
const COUNT = 200;
const PIPE_BYTES = 512 << 20;

const SPAWN: Row = {
  id: 'process-spawn',
  title: 'posix_spawn of a small program, and waiting for it',
  unit: 'ms',
  bar: 1,
  measure: () => measure(['spawn', String(COUNT)], (nanoseconds) => nanoseconds / 1e6),
};

const FORK: Row = {
  id: 'process-fork',
  title: 'fork, and waiting for the child',
  unit: 'ms',
  bar: 1.5,
  measure: () => measure(['fork', String(COUNT)], (nanoseconds) => nanoseconds / 1e6),
};

const PIPE: Row = {
  id: 'process-pipe',
  title: 'through a pipe between two processes, 64 KiB a write',
  unit: 'MB/s',
  bar: 2000,
  better: 'more',
  measure: () => measure(['pipe', String(PIPE_BYTES)], (bytesASecond) => bytesASecond / 1e6),
};

/** Loops of the shell's own: what is measured is between two calls of date. */
const SHELL_SCRIPT = `
loop() { i=0; while [ $i -lt ${COUNT} ]; do /bin/true; i=$((i + 1)); done; }
loop; start=$(date +%s%N); loop; end=$(date +%s%N); echo $(((end - start) / ${COUNT}))`;

const SHELL: Row = {
  id: 'process-shell',
  title: 'a command (true of toybox) in dash',
  unit: 'ms',
  bar: 1,
  measure: async () => {
    const base = (image: string): Promise<void> => fillBase(image, openKitchen());
    await using warm = await WarmRuntime.open(new Uint8Array(0), { fill: base });
    const spec = { args: ['/bin/sh', '-c', SHELL_SCRIPT], env: ['PATH=/bin'] };
    return await runMany(
      warm,
      () => ({ ...warm.spec(), ...spec }),
      (nanoseconds) => nanoseconds / 1e6,
    );
  },
};

/** Without Debian's tools there is no shell to measure. */
export const PROCESS_ROWS: readonly Row[] =
  debianAbsence() === undefined ? [SPAWN, FORK, PIPE, SHELL] : [SPAWN, FORK, PIPE];

async function measure(
  args: readonly string[],
  toUnit: (printed: number) => number,
): Promise<number[]> {
  const program = await compileUnixSource('wasm/bench/processes.c', { forks: true });
  await using warm = await WarmRuntime.open(program);
  return await runMany(warm, () => warm.spec(...args), toUnit);
}

async function runMany(
  { runtime }: WarmRuntime,
  newSpec: () => TaskSpec,
  toUnit: (printed: number) => number,
): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    let output = '';
    const task = await runtime.start(newSpec(), {
      write: (_stream, bytes) => {
        output += Buffer.from(bytes).toString();
        return undefined;
      },
    });
    const { exitCode } = await task.exited;
    if (exitCode !== 0) throw new Error(`processes exited with ${exitCode}: ${output}`);
    samples.push(toUnit(Number(output)));
  }
  return samples;
}
