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
}

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
  const { isKilled, onKill, mayGrowMemory, mayGrowTable } = policy;
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
}

/** A funcref table takes no JavaScript functions; those of a module that passes them on it does. */
function functionsFor(hooks: Hooks): WebAssembly.Exports {
  return new WebAssembly.Instance(ADAPTER, { hooks: { ...hooks } }).exports;
}

const HOOK_NAMES = ['yield', 'growMemory', 'growTable'] as const;

function encodeAdapter(): Uint8Array {
  const imports = new ByteWriter().u8(HOOK_NAMES.length);
  const exports = new ByteWriter().u8(HOOK_NAMES.length);
  for (const [index, name] of HOOK_NAMES.entries()) {
    imports
      .name('hooks')
      .name(name)
      .u8(0)
      .u8(name === 'yield' ? 0 : 1);
    exports.name(name).u8(0).unsigned(index);
  }
  return new ByteWriter()
    .raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    .raw([1, 10, 2, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f])
    .u8(2)
    .sized(imports)
    .u8(7)
    .sized(exports)
    .finish();
}

/** Compiled once: thousands of guests are made in a second. */
const ADAPTER = new WebAssembly.Module(encodeAdapter());
