import { ByteWriter } from '../../src/base/byte-writer.ts';
import { HOOKS } from '../../src/rewrite/hooks.ts';
import type { RewrittenModule } from '../../src/rewrite/rewrite-module.ts';

/** What a rewritten module asks its host; the defaults let everything through. */
export interface GuestPolicy {
  /** Fuel that every yield grants. */
  readonly slice: number;
  /** Ends the guest at the first check at which it has used more than this. */
  readonly budget?: number;
  /** Asked at each yield, with their number; `true` ends the guest. */
  readonly isKilled?: (yields: number) => boolean;
  readonly onKill?: () => void;
  readonly mayGrowMemory?: (pages: number) => boolean;
  readonly mayGrowTable?: (elements: number) => boolean;
  /** Stand for waiting and notifying on what was a shared memory. */
  readonly atomics?: AtomicHooks;
}

export interface AtomicHooks {
  readonly wait: (address: number, timeoutNs: bigint) => number;
  readonly notify: (address: number, count: number) => number;
}

/** Nobody else is there: a wait is over at once, and nobody is woken. */
const ALONE: AtomicHooks = { wait: () => 2, notify: () => 0 };

/** A rewritten module's instance with a host that hands out fuel slice by slice, and counts. */
export interface MeteredGuest {
  readonly exports: WebAssembly.Exports;
  readonly yields: () => number;
  readonly fuelUsed: () => number;
  /** The most that was used beyond a slice when the host was asked for the next. */
  readonly largestOverdraft: () => number;
  /** Runs what was the module's start section; to be called once, before anything else. */
  readonly start: () => void;
}

/** # Errors: LinkError and traps of the module's own segments. */
export function instantiateMetered(
  rewritten: RewrittenModule,
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  policy: GuestPolicy,
): MeteredGuest {
  const { exports } = new WebAssembly.Instance(module, imports);
  const fuel = exports[rewritten.fuelExport] as WebAssembly.Global | undefined;
  const hooks = exports[rewritten.hooksExport] as SettableTable | undefined;
  if (!fuel || !hooks) throw new Error('a rewritten module without its fuel or hooks');
  let granted = 0;
  let yields = 0;
  let largestOverdraft = 0;
  const { slice, budget = Number.POSITIVE_INFINITY } = policy;
  /** The last slice is cut to the budget, so that it ends where the budget does. */
  const grant = (): boolean => {
    const size = Math.min(slice, budget - granted);
    granted += size;
    fuel.value = Number(fuel.value) + size;
    return size > 0;
  };
  const { isKilled, onKill, mayGrowMemory, mayGrowTable, atomics = ALONE } = policy;
  const adapted = functionsFor({
    yield: () => {
      yields++;
      largestOverdraft = Math.max(largestOverdraft, -Number(fuel.value));
      if (isKilled?.(yields) !== true && grant()) return 0;
      onKill?.();
      return 1;
    },
    growMemory: (pages) => (mayGrowMemory?.(pages) === false ? 0 : 1),
    growTable: (elements) => (mayGrowTable?.(elements) === false ? 0 : 1),
    atomicWait: atomics.wait,
    atomicNotify: atomics.notify,
  });
  for (const name of HOOK_NAMES) hooks.set(HOOKS[name], adapted[name]);
  grant();
  const { startExport } = rewritten;
  return {
    exports,
    yields: () => yields,
    fuelUsed: () => granted - Number(fuel.value),
    largestOverdraft: () => largestOverdraft,
    start: () => {
      if (startExport !== undefined) (exports[startExport] as () => void)();
    },
  };
}

interface SettableTable {
  set(index: number, value: unknown): void;
}

interface Hooks {
  readonly yield: () => number;
  readonly growMemory: (pages: number) => number;
  readonly growTable: (elements: number) => number;
  readonly atomicWait: AtomicHooks['wait'];
  readonly atomicNotify: AtomicHooks['notify'];
}

/** A funcref table takes no JavaScript functions; those of a module that passes them on it does. */
function functionsFor(hooks: Hooks): WebAssembly.Exports {
  return new WebAssembly.Instance(ADAPTER, { hooks: { ...hooks } }).exports;
}

const I32 = 0x7f;
const I64 = 0x7e;

/** Their parameters; each answers an i32. */
const HOOK_TYPES = {
  yield: [],
  growMemory: [I32],
  growTable: [I32],
  atomicWait: [I32, I64],
  atomicNotify: [I32, I32],
} as const satisfies Record<keyof typeof HOOKS, readonly number[]>;

const HOOK_NAMES = Object.keys(HOOK_TYPES) as (keyof typeof HOOKS)[];

function encodeAdapter(): Uint8Array {
  const count = HOOK_NAMES.length;
  const types = new ByteWriter().u8(count);
  const imports = new ByteWriter().u8(count);
  const exports = new ByteWriter().u8(count);
  for (const [index, name] of HOOK_NAMES.entries()) {
    const parameters = HOOK_TYPES[name];
    types.u8(0x60).u8(parameters.length).raw(parameters).raw([1, I32]);
    imports.name('hooks').name(name).u8(0).unsigned(index);
    exports.name(name).u8(0).unsigned(index);
  }
  const module = new ByteWriter().raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  return module.u8(1).sized(types).u8(2).sized(imports).u8(7).sized(exports).finish();
}

/** Compiled once: thousands of guests are made in a second. */
const ADAPTER = new WebAssembly.Module(encodeAdapter());
