import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/base/engine-error.ts';
import { RandomModule } from '../fake/random-module.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import {
  type ComparisonCounts,
  compareModule,
  compareMutant,
  emptyCounts,
  MutantError,
  type MutantKind,
} from './rewrite-comparison.ts';

// Compares random modules with their rewritten form, and rewrites mutants of them.
//   node test/property/rewrite-fuzz.ts COUNT [SEED]
// The module of seed S is the same whether S is the first or the last of a run.

const MUTANTS_OF_EACH = 2;
const PROGRESS_EVERY = 5000;
const MAX_FAILURES = 10;
const MAX_REDUCTION_MS = 20_000;

export interface FuzzFailure {
  readonly seed: number;
  readonly message: string;
  /** The module made small, or the mutant. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface FuzzResult {
  readonly counts: ComparisonCounts;
  readonly mutants: Record<MutantKind, number>;
  readonly failures: readonly FuzzFailure[];
}

export function fuzz(
  count: number,
  firstSeed: number,
  onFailure: (failure: FuzzFailure) => void,
  progress: (done: number, failures: number) => void,
): FuzzResult {
  const counts = emptyCounts();
  const mutants = { valid: 0, invalid: 0, refused: 0 };
  const failures: FuzzFailure[] = [];
  for (let done = 0; done < count && failures.length < MAX_FAILURES; done++) {
    const seed = firstSeed + done;
    const random = new SeededRandom(seed);
    const module = new RandomModule(random);
    const bytes = module.encode();
    try {
      compareModule(module, new SeededRandom(seed), counts);
      for (let index = 0; index < MUTANTS_OF_EACH; index++) mutants[compareMutant(bytes, random)]++;
    } catch (thrown) {
      const failure = failureOf(seed, module, thrown);
      failures.push(failure);
      onFailure(failure);
    }
    if ((done + 1) % PROGRESS_EVERY === 0) progress(done + 1, failures.length);
  }
  return { counts, mutants, failures };
}

function failureOf(seed: number, module: RandomModule, thrown: unknown): FuzzFailure {
  const message = messageOf(thrown);
  if (thrown instanceof MutantError) return { seed, message, bytes: thrown.bytes };
  // The same failure, or cutting might lead to another: its first words say which.
  const kind = message.split(/[,:]/, 1)[0];
  const fails = (): string | undefined => {
    try {
      compareModule(module, new SeededRandom(seed), emptyCounts());
    } catch (again) {
      const text = messageOf(again);
      if (text.split(/[,:]/, 1)[0] === kind) return text;
    }
    return undefined;
  };
  const deadline = performance.now() + MAX_REDUCTION_MS;
  module.reduce(() => performance.now() < deadline && fails() !== undefined);
  return { seed, message: `${message}\nmade small: ${fails()}`, bytes: module.encode() };
}

function main(args: readonly string[]): void {
  const count = Number(args[0] ?? 1000);
  const firstSeed = Number(args[1] ?? Date.now() % 1_000_000_000);
  const started = performance.now();
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const rate = (done: number): string =>
    `${Math.round(done / ((performance.now() - started) / 1000))} modules/s`;
  print(`${count} modules from seed ${firstSeed} on, Node ${process.versions.node}`);
  const save = ({ seed, message, bytes }: FuzzFailure): void => {
    const path = join(mkdtempSync(join(tmpdir(), 'wolffia-fuzz-')), `${seed}.wasm`);
    writeFileSync(path, bytes);
    print(`seed ${seed}: ${message}\n  ${path}`);
  };
  const { counts, mutants, failures } = fuzz(count, firstSeed, save, (done, found) =>
    print(`${done} modules, ${found} failures, ${rate(done)}`),
  );
  print(`${JSON.stringify({ ...counts, mutants, failures: failures.length })} ${rate(count)}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

if (import.meta.main) main(process.argv.slice(2));
