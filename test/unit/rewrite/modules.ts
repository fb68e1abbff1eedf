import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import {
  type AtomicHooks,
  instantiateMetered,
  type MeteredGuest,
} from '../../fake/metered-guest.ts';
import { wat } from '../../fake/wat.ts';

/** Assembles the fields of a module. */
export function assemble(fields: string): Promise<Uint8Array<ArrayBuffer>> {
  return wat(`(module ${fields})`);
}

export interface Policy {
  readonly slice?: number;
  readonly imports?: WebAssembly.Imports;
  readonly budget?: number;
  readonly mayGrowMemory?: (pages: number) => boolean;
  readonly mayGrowTable?: (entries: number) => boolean;
  readonly atomics?: AtomicHooks;
}

/** What a test asks of a rewritten module. */
export interface Metered extends MeteredGuest {
  /** Calls an export; traps and exceptions pass. */
  readonly call: (name: string, ...args: (number | bigint)[]) => unknown;
  /** The fuel that a call of an export takes. */
  readonly costOf: (name: string, ...args: (number | bigint)[]) => number;
}

export function meter(bytes: Uint8Array<ArrayBuffer>, policy: Policy = {}): Metered {
  const { slice = 1_000_000, imports = {}, ...hooks } = policy;
  const rewritten = rewriteModule(bytes);
  const module = new WebAssembly.Module(rewritten.bytes);
  const guest = instantiateMetered(rewritten, module, imports, { slice, ...hooks });
  const call: Metered['call'] = (name, ...args) => {
    const exported = guest.exports[name];
    if (typeof exported !== 'function') throw new Error(`no function ${name}`);
    return exported(...args);
  };
  const costOf: Metered['costOf'] = (name, ...args) => {
    const before = guest.fuelUsed();
    call(name, ...args);
    return guest.fuelUsed() - before;
  };
  return { ...guest, call, costOf };
}

export async function meterText(text: string, policy: Policy = {}): Promise<Metered> {
  return meter(await assemble(text), policy);
}

/** The plain module's answer to the same call. */
export function plainExports(
  bytes: Uint8Array<ArrayBuffer>,
  imports: WebAssembly.Imports = {},
): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** A module of sections in bytes, for what the assembler cannot say. */
export function moduleOf(
  sections: readonly (readonly [id: number, content: readonly number[]])[],
): Uint8Array<ArrayBuffer> {
  const parts = sections.map(([id, content]) => [id, ...leb(content.length), ...content]);
  return new Uint8Array([...HEADER, ...parts.flat()]);
}

export interface FunctionShape {
  readonly types?: readonly (readonly number[])[];
  /** Index of the function's type; it is exported as `f`. */
  readonly type?: number;
  readonly sections?: readonly (readonly [id: number, content: readonly number[]])[];
  readonly locals?: readonly number[];
}

/** A module of one function, `() -> ()` if not said otherwise, in the bytes of its code. */
export function functionModule(
  code: readonly number[],
  { types = [[0x60, 0, 0]], type = 0, sections = [], locals = [0] }: FunctionShape = {},
): Uint8Array<ArrayBuffer> {
  const body = [...locals, ...code, 0x0b];
  const all: (readonly [number, readonly number[]])[] = [
    [1, [...leb(types.length), ...types.flat()]],
    [3, [1, ...leb(type)]],
    ...sections,
    [7, [1, 1, 0x66, 0, 0]],
    [10, [1, ...leb(body.length), ...body]],
  ];
  const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
  return moduleOf(all.toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
}
