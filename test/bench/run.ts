import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Row, type Summary, summarize } from './row.ts';
import { DENSE_MEMORY, DENSE_START } from './rows/dense.ts';
import { FD_READ_4K } from './rows/fd-read-4k.ts';
import { IDLE_CONTAINER_MEMORY } from './rows/idle-container-memory.ts';
import { IMAGE_PULL, IMAGE_READY } from './rows/image-pull.ts';
import { LAYER_FILE_ROWS } from './rows/layer-files.ts';
import { LAYER_INDEX, LAYER_INDEX_LARGE } from './rows/layer-index.ts';
import { createMeteringRows } from './rows/metering.ts';
import { PROCESS_ROWS } from './rows/processes.ts';
import { REWRITE_SPEED } from './rows/rewrite-speed.ts';
import { RUN_HELLO_WORLD } from './rows/run-hello-world.ts';
import { CPU_QUOTA, CPU_SHARES, KILL_LATENCY, WAKE_LATENCY } from './rows/scheduling.ts';
import { START_WARM_CELL } from './rows/start-warm-cell.ts';
import { YIELD_RESUME } from './rows/yield-resume.ts';

// npm run bench [-- NAME…] [--peers] [--json FILE]
//   Prints a table and writes dist/bench.json. NAMEs are ids of rows, or what
//   several ids begin with (`metering`); without any all are measured. Fails when a row cannot be
//   measured; a bar that is missed is only shown.

const ROWS: readonly Row[] = [
  START_WARM_CELL,
  RUN_HELLO_WORLD,
  IDLE_CONTAINER_MEMORY,
  FD_READ_4K,
  ...LAYER_FILE_ROWS,
  LAYER_INDEX,
  LAYER_INDEX_LARGE,
  ...PROCESS_ROWS,
  IMAGE_PULL,
  IMAGE_READY,
  ...createMeteringRows(),
  REWRITE_SPEED,
  YIELD_RESUME,
  CPU_SHARES,
  CPU_QUOTA,
  WAKE_LATENCY,
  KILL_LATENCY,
  DENSE_START,
  DENSE_MEMORY,
];

/** Peers are measured in turn with us (A B A B): what the machine does meanwhile hits both. */
const PEER_ROUNDS = 2;

interface Result extends Summary {
  readonly id: string;
  readonly engine: string;
  readonly unit: string;
  readonly value: number;
  readonly bar?: number;
  readonly better?: 'less' | 'more';
  /** The peer's median by ours. */
  readonly ratio?: number;
  readonly load: number;
  readonly details?: unknown;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { peers: { type: 'boolean' }, json: { type: 'string' } },
});

function resultOf(row: Row, engine: string, samples: readonly number[], load: number): Result {
  const summary = summarize(samples);
  const bar =
    engine === 'wolffia' && row.bar !== undefined
      ? { bar: row.bar, better: row.better ?? 'less' }
      : {};
  return { id: row.id, engine, unit: row.unit, value: summary.median, ...bar, ...summary, load };
}

async function measure(row: Row): Promise<Result[]> {
  const load = loadavg()[0] ?? 0;
  const present = values.peers
    ? (row.peers ?? []).filter((peer) => isPresent(peer.name, peer.absence()))
    : [];
  const own: number[] = [];
  const others = new Map<string, number[]>(present.map(({ name }) => [name, []]));
  for (let round = 0; round < (present.length > 0 ? PEER_ROUNDS : 1); round++) {
    own.push(...(await row.measure()));
    for (const peer of present) others.get(peer.name)?.push(...(await peer.measure()));
  }
  const details = await row.details?.();
  const ours = { ...resultOf(row, 'wolffia', own, load), ...(details ? { details } : {}) };
  const theirs = [...others].map(([name, samples]) => {
    const result = resultOf(row, name, samples, load);
    return { ...result, ratio: result.median / ours.median };
  });
  return [ours, ...theirs];
}

function isPresent(name: string, absence: string | undefined): boolean {
  if (absence !== undefined) process.stderr.write(`${name}: left out: ${absence}\n`);
  return absence === undefined;
}

function print(result: Result): void {
  const number = (value: number): string => value.toPrecision(3).padStart(9);
  const ratio = result.ratio === undefined ? '' : `  ${result.ratio.toFixed(2)} × ours`;
  process.stdout.write(
    `${result.id.padEnd(24)}${result.engine.padEnd(12)}${number(result.median)} ${result.unit.padEnd(5)}` +
      `${number(result.min)}${number(result.max)}${String(result.runs).padStart(6)}` +
      `${result.load.toFixed(2).padStart(7)}${verdictOn(result)}${ratio}\n`,
  );
}

function verdictOn({ bar, better, median }: Result): string {
  if (bar === undefined) return '';
  if (better === 'more') return median >= bar ? `  ≥ ${bar}` : `  MISSES ${bar}`;
  return median <= bar ? `  ≤ ${bar}` : `  MISSES ${bar}`;
}

function isNamedBy(name: string): (row: Row) => boolean {
  return ({ id }) => id === name || id.startsWith(`${name}-`);
}

const unknown = positionals.find((name) => !ROWS.some(isNamedBy(name)));
if (unknown !== undefined) {
  process.stderr.write(`no row ${unknown}: there are ${ROWS.map(({ id }) => id).join(', ')}\n`);
  process.exit(1);
}
process.stdout.write(
  `${'id'.padEnd(24)}${'engine'.padEnd(12)}${'median'.padStart(9)}      ${'min'.padStart(9)}${'max'.padStart(9)}${'runs'.padStart(6)}${'load'.padStart(7)}\n`,
);
const results: Result[] = [];
for (const row of ROWS) {
  if (positionals.length > 0 && !positionals.some((name) => isNamedBy(name)(row))) continue;
  try {
    for (const result of await measure(row)) {
      print(result);
      results.push(result);
    }
  } catch (thrown) {
    const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    process.stdout.write(`${row.id.padEnd(24)}FAILED: ${reason}\n`);
    process.exitCode = 1;
  }
}
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const jsonPath = values.json ?? join(root, 'dist', 'bench.json');
mkdirSync(dirname(jsonPath), { recursive: true });
const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: availableParallelism(),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
};
writeFileSync(jsonPath, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
process.stdout.write(`written to ${jsonPath}\n`);
