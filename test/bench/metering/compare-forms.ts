import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { instantiateMetered } from '../../fake/metered-guest.ts';
import { GuestExit, MemoryHost, preview1ImportsOf } from './memory-host.ts';

// compare-forms.ts JOB: runs one program plain and rewritten in turn, in a process of its own, and
// prints what it measured as JSON. JOB is a `ComparisonJob` in JSON.

export interface ComparisonJob {
  readonly name: string;
  readonly modulePath: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Guest path → host path. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Comparison {
  /** The fastest of the measured runs, in milliseconds of this thread's CPU time. */
  readonly plainMs: number;
  readonly rewrittenMs: number;
  /** What every run of either form printed. */
  readonly output: string;
  readonly fuel: number;
  readonly yields: number;
  readonly plainSize: number;
  readonly rewrittenSize: number;
}

/**
 * The first runs of each form do not count: they are V8's baseline code, and better code is compiled
 * meanwhile. The fastest of the others is taken: what a machine does beside only ever adds.
 */
const WARM_UP_RUNS = 2;
/** Time for the compiler's own threads to finish with what the runs before asked for. */
const SETTLE_MS = 150;
/** Of fuel; one for each run of the metered form, for the total must not depend on it. */
const SLICES = [700_001, 1_499_977, 1_000_003, 2_500_009, 4_999_999, 10_000_019];

interface Run {
  readonly cpuMs: number;
  readonly output: string;
  readonly exitCode: number;
  readonly fuel: number;
  readonly yields: number;
}

type Form = (slice: number) => Run;

async function compare(job: ComparisonJob): Promise<Comparison> {
  const bytes = new Uint8Array(readFileSync(job.modulePath));
  const rewritten = rewriteModule(bytes);
  const names = preview1ImportsOf(rewritten.functionImports);
  const files = new Map(
    Object.entries(job.files).map(([guest, host]) => [guest, readFileSync(host)] as const),
  );
  const host = (): MemoryHost =>
    new MemoryHost({ args: [job.name, ...job.args], env: job.env, files });

  const plainModule = new WebAssembly.Module(bytes);
  const plain: Form = () => {
    const own = host();
    const { exports } = new WebAssembly.Instance(plainModule, own.imports(names));
    return { ...timeRun(own, exports), fuel: 0, yields: 0 };
  };
  const rewrittenModule = new WebAssembly.Module(rewritten.bytes);
  const metered: Form = (slice) => {
    const own = host();
    const guest = instantiateMetered(rewritten, rewrittenModule, own.imports(names), { slice });
    guest.start();
    const run = timeRun(own, guest.exports);
    return { ...run, fuel: guest.fuelUsed(), yields: guest.yields() };
  };

  const plainRuns: Run[] = [];
  const meteredRuns: Run[] = [];
  for (const [index, slice] of SLICES.entries()) {
    plainRuns.push(plain(slice));
    if (index < WARM_UP_RUNS) await sleep(SETTLE_MS);
    meteredRuns.push(metered(slice));
    if (index < WARM_UP_RUNS) await sleep(SETTLE_MS);
  }
  const output = sameOf('output', [...plainRuns, ...meteredRuns].map(outcomeOf));
  const fuel = sameOf(
    'fuel',
    meteredRuns.map((run) => run.fuel),
  );
  return {
    plainMs: fastest(plainRuns.slice(WARM_UP_RUNS)),
    rewrittenMs: fastest(meteredRuns.slice(WARM_UP_RUNS)),
    output,
    fuel,
    yields: meteredRuns[0]?.yields ?? 0,
    plainSize: bytes.length,
    rewrittenSize: rewritten.bytes.length,
  };
}

function timeRun(host: MemoryHost, exports: WebAssembly.Exports): Omit<Run, 'fuel' | 'yields'> {
  const { _start: start, memory } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
    throw new Error('the program has no memory or no _start');
  }
  host.attachMemory(memory);
  let exitCode = 0;
  const before = process.threadCpuUsage();
  try {
    start();
  } catch (thrown) {
    if (!(thrown instanceof GuestExit)) throw thrown;
    exitCode = thrown.code;
  }
  const { user, system } = process.threadCpuUsage(before);
  return { cpuMs: (user + system) / 1000, output: host.output, exitCode };
}

function outcomeOf({ output, exitCode }: Run): string {
  if (exitCode !== 0) throw new Error(`it exited with ${exitCode}: ${output}`);
  return output;
}

function sameOf<Value>(what: string, values: readonly Value[]): Value {
  const [first] = values;
  if (first === undefined || values.some((value) => value !== first)) {
    throw new Error(`runs differ in their ${what}: ${values.join(', ')}`);
  }
  return first;
}

function fastest(runs: readonly Run[]): number {
  return Math.min(...runs.map(({ cpuMs }) => cpuMs));
}

const job: ComparisonJob = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(`${JSON.stringify(await compare(job))}\n`);
