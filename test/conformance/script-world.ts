import { EngineError, messageOf } from '../../src/base/engine-error.ts';
import type { NumberCaller } from './number-caller.ts';
import { type Action, atomOf, headOf, type List } from './wast-reader.ts';
import {
  isPattern,
  matchesNumber,
  type NumberType,
  type NumberValue,
  numberOf,
  numberTypeOf,
} from './wast-values.ts';

/** How a command of a script ended, in a form that can be compared between worlds. */
export type Outcome =
  | { readonly kind: 'values'; readonly values: readonly Value[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'trap'; readonly message: string }
  | { readonly kind: 'exception' }
  | { readonly kind: 'exhaustion' }
  | { readonly kind: 'unlinkable'; readonly message: string }
  | { readonly kind: 'invalid'; readonly message: string }
  /** Admission refused the module, or one that the command needs. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** JavaScript cannot make the call (a type that it does not have). */
  | { readonly kind: 'uncallable'; readonly message: string }
  /** There is no such instance or export, for example because its module is invalid. */
  | { readonly kind: 'missing' };

/** A number by its bits, a number of a type that is not known, or a reference by its kind. */
export type Value = NumberValue | { readonly type: 'reference'; readonly what: string };

/** Makes an instance; the one thing in which the worlds differ. */
export type Maker = (
  bytes: Uint8Array<ArrayBuffer>,
  imports: WebAssembly.Imports,
) => WebAssembly.Exports;

/** One run of a script: its instances, by name and by what they were registered as. */
export class ScriptWorld {
  readonly #make: Maker;
  readonly #caller: NumberCaller;
  readonly #named = new Map<string, Instance>();
  readonly #definitions = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #registered: Record<string, WebAssembly.Exports> = Object.create(null);
  readonly #refusedModules = new Map<string, string>();
  #current: Instance = { kind: 'missing' };
  #lastDefinition: Uint8Array<ArrayBuffer> | undefined;

  constructor(make: Maker, spectest: WebAssembly.Exports, caller: NumberCaller) {
    this.#make = make;
    this.#caller = caller;
    this.#registered['spectest'] = spectest;
  }

  instantiate(id: string | undefined, bytes: Uint8Array<ArrayBuffer>): Outcome {
    const { outcome, instance } = this.#tryMake(bytes);
    this.#current = instance;
    if (id !== undefined) this.#named.set(id, instance);
    return outcome;
  }

  define(id: string | undefined, bytes: Uint8Array<ArrayBuffer>): Outcome {
    this.#lastDefinition = bytes;
    if (id !== undefined) this.#definitions.set(id, bytes);
    return { kind: 'done' };
  }

  instantiateDefinition(id: string | undefined, definition: string | undefined): Outcome {
    const bytes =
      definition === undefined ? this.#lastDefinition : this.#definitions.get(definition);
    return bytes ? this.instantiate(id, bytes) : { kind: 'missing' };
  }

  /** Makes an instance that must not come to be. */
  refuse(bytes: Uint8Array<ArrayBuffer>): Outcome {
    return this.#tryMake(bytes).outcome;
  }

  register(as: string, id: string | undefined): Outcome {
    const instance = this.#find(id);
    if (instance.kind === 'refused') this.#refusedModules.set(as, instance.reason);
    if (instance.kind !== 'live') return instance;
    this.#registered[as] = instance.exports;
    return { kind: 'done' };
  }

  run(action: Action, expected?: readonly List[]): Outcome {
    const instance = this.#find(action.module);
    if (instance.kind !== 'live') return instance;
    const found = instance.exports[action.name];
    if (found === undefined) return { kind: 'missing' };
    const types = expected?.map(numberTypeOf);
    if (action.kind === 'get') {
      return attempt(() => [toValue((found as WebAssembly.Global).value, types?.[0])]);
    }
    return attempt(() => this.#call(found as WebAssembly.ExportedFunction, action.args, types));
  }

  #call(
    callee: WebAssembly.ExportedFunction,
    args: readonly List[],
    results: readonly (NumberType | undefined)[] | undefined,
  ): Value[] {
    const numbers = args.map(numberOf).filter((number) => number !== undefined);
    const types = results?.filter((type) => type !== undefined);
    const isAllNumbers = numbers.length === args.length && types?.length === results?.length;
    const isExactInJs = [...numbers.map(({ type }) => type), ...(types ?? [])].every(
      (type) => type === 'i32' || type === 'i64',
    );
    if (isAllNumbers && types && !isExactInJs) {
      try {
        return this.#caller.call(callee, numbers, types);
      } catch (thrown) {
        // Its type is a subtype or in a recursion group: then JavaScript must do.
        if (!(thrown instanceof WebAssembly.LinkError)) throw thrown;
      }
    }
    try {
      const answer = (callee as (...args: unknown[]) => unknown)(...args.map(toJs));
      const values = Array.isArray(answer) ? answer : answer === undefined ? [] : [answer];
      return values.map((value, index) => toValue(value, results?.[index]));
    } catch (thrown) {
      if (!(thrown instanceof TypeError) || !isAllNumbers || types) throw thrown;
      return this.#callByGuess(callee, numbers);
    }
  }

  /** The call of a function with vectors of which the script does not say what it answers. */
  #callByGuess(callee: WebAssembly.ExportedFunction, args: readonly NumberValue[]): Value[] {
    for (const results of RESULT_GUESSES) {
      try {
        return this.#caller.call(callee, args, results);
      } catch (thrown) {
        if (!(thrown instanceof WebAssembly.LinkError)) throw thrown;
      }
    }
    throw new TypeError('no type was guessed');
  }

  #tryMake(bytes: Uint8Array<ArrayBuffer>): { outcome: Outcome; instance: Instance } {
    let instance: Instance = { kind: 'missing' };
    const outcome = attempt(() => {
      instance = { kind: 'live', exports: this.#make(bytes, this.#registered) };
      return undefined;
    });
    if (outcome.kind === 'refused') instance = outcome;
    if (outcome.kind === 'unlinkable' || outcome.kind === 'trap') {
      const needed = this.#refusedImportOf(outcome);
      if (needed) return { outcome: needed, instance: needed };
    }
    return { outcome, instance };
  }

  /** A module that cannot be linked because what it imports was refused is refused as well. */
  #refusedImportOf(outcome: Outcome): Extract<Instance, { kind: 'refused' }> | undefined {
    if (outcome.kind !== 'unlinkable') return undefined;
    for (const [name, reason] of this.#refusedModules) {
      if (outcome.message.includes(`"${name}"`)) return { kind: 'refused', reason };
    }
    return undefined;
  }

  #find(id: string | undefined): Instance {
    return id === undefined ? this.#current : (this.#named.get(id) ?? { kind: 'missing' });
  }
}

type Instance =
  | { readonly kind: 'live'; readonly exports: WebAssembly.Exports }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'missing' };

const RESULT_GUESSES: readonly (readonly NumberType[])[] = [
  ['v128'],
  [],
  ['i32'],
  ['i64'],
  ['f32'],
  ['f64'],
];

function attempt(run: () => Value[] | undefined): Outcome {
  try {
    const values = run();
    return values ? { kind: 'values', values } : { kind: 'done' };
  } catch (thrown) {
    return outcomeOf(thrown);
  }
}

export function outcomeOf(thrown: unknown): Outcome {
  const message = messageOf(thrown);
  if (thrown instanceof EngineError) return { kind: 'refused', reason: message };
  if (thrown instanceof WebAssembly.CompileError) return { kind: 'invalid', message };
  // The message begins with the number of the import, which is no promise of ours.
  if (thrown instanceof WebAssembly.LinkError) {
    return { kind: 'unlinkable', message: message.replace(/Import #\d+/, 'Import') };
  }
  if (thrown instanceof WebAssembly.RuntimeError) return { kind: 'trap', message };
  if (thrown instanceof RangeError) {
    const isStack = message.includes('call stack');
    return isStack ? { kind: 'exhaustion' } : { kind: 'trap', message };
  }
  if (thrown instanceof TypeError) {
    // V8 throws it for an import that is no object at all.
    const isLink = message.startsWith('WebAssembly.Instance()');
    return isLink
      ? { kind: 'unlinkable', message: message.replace(/Import #\d+/, 'Import') }
      : { kind: 'uncallable', message };
  }
  if (Object(thrown)?.constructor?.name === 'Exception') return { kind: 'exception' };
  throw thrown;
}

/** The host's own references, by the number that scripts give them. */
const hostReferences = new Map<string, object>();

function toJs(literal: List): unknown {
  const number = numberOf(literal);
  if (!number) {
    const head = headOf(literal);
    if (head === 'ref.null') return null;
    if (head !== 'ref.extern' && head !== 'ref.host') throw new Error(`no value: ${head}`);
    const key = atomOf(literal.items[1]) ?? '';
    const reference = hostReferences.get(key) ?? { key };
    hostReferences.set(key, reference);
    return reference;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, number.bits));
  switch (number.type) {
    case 'i32':
      return view.getInt32(4);
    case 'i64':
      return view.getBigInt64(0);
    case 'f32':
      return view.getFloat32(4);
    case 'f64':
      return view.getFloat64(0);
    case 'v128':
      throw new TypeError('JavaScript has no v128');
  }
}

function toValue(value: unknown, type: NumberType | undefined): Value {
  const view = new DataView(new ArrayBuffer(8));
  if (typeof value === 'bigint') return { type: 'i64', bits: BigInt.asUintN(64, value) };
  if (typeof value === 'number') {
    if (type === 'i32') return { type, bits: BigInt.asUintN(32, BigInt(value)) };
    if (type === 'f32') {
      view.setFloat32(0, value);
      return { type, bits: BigInt(view.getUint32(0)) };
    }
    view.setFloat64(0, value);
    return { type: 'f64', bits: view.getBigUint64(0) };
  }
  if (value === null) return { type: 'reference', what: 'null' };
  if (typeof value === 'function') return { type: 'reference', what: 'function' };
  for (const [key, reference] of hostReferences) {
    if (reference === value) return { type: 'reference', what: `host ${key}` };
  }
  return { type: 'reference', what: typeof value };
}

/** Whether two worlds ended a command alike; a NaN that the suite leaves open may differ. */
export function isSame(plain: Outcome, other: Outcome, expected: readonly List[] = []): boolean {
  if (plain.kind !== other.kind) return false;
  switch (plain.kind) {
    case 'trap':
    case 'unlinkable':
    case 'uncallable':
      return 'message' in other && other.message === plain.message;
    case 'values': {
      const values = other.kind === 'values' ? other.values : [];
      return (
        values.length === plain.values.length &&
        plain.values.every((value, index) => {
          const second = values[index];
          return second !== undefined && isSameValue(value, second, expected[index]);
        })
      );
    }
    default:
      return true;
  }
}

function isSameValue(first: Value, second: Value, expected: List | undefined): boolean {
  if (first.type === 'reference') {
    return second.type === 'reference' && first.what === second.what;
  }
  if (second.type === 'reference') return false;
  if (first.type === second.type && first.bits === second.bits) return true;
  const isFree = expected !== undefined && isPattern(expected);
  return isFree && matchesNumber(expected, first) && matchesNumber(expected, second);
}

/** Whether an action's values are the suite's. */
export function isExpected(outcome: Outcome, expected: readonly List[]): boolean {
  if (outcome.kind !== 'values' || outcome.values.length !== expected.length) return false;
  return outcome.values.every((value, index) => {
    const wanted = expected[index];
    if (!wanted) return false;
    if (value.type !== 'reference') {
      return numberTypeOf(wanted) ? matchesNumber(wanted, value) : headOf(wanted) === 'ref.i31';
    }
    const head = headOf(wanted);
    if (head === 'either') return true;
    if (head === 'ref.null') return value.what === 'null';
    if (head === 'ref.func') return value.what === 'function';
    const key = atomOf(wanted.items[1]);
    if ((head === 'ref.extern' || head === 'ref.host') && key !== undefined) {
      return value.what === `host ${key}`;
    }
    return value.what !== 'null';
  });
}
