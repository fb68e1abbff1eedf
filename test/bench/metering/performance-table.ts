import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GROUPS } from './bench-program.ts';
import type { ProgramResult } from './metering-run.ts';

// performance-table.ts [FILE]: prints what `npm run bench -- metering rewrite-speed yield-resume`
// wrote (dist/bench.json) as the two tables of docs/performance.md.

interface StoredRow {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: number;
  readonly better?: 'less' | 'more';
  readonly details?: readonly ProgramResult[];
}

const root = join(import.meta.dirname, '..', '..', '..');
const path = process.argv[2] ?? join(root, 'dist', 'bench.json');
const { results }: { results: readonly StoredRow[] } = JSON.parse(readFileSync(path, 'utf8'));
const programs = results.find(({ details }) => details)?.details ?? [];

function meanOf(name: string): string {
  return (results.find(({ id }) => id === `metering-${name}`)?.value ?? Number.NaN).toFixed(2);
}

function megabytes(size: number): string {
  return (size / 1e6).toFixed(2);
}

function rowLine({ id, value, unit, bar, better }: StoredRow): string {
  const suffix = unit === 'ratio' ? '' : ` ${unit}`;
  const digits = unit === 'MB/s' ? 1 : 2;
  const promise = bar === undefined ? '–' : `${better === 'more' ? '≥' : '≤'} ${bar}${suffix}`;
  return `| \`${id}\` | ${value.toFixed(digits)}${suffix} | ${promise} |`;
}

function programLine(program: ProgramResult): string {
  const cells = [
    program.group,
    program.name,
    program.plainMs.toFixed(0),
    program.rewrittenMs.toFixed(0),
    program.ratio.toFixed(2),
    (program.fuel / 1e9).toFixed(2),
    megabytes(program.plainSize),
    megabytes(program.rewrittenSize),
  ];
  return `| ${cells.join(' | ')} |`;
}

function meanLine(group: string, name: string): string {
  return `| **${group}** | geometric mean | | | **${meanOf(name)}** | | | |`;
}

const rows = results.filter(({ id }) => /^(metering-|rewrite-speed|yield-resume)/.test(id));
const lines = [
  '| row | measured | promised |',
  '| --- | ---: | ---: |',
  ...rows.map(rowLine),
  '',
  '| group | program | plain, ms | rewritten, ms | ratio | fuel, 10⁹ | size, MB | rewritten, MB |',
  '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...GROUPS.flatMap((group) => [
    ...programs.filter((program) => program.group === group).map(programLine),
    meanLine(group, group),
  ]),
  meanLine(`all ${programs.length}`, 'geomean'),
];
process.stdout.write(`${lines.join('\n')}\n`);
