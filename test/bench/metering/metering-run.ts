import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summarize } from '../row.ts';
import type { BenchKitchen, BenchProgram, ProgramGroup } from './bench-program.ts';
import type { Comparison, ComparisonJob } from './compare-forms.ts';

/** Each round measures every program in a fresh process; the median of the rounds counts. */
const ROUNDS = 3;
const CHILD = join(import.meta.dirname, 'compare-forms.ts');

export interface ProgramResult {
  readonly name: string;
  readonly group: ProgramGroup;
  /** Rewritten by plain, the median of the rounds. */
  readonly ratio: number;
  readonly roundRatios: readonly number[];
  /** Of the fastest round. */
  readonly plainMs: number;
  readonly rewrittenMs: number;
  readonly fuel: number;
  readonly plainSize: number;
  readonly rewrittenSize: number;
}

/**
 * Measures all programs that can be built here.
 *
 * # Errors
 * an Error that names every program that cannot be run, whose forms do different things, or whose
 * runs used different amounts of fuel; what the compiler said of one that cannot be built
 */
export async function measureMetering(
  programs: readonly BenchProgram[],
  kitchen: BenchKitchen,
): Promise<ProgramResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'wolffia-bench-metering-'));
  try {
    const jobs = await prepareJobs(programs, kitchen, directory);
    const rounds = new Map<BenchProgram, Comparison[]>(jobs.map(({ program }) => [program, []]));
    const failures = new Map<BenchProgram, string>();
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { program, job } of jobs) {
        if (failures.has(program)) continue;
        try {
          const found = await compareInChild(job);
          rounds.get(program)?.push(found);
          tell(`round ${round}: ${describe(program.name, found)}`);
        } catch (thrown) {
          const reason = thrown instanceof Error ? thrown.message : String(thrown);
          tell(`round ${round}: ${program.name}: ${reason}`);
          failures.set(program, reason);
        }
      }
    }
    if (failures.size > 0) {
      const lines = [...failures].map(([program, reason]) => `${program.name}: ${reason}`);
      throw new Error(`programs failed:\n${lines.join('\n')}`);
    }
    return [...rounds].map(([program, comparisons]) => resultOf(program, comparisons));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

interface PreparedJob {
  readonly program: BenchProgram;
  readonly job: ComparisonJob;
}

async function prepareJobs(
  programs: readonly BenchProgram[],
  kitchen: BenchKitchen,
  directory: string,
): Promise<PreparedJob[]> {
  const jobs: PreparedJob[] = [];
  for (const program of programs) {
    const absence = program.absence?.();
    if (absence !== undefined) {
      tell(`${program.name}: left out: ${absence}`);
      continue;
    }
    const modulePath = join(directory, `${program.name}.wasm`);
    writeFileSync(modulePath, await program.build(kitchen));
    const files = Object.entries(program.files ?? {}).map(
      ([guest, path]) => [guest, kitchen.repositoryPath(path)] as const,
    );
    const job: ComparisonJob = {
      name: program.name,
      modulePath,
      args: program.args ?? [],
      env: program.env ?? [],
      files: Object.fromEntries(files),
    };
    jobs.push({ program, job });
  }
  return jobs;
}

function compareInChild(job: ComparisonJob): Promise<Comparison> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', CHILD, JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(reasonIn(complaint) ?? `it ended with ${code ?? signal}`));
    });
  });
}

/** The line of an uncaught error's report that says what it was. */
function reasonIn(complaint: string): string | undefined {
  return /^\s*(?:\[?\w*Error\b.*|.*\bfatal\b.*)$/im.exec(complaint)?.[0].trim();
}

function resultOf(program: BenchProgram, comparisons: readonly Comparison[]): ProgramResult {
  const ratios = comparisons.map((found) => found.rewrittenMs / found.plainMs);
  const [first] = comparisons;
  if (!first || comparisons.some((found) => found.output !== first.output)) {
    throw new Error(`${program.name}: rounds differ in their output`);
  }
  if (comparisons.some((found) => found.fuel !== first.fuel)) {
    throw new Error(`${program.name}: rounds differ in their fuel`);
  }
  return {
    name: program.name,
    group: program.group,
    ratio: summarize(ratios).median,
    roundRatios: ratios,
    plainMs: Math.min(...comparisons.map((found) => found.plainMs)),
    rewrittenMs: Math.min(...comparisons.map((found) => found.rewrittenMs)),
    fuel: first.fuel,
    plainSize: first.plainSize,
    rewrittenSize: first.rewrittenSize,
  };
}

function describe(name: string, found: Comparison): string {
  const { plainMs, rewrittenMs, fuel } = found;
  const ratio = (rewrittenMs / plainMs).toFixed(3);
  return `${name}: ${plainMs.toFixed(1)} → ${rewrittenMs.toFixed(1)} ms, ${ratio}, fuel ${fuel}`;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
