import { Assembler } from './assembler.ts';
import { HOOK_COUNT, HOOKS } from './hooks.ts';
import type { ModuleOutline } from './module-sections.ts';
import { EMPTY_BLOCK, OPCODE } from './opcode.ts';
import { VALUE_TYPE } from './type-section.ts';

const FUNCTION_FORM = 0x60;
const FUNCTION_REFERENCE = 0x70;
const MUTABLE = 1;
const HAS_MAXIMUM = 1;

/** A value type as it is spelled: one byte, or more for references to a type of the module. */
export type ValueType = readonly number[] | Uint8Array;

export const I32: ValueType = [VALUE_TYPE.i32];
export const I64: ValueType = [VALUE_TYPE.i64];

/**
 * What is appended to the module behind its own things, and under which index: types and functions
 * as code asks for them, one global, one table. The indices of what was there stay what they were.
 */
export class AppendedItems {
  /** The fuel that is left: a mutable i32 global. */
  readonly fuelGlobal: number;
  /** The funcref table of the hooks. */
  readonly hooksTable: number;
  /**
   * The function `() -> ()` that is called with fuel below 0; it returns with fuel of 0 or more.
   */
  readonly exhaustedFunction: number;

  readonly #firstType: number;
  readonly #firstFunction: number;
  readonly #types: Uint8Array[] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #functionTypes: number[] = [];
  readonly #bodies: Uint8Array[] = [];

  constructor(module: ModuleOutline) {
    this.#firstType = module.types.length;
    this.#firstFunction = module.functionCount;
    this.fuelGlobal = module.globalCount;
    this.hooksTable = module.tables.length;
    const hookType = this.typeIndex([], [I32]);
    this.exhaustedFunction = this.addFunction(
      this.typeIndex([], []),
      [],
      new Assembler()
        .u8(OPCODE.loop)
        .u8(EMPTY_BLOCK)
        .i32Const(HOOKS.yield)
        .u8(OPCODE.callIndirect)
        .unsigned(hookType)
        .unsigned(this.hooksTable)
        .u8(OPCODE.if)
        .u8(EMPTY_BLOCK)
        .u8(OPCODE.unreachable)
        .u8(OPCODE.end)
        .globalGet(this.fuelGlobal)
        .i32Const(0)
        .u8(OPCODE.i32LtS)
        .u8(OPCODE.brIf)
        .unsigned(0)
        .u8(OPCODE.end),
    );
  }

  get typeCount(): number {
    return this.#types.length;
  }

  get functionCount(): number {
    return this.#bodies.length;
  }

  /** Index of a function type, which is appended when it is asked for first. */
  typeIndex(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const spelled = new Assembler().u8(FUNCTION_FORM);
    for (const list of [parameters, results]) {
      spelled.unsigned(list.length);
      for (const type of list) spelled.raw(type);
    }
    const bytes = spelled.finish();
    const key = bytes.join();
    const known = this.#typeIndices.get(key);
    if (known !== undefined) return known;
    const index = this.#firstType + this.#types.length;
    this.#types.push(bytes);
    this.#typeIndices.set(key, index);
    return index;
  }

  /** Appends a function; its code comes without the last `end`. Answers its index. */
  addFunction(typeIndex: number, locals: readonly ValueType[], code: Assembler): number {
    const body = new Assembler().unsigned(locals.length);
    for (const type of locals) body.unsigned(1).raw(type);
    body.raw(code.view()).u8(OPCODE.end);
    this.#functionTypes.push(typeIndex);
    this.#bodies.push(new Assembler().unsigned(body.length).raw(body.view()).finish());
    return this.#firstFunction + this.#bodies.length - 1;
  }

  /** The entries of the type section. */
  writeTypes(into: Assembler): void {
    for (const type of this.#types) into.raw(type);
  }

  /** The entries of the function section. */
  writeFunctionTypes(into: Assembler): void {
    for (const type of this.#functionTypes) into.unsigned(type);
  }

  /** The entries of the code section. */
  writeBodies(into: Assembler): void {
    for (const body of this.#bodies) into.raw(body);
  }

  /** The one entry of the table section. */
  writeTable(into: Assembler): void {
    into.u8(FUNCTION_REFERENCE).u8(HAS_MAXIMUM).unsigned(HOOK_COUNT).unsigned(HOOK_COUNT);
  }

  /** The one entry of the global section. */
  writeGlobal(into: Assembler): void {
    into.u8(VALUE_TYPE.i32).u8(MUTABLE).i32Const(0).u8(OPCODE.end);
  }
}
