import { EngineError, messageOf } from '../../src/base/engine-error.ts';
import { type RewrittenModule, rewriteModule } from '../../src/rewrite/rewrite-module.ts';
import { instantiateMetered } from '../fake/metered-guest.ts';
import type { RandomCall, RandomModule } from '../fake/random-module.ts';
import type { SeededRandom } from '../fake/seeded-random.ts';

/** Everything that can be seen of a run from outside. */
interface Observation {
  /** What each call answered or how it ended, with what it told the host. */
  readonly outcomes: readonly string[];
  /** Tables, globals and the memory's size afterwards. */
  readonly state: string;
  readonly memory: Buffer;
  /** Whether a trap of the module's own ended a call: then the fuel is not the whole truth. */
  readonly hasTrapped: boolean;
  readonly hasBeenKilled: boolean;
  readonly fuelUsed: number;
}

/** More than any module here can use: what uses it has become one that does not end. */
const RUNAWAY_FUEL = 1e9;
/** The largest first: a loop that does not end is found out soonest there. */
const SLICES = [1e9, 1000, 97] as const;
/** What the module may spend in a call, in turns of loops and entries of functions. */
const CALL_BUDGET = 250;

/** What was compared, to show that the cases say something. */
export interface ComparisonCounts {
  modules: number;
  calls: number;
  traps: number;
  fuelCompared: number;
  fuelUsed: number;
  kills: number;
}

export function emptyCounts(): ComparisonCounts {
  return { modules: 0, calls: 0, traps: 0, fuelCompared: 0, fuelUsed: 0, kills: 0 };
}

/** # Errors: an Error that says in what the plain and the metered module differ. */
export function compareModule(
  module: RandomModule,
  random: SeededRandom,
  counts: ComparisonCounts,
): void {
  const bytes = module.encode();
  const compiled = new WebAssembly.Module(bytes);
  const { calls } = module;
  const plain = observe(calls, (imports) => ({
    exports: new WebAssembly.Instance(compiled, imports).exports,
    start: () => {},
    fuelUsed: () => 0,
  }));
  const rewritten = rewriteModule(bytes);
  const metered = compileRewritten(rewritten);
  const runs = SLICES.map((slice) => {
    const run = observeMetered(calls, rewritten, metered, { slice });
    requireAlike(`plain and metered by slices of ${slice}`, plain, run);
    return run;
  });
  counts.modules++;
  counts.calls += calls.length;
  const [first] = runs;
  if (!first) return;
  if (first.hasTrapped) {
    counts.traps++;
    return;
  }
  for (const [index, run] of runs.entries()) {
    requireSame(
      `fuel by slices of ${SLICES[0]} and of ${SLICES[index]}`,
      String(first.fuelUsed),
      String(run.fuelUsed),
    );
  }
  counts.fuelCompared++;
  counts.fuelUsed += first.fuelUsed;
  if (random.chance(50)) {
    const budget = random.between(1, first.fuelUsed + 20);
    compareKills(calls, rewritten, metered, budget, counts);
  }
}

/** A budget ends a run at the same place, whatever the slices. */
function compareKills(
  calls: readonly RandomCall[],
  rewritten: RewrittenModule,
  metered: WebAssembly.Module,
  budget: number,
  counts: ComparisonCounts,
): void {
  const runs = SLICES.map((slice) => observeMetered(calls, rewritten, metered, { slice, budget }));
  const [first] = runs;
  for (const [index, run] of runs.entries()) {
    const what = `a budget of ${budget} by slices of ${SLICES[0]} and of ${SLICES[index]}`;
    requireAlike(what, first ?? run, run);
  }
  if (first?.hasBeenKilled === true) counts.kills++;
}

function compileRewritten(rewritten: RewrittenModule): WebAssembly.Module {
  try {
    return new WebAssembly.Module(rewritten.bytes);
  } catch (thrown) {
    throw new Error(`the rewritten module is invalid: ${messageOf(thrown)}`);
  }
}

function requireAlike(what: string, first: Observation, second: Observation): void {
  requireSame(`outcomes, ${what}`, first.outcomes.join('; '), second.outcomes.join('; '));
  requireSame(`state, ${what}`, first.state, second.state);
  if (first.memory.equals(second.memory)) return;
  const at = first.memory.findIndex((byte, index) => byte !== second.memory[index]);
  throw new Error(`memory, ${what} differs from ${at} on`);
}

function requireSame(what: string, first: string, second: string): void {
  if (first !== second) throw new Error(`${what} differ:\n  ${first}\n  ${second}`);
}

interface Runnable {
  readonly exports: WebAssembly.Exports;
  readonly start: () => void;
  readonly fuelUsed: () => number;
}

function observeMetered(
  calls: readonly RandomCall[],
  rewritten: RewrittenModule,
  module: WebAssembly.Module,
  { slice, budget = RUNAWAY_FUEL }: { slice: number; budget?: number },
): Observation {
  let hasBeenKilled = false;
  const observation = observe(
    calls,
    (imports) =>
      instantiateMetered(rewritten, module, imports, {
        slice,
        budget,
        onKill: () => {
          hasBeenKilled = true;
        },
      }),
    () => hasBeenKilled,
  );
  return { ...observation, hasBeenKilled };
}

function observe(
  calls: readonly RandomCall[],
  instantiate: (imports: WebAssembly.Imports) => Runnable,
  isKilled: () => boolean = () => false,
): Observation {
  const notes: number[] = [];
  const outcomes: string[] = [];
  let hasTrapped = false;
  /** Whether it came to an end of its own. */
  const attempt = (run: () => unknown): boolean => {
    notes.length = 0;
    let outcome: string;
    let hasEnded = true;
    try {
      outcome = show(run());
    } catch (thrown) {
      hasEnded = false;
      outcome = isKilled() ? 'killed' : abruptEnd(thrown);
      hasTrapped ||= !isKilled() && outcome !== 'exception';
    }
    outcomes.push(notes.length === 0 ? outcome : `${outcome} after ${notes.join()}`);
    return hasEnded;
  };
  let guest: Runnable | undefined;
  const isStarted = attempt(() => {
    guest = instantiate({ host: { note: (value: number) => void notes.push(value) } });
    return guest.start();
  });
  // Of a module whose start fails there is no instance.
  if (!guest || !isStarted) {
    const memory = Buffer.alloc(0);
    return { outcomes, state: '', memory, hasTrapped, hasBeenKilled: false, fuelUsed: 0 };
  }
  const budget = guest.exports['budget'] as WebAssembly.Global;
  for (const { name, args } of calls) {
    if (isKilled()) break;
    budget.value = CALL_BUDGET;
    const run = guest.exports[name] as WebAssembly.ExportedFunction;
    attempt(() => run(...args));
  }
  const fuelUsed = guest.fuelUsed();
  const memory = Buffer.from(new Uint8Array(memoryOf(guest.exports), 0, COMPARED_SIZE));
  const state = stateOf(guest.exports);
  return { outcomes, state, memory, hasTrapped, hasBeenKilled: false, fuelUsed };
}

function abruptEnd(thrown: unknown): string {
  if (thrown instanceof WebAssembly.RuntimeError) return `trap: ${thrown.message}`;
  if (thrown instanceof RangeError) return `trap: ${thrown.message}`;
  if (Object(thrown)?.constructor?.name === 'Exception') return 'exception';
  throw thrown;
}

/** One NaN for all: which one it is is the engine's choice. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join()}]`;
  if (typeof value === 'bigint') return `${value}n`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Past the first page hardly anything is written, and reading a page costs. */
const COMPARED_SIZE = 65_536;

function memoryOf(exports: WebAssembly.Exports): ArrayBuffer {
  return (exports['memory'] as WebAssembly.Memory).buffer;
}

interface ReadableTable {
  readonly length: number;
  get(index: number): unknown;
}

function stateOf(exports: WebAssembly.Exports): string {
  const parts = [`memory ${memoryOf(exports).byteLength}`];
  for (const name of ['t0', 't1']) {
    const table = exports[name] as unknown as ReadableTable;
    const names = Array.from({ length: table.length }, (_, index) => nameOf(table.get(index)));
    parts.push(`${name} ${names.join(' ')}`);
  }
  for (let index = 1; ; index++) {
    const global = exports[`g${index}`];
    if (!global) return parts.join('; ');
    parts.push(show((global as WebAssembly.Global).value));
  }
}

/** V8 names exported functions by their index, which rewriting does not change. */
function nameOf(element: unknown): string {
  return typeof element === 'function' ? element.name : '-';
}

/**
 * Changes some bytes of a module and rewrites it.
 *
 * # Errors
 * An Error when the rewriter throws anything but an EngineError, takes long, makes a valid module
 * of an invalid one or the other way round, or calls a valid one malformed.
 */
export function compareMutant(bytes: Uint8Array<ArrayBuffer>, random: SeededRandom): MutantKind {
  const mutant = mutate(bytes, random);
  const started = performance.now();
  let rewritten: Uint8Array<ArrayBuffer>;
  try {
    rewritten = rewriteModule(mutant).bytes;
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw new MutantError(messageOf(thrown), mutant);
    if (thrown.message.includes('malformed') && WebAssembly.validate(mutant)) {
      throw new MutantError(`refused although V8 takes it: ${thrown.message}`, mutant);
    }
    return 'refused';
  }
  const seconds = (performance.now() - started) / 1000;
  if (seconds > 2) throw new MutantError(`took ${seconds} s`, mutant);
  const isValid = WebAssembly.validate(mutant);
  if (isValid !== WebAssembly.validate(rewritten)) {
    throw new MutantError(`was ${isValid ? 'valid, is not' : 'invalid, is valid'}`, mutant);
  }
  return isValid ? 'valid' : 'invalid';
}

export type MutantKind = 'valid' | 'invalid' | 'refused';

export class MutantError extends Error {
  override readonly name = 'MutantError';
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(message: string, bytes: Uint8Array<ArrayBuffer>) {
    super(message);
    this.bytes = bytes;
  }
}

function mutate(bytes: Uint8Array<ArrayBuffer>, random: SeededRandom): Uint8Array<ArrayBuffer> {
  let mutant = bytes.slice();
  for (let count = random.pick([1, 1, 1, 2, 4]); count > 0; count--) {
    const at = random.below(mutant.length);
    switch (random.below(8)) {
      case 0:
        mutant = splice(mutant, at, 0, [random.below(256)]);
        break;
      case 1:
        mutant = splice(mutant, at, 1, []);
        break;
      case 2:
        mutant = splice(mutant, random.below(mutant.length), 0, [...mutant.slice(at, at + 4)]);
        break;
      case 3:
        mutant = mutant.slice(0, at + 1);
        break;
      case 4:
        mutant[at] = ((mutant[at] ?? 0) + random.pick([1, -1])) & 0xff;
        break;
      case 5:
        mutant[at] = random.pick([0, 0x7f, 0x80, 0xff, 0x40, 0x0b, 0x05, 0xfc, 0xfd, 0xfb, 0x1f]);
        break;
      default:
        mutant[at] = random.below(256);
    }
  }
  return mutant;
}

function splice(
  bytes: Uint8Array,
  at: number,
  removed: number,
  inserted: readonly number[],
): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at + removed)]);
}
