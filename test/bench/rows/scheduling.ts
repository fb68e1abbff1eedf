import type { Task } from '../../../src/runtime/contract.ts';
import { DEFAULT_CPU_SHARES, type Resources } from '../../../src/spec/resources.ts';
import { compileSource } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import type { Row } from '../row.ts';

const ROUNDS = 5;
/** Programs are compiled to their fastest form, and the spinning of others has begun. */
const SETTLE_MS = 500;
const WINDOW_MS = 2_000;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A program of wasm/fixtures/behave.c in the one cell of the runtime. */
function startBehave(
  warm: WarmRuntime,
  args: readonly string[],
  resources: Partial<Resources> = {},
): Promise<Task> {
  return warm.runtime.start(
    {
      ...warm.spec(...args),
      isolation: 'dense',
      resources: { cpuShares: DEFAULT_CPU_SHARES, ...resources },
    },
    { write: () => undefined },
  );
}

async function killAll(tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) task.signal(9);
  await Promise.all(tasks.map((task) => task.exited));
}

/** CPU time that each of the tasks gets in a window of the wall clock, in milliseconds. */
async function cpuTimes(tasks: readonly Task[]): Promise<{ cpuMs: number[]; wallMs: number }> {
  const cpu = (): Promise<number[]> =>
    Promise.all(tasks.map(async (task) => (await task.usage()).cpuNanoseconds / 1e6));
  const before = await cpu();
  const started = performance.now();
  await pause(WINDOW_MS);
  const after = await cpu();
  return {
    cpuMs: after.map((value, index) => value - (before[index] ?? 0)),
    wallMs: performance.now() - started,
  };
}

const openBehave = async (): Promise<WarmRuntime> =>
  WarmRuntime.open(await compileSource('wasm/fixtures/behave.c'));

export const CPU_SHARES: Row = {
  id: 'cpu-shares-error',
  title: 'weights 1:2:4 in one cell for 2 s: the largest error of a share',
  unit: '%',
  bar: 3,
  measure: async () => {
    await using warm = await openBehave();
    const samples: number[] = [];
    const weights = [1, 2, 4];
    for (let round = 0; round < ROUNDS; round++) {
      const tasks = await Promise.all(
        weights.map((weight) => startBehave(warm, ['spin'], { cpuShares: 512 * weight })),
      );
      await pause(SETTLE_MS);
      const { cpuMs } = await cpuTimes(tasks);
      const sum = cpuMs.reduce((total, one) => total + one);
      const errors = cpuMs.map((one, index) => one / sum / ((weights[index] ?? 0) / 7) - 1);
      samples.push(100 * Math.max(...errors.map(Math.abs)));
      await killAll(tasks);
    }
    return samples;
  },
};

export const CPU_QUOTA: Row = {
  id: 'cpu-quota-error',
  title: '--cpus 0.25 for 2 s: the error of the quarter',
  unit: '%',
  bar: 3,
  measure: async () => {
    await using warm = await openBehave();
    const samples: number[] = [];
    const cpuBandwidth = { quotaMicroseconds: 25_000, periodMicroseconds: 100_000 };
    for (let round = 0; round < ROUNDS; round++) {
      const task = await startBehave(warm, ['spin'], { cpuBandwidth });
      await pause(SETTLE_MS);
      const { cpuMs, wallMs } = await cpuTimes([task]);
      samples.push(100 * Math.abs((cpuMs[0] ?? 0) / wallMs / 0.25 - 1));
      await killAll([task]);
    }
    return samples;
  },
};

const BUSY = 50;
const WAKES = 20;

export const WAKE_LATENCY: Row = {
  id: 'wake-among-busy',
  title: `a sleeper wakes beside ${BUSY} busy loops in its cell: its delay`,
  unit: 'ms',
  bar: 10,
  measure: async () => {
    await using warm = await openBehave();
    const busy = await Promise.all(Array.from({ length: BUSY }, () => startBehave(warm, ['spin'])));
    await pause(SETTLE_MS);
    const samples: number[] = [];
    for (let round = 0; round < WAKES; round++) {
      let text = '';
      const task = await warm.runtime.start(
        { ...warm.spec('lateness', '20'), isolation: 'dense' },
        {
          write: (_stream, bytes) => {
            text += Buffer.from(bytes).toString();
            return undefined;
          },
        },
      );
      await task.exited;
      samples.push(Number(text) / 1e6);
    }
    await killAll(busy);
    return samples;
  },
};

export const KILL_LATENCY: Row = {
  id: 'kill-busy',
  title: `kill of a busy loop beside ${BUSY} others, until its exit is known`,
  unit: 'ms',
  bar: 10,
  measure: async () => {
    await using warm = await openBehave();
    const busy = await Promise.all(Array.from({ length: BUSY }, () => startBehave(warm, ['spin'])));
    await pause(SETTLE_MS);
    const samples: number[] = [];
    for (const task of busy) {
      const started = performance.now();
      await killAll([task]);
      samples.push(performance.now() - started);
    }
    return samples;
  },
};
