import { ADMISSION_LIMITS } from './admit.ts';
import { type AppendedItems, I32, I64, type ValueType } from './appended-items.ts';
import { Assembler } from './assembler.ts';
import { refused } from './byte-reader.ts';
import { GROWTH_COST_PER_PAGE_SHIFT, PIECE, SIZE_SHIFT } from './cost.ts';
import { SIZED } from './function-events.ts';
import { HOOKS } from './hooks.ts';
import type { ModuleOutline } from './module-sections.ts';
import { BULK_OPCODE, EMPTY_BLOCK, OPCODE } from './opcode.ts';

const PAGE_SIZE_SHIFT = 16;
const MOST_PAGES = 65_536;
const MOST_ENTRIES = 0x7fff_ffff;

/**
 * Functions that stand in place of instructions whose work grows with an operand.
 *
 * # Theory of operation
 * `memory.grow` and `table.grow` charge, ask the host, and grow. The bulk operations are done where
 * they stand as long as they are small; a larger one calls a function of this file, which
 * 1. finds out whether it is in bounds; if not, executes the instruction as it was, for its trap
 *    (nothing may be written then, so that pieces must not begin);
 * 2. goes over it piece by piece, and charges and checks before each. Copies whose target is behind
 *    their source go from the end, so that no piece overwrites what a later one reads.
 * Memories and tables never shrink, and a segment that was dropped traps at its first piece; so no
 * piece can trap after one was done, whatever runs while the code is suspended between them.
 *
 * In the functions all sizes are i64, for 32-bit memories and 64-bit ones alike.
 */
export class SizedFunctions {
  readonly #module: ModuleOutline;
  readonly #items: AppendedItems;
  readonly #made = new Map<string, number>();

  constructor(module: ModuleOutline, items: AppendedItems) {
    this.#module = module;
    this.#items = items;
  }

  /** Index of the function for an operation (`SIZED`) on what its two immediates name. */
  functionFor(kind: number, first: number, second: number): number {
    const key = `${kind} ${first} ${second}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    if (this.#made.size >= ADMISSION_LIMITS.sizedFunctions) {
      throw refused(
        `more than ${ADMISSION_LIMITS.sizedFunctions} different pairs of tables and segments in bulk operations`,
      );
    }
    const index = this.#make(kind, first, second);
    this.#made.set(key, index);
    return index;
  }

  /** Whether the operation can be larger than a piece at all. */
  canBeLarge(kind: number, first: number, second: number): boolean {
    const tableIsLarge = (table: number): boolean => {
      const limits = this.#module.tables[table];
      const maximum = limits?.maximumEntries ?? Number.POSITIVE_INFINITY;
      return limits?.is64Bit === true || maximum > PIECE.tableEntries;
    };
    switch (kind) {
      case SIZED.memoryInit:
        return (this.#module.dataSizes[first] ?? 0) > PIECE.memoryBytes;
      case SIZED.tableInit:
        return (this.#module.elementSizes[first] ?? 0) > PIECE.tableEntries;
      case SIZED.tableCopy:
        return tableIsLarge(first) && tableIsLarge(second);
      case SIZED.tableFill:
        return tableIsLarge(first);
      default:
        return kind !== SIZED.array;
    }
  }

  /** Whether the size on the stack is an i64. */
  isSize64(kind: number, first: number, second: number): boolean {
    switch (kind) {
      case SIZED.memoryCopy:
      case SIZED.memoryFill:
        return this.#isMemory64();
      case SIZED.tableCopy:
        return this.#isTable64(first) && this.#isTable64(second);
      case SIZED.tableFill:
        return this.#isTable64(first);
      default:
        return false;
    }
  }

  /** The type of a bulk operation as a block that takes its three operands. */
  operandsType(kind: number, first: number, second: number): number {
    return this.#items.typeIndex(this.#operands(kind, first, second), []);
  }

  #isMemory64(): boolean {
    return this.#module.memories[0]?.is64Bit === true;
  }

  #isTable64(table: number): boolean {
    return this.#module.tables[table]?.is64Bit === true;
  }

  #tableIndexType(table: number): ValueType {
    return this.#isTable64(table) ? I64 : I32;
  }

  #elementType(table: number): ValueType {
    return this.#module.tables[table]?.elementType ?? [];
  }

  #operands(kind: number, first: number, second: number): readonly ValueType[] {
    const address = this.#isMemory64() ? I64 : I32;
    const size = this.isSize64(kind, first, second) ? I64 : I32;
    switch (kind) {
      case SIZED.memoryCopy:
        return [address, address, size];
      case SIZED.memoryFill:
        return [address, I32, size];
      case SIZED.memoryInit:
        return [address, I32, I32];
      case SIZED.tableCopy:
        return [this.#tableIndexType(first), this.#tableIndexType(second), size];
      case SIZED.tableFill:
        return [size, this.#elementType(first), size];
      default:
        return [this.#tableIndexType(second), I32, I32];
    }
  }

  #make(kind: number, first: number, second: number): number {
    if (kind === SIZED.memoryGrow) return this.#makeMemoryGrow();
    if (kind === SIZED.tableGrow) return this.#makeTableGrow(first);
    return this.#makePieces(kind, first, second);
  }

  #makeMemoryGrow(): number {
    const type = this.#isMemory64() ? I64 : I32;
    const is64 = this.#isMemory64();
    const code = new Assembler();
    refuseAbove(code.localGet(0), is64, MOST_PAGES);
    this.#charge(code, () => {
      code.localGet(0);
      if (is64) code.u8(OPCODE.i32WrapI64);
      code.i32Const(GROWTH_COST_PER_PAGE_SHIFT).u8(OPCODE.i32Shl);
    });
    code.localGet(0);
    if (is64) code.u8(OPCODE.i32WrapI64);
    this.#ask(code, HOOKS.growMemory);
    code.u8(OPCODE.i32Eqz);
    answerMinusOneIf(code, is64);
    code.localGet(0).u8(OPCODE.memoryGrow).u8(0);
    return this.#items.addFunction(this.#items.typeIndex([type], [type]), [], code);
  }

  #makeTableGrow(table: number): number {
    const is64 = this.#isTable64(table);
    const type = this.#tableIndexType(table);
    const value = 0;
    const delta = 1;
    const answer = 2;
    const code = new Assembler();
    const narrowDelta = (): void => {
      code.localGet(delta);
      if (is64) code.u8(OPCODE.i32WrapI64);
    };
    refuseAbove(code.localGet(delta), is64, MOST_ENTRIES);
    this.#charge(code, () => {
      narrowDelta();
      code.i32Const(SIZE_SHIFT.table).u8(OPCODE.i32ShrU);
    });
    narrowDelta();
    this.#ask(code, HOOKS.growTable);
    code.u8(OPCODE.i32Eqz);
    answerMinusOneIf(code, is64);
    code.localGet(value).localGet(delta);
    code.u8(OPCODE.numericPrefix).unsigned(BULK_OPCODE.tableGrow).unsigned(table);
    code.localTee(answer);
    if (is64) code.i64Const(-1).u8(OPCODE.i64Eq);
    else code.i32Const(-1).u8(OPCODE.i32Eq);
    code.u8(OPCODE.if).u8(EMPTY_BLOCK).i32Const(0);
    narrowDelta();
    code.u8(OPCODE.i32Sub);
    this.#ask(code, HOOKS.growTable);
    code.u8(OPCODE.drop).u8(OPCODE.end).localGet(answer);
    const typeIndex = this.#items.typeIndex([this.#elementType(table), type], [type]);
    return this.#items.addFunction(typeIndex, [type], code);
  }

  #makePieces(kind: number, first: number, second: number): number {
    const operands = this.#operands(kind, first, second);
    const isFill = kind === SIZED.memoryFill || kind === SIZED.tableFill;
    const isMemory = kind <= SIZED.memoryInit;
    const code = new Assembler();
    const [target, source, size] = [3, 4, 5];
    const [room, piece] = [6, 7];
    const widen = (operand: number, into: number): void => {
      code.localGet(operand);
      if (operands[operand] !== I64) code.u8(OPCODE.i64ExtendI32U);
      code.localSet(into);
    };
    const instruction = (): void => this.#instruction(code, kind, first, second);
    widen(0, target);
    if (!isFill) widen(1, source);
    widen(2, size);
    this.#trapOutOfBounds(code, kind, first, second, { target, source, size, room });

    const shift = isMemory ? SIZE_SHIFT.memory : SIZE_SHIFT.table;
    const nextPiece = (): void => {
      const longest = isMemory ? PIECE.memoryBytes : PIECE.tableEntries;
      code.i64Const(longest).localGet(size).i64Const(longest).localGet(size);
      code.u8(OPCODE.i64LtU).u8(OPCODE.select).localSet(piece);
      this.#charge(code, () => {
        code.localGet(piece).u8(OPCODE.i32WrapI64).i32Const(shift).u8(OPCODE.i32ShrU);
      });
      code.localGet(size).localGet(piece).u8(OPCODE.i64Sub).localSet(size);
    };
    const pass = (local: number, operand: number, isFromEnd: boolean): void => {
      code.localGet(local);
      if (isFromEnd) code.localGet(size).u8(OPCODE.i64Add);
      if (operands[operand] !== I64) code.u8(OPCODE.i32WrapI64);
    };
    const loop = (isFromEnd: boolean): void => {
      code.u8(OPCODE.loop).u8(EMPTY_BLOCK);
      nextPiece();
      pass(target, 0, isFromEnd);
      if (isFill) code.localGet(1);
      else pass(source, 1, isFromEnd);
      pass(piece, 2, false);
      instruction();
      if (!isFromEnd) {
        for (const moved of isFill ? [target] : [target, source]) {
          code.localGet(moved).localGet(piece).u8(OPCODE.i64Add).localSet(moved);
        }
      }
      code.localGet(size).i64Const(0).u8(OPCODE.i64Ne).u8(OPCODE.brIf).unsigned(0);
      code.u8(OPCODE.end);
    };
    if (kind === SIZED.memoryCopy || kind === SIZED.tableCopy) {
      code.localGet(target).localGet(source).u8(OPCODE.i64GtU);
      code.u8(OPCODE.if).u8(EMPTY_BLOCK);
      loop(true);
      code.u8(OPCODE.else);
      loop(false);
      code.u8(OPCODE.end);
    } else {
      loop(false);
    }
    const locals: readonly ValueType[] = [I64, I64, I64, I64, I64];
    return this.#items.addFunction(this.#items.typeIndex(operands, []), locals, code);
  }

  /** Executes the instruction as it was, which traps, when it goes past an end. */
  #trapOutOfBounds(
    code: Assembler,
    kind: number,
    first: number,
    second: number,
    locals: { target: number; source: number; size: number; room: number },
  ): void {
    const { target, source, size, room } = locals;
    const isPast = (position: number, limit: () => void): void => {
      limit();
      code.localTee(room).localGet(size).u8(OPCODE.i64LtU);
      code.localGet(position).localGet(room).localGet(size).u8(OPCODE.i64Sub);
      code.u8(OPCODE.i64GtU).u8(OPCODE.i32Or);
    };
    const memoryLimit = (): void => {
      code.u8(OPCODE.memorySize).u8(0);
      if (!this.#isMemory64()) code.u8(OPCODE.i64ExtendI32U);
      code.i64Const(PAGE_SIZE_SHIFT).u8(OPCODE.i64Shl);
    };
    const tableLimit = (table: number) => (): void => {
      code.u8(OPCODE.numericPrefix).unsigned(BULK_OPCODE.tableSize).unsigned(table);
      if (!this.#isTable64(table)) code.u8(OPCODE.i64ExtendI32U);
    };
    const segmentLimit = (entries: number) => (): void => {
      code.i64Const(entries);
    };
    switch (kind) {
      case SIZED.memoryFill:
        isPast(target, memoryLimit);
        break;
      case SIZED.tableFill:
        isPast(target, tableLimit(first));
        break;
      case SIZED.memoryCopy:
        isPast(target, memoryLimit);
        isPast(source, memoryLimit);
        break;
      case SIZED.memoryInit:
        isPast(target, memoryLimit);
        isPast(source, segmentLimit(this.#module.dataSizes[first] ?? 0));
        break;
      case SIZED.tableCopy:
        isPast(target, tableLimit(first));
        isPast(source, tableLimit(second));
        break;
      default:
        isPast(target, tableLimit(second));
        isPast(source, segmentLimit(this.#module.elementSizes[first] ?? 0));
    }
    if (kind !== SIZED.memoryFill && kind !== SIZED.tableFill) code.u8(OPCODE.i32Or);
    code.u8(OPCODE.if).u8(EMPTY_BLOCK).localGet(0).localGet(1).localGet(2);
    this.#instruction(code, kind, first, second);
    code.u8(OPCODE.return).u8(OPCODE.end);
  }

  #instruction(code: Assembler, kind: number, first: number, second: number): void {
    code.u8(OPCODE.numericPrefix);
    switch (kind) {
      case SIZED.memoryCopy:
        code.unsigned(BULK_OPCODE.memoryCopy).u8(0).u8(0);
        break;
      case SIZED.memoryFill:
        code.unsigned(BULK_OPCODE.memoryFill).u8(0);
        break;
      case SIZED.memoryInit:
        code.unsigned(BULK_OPCODE.memoryInit).unsigned(first).u8(0);
        break;
      case SIZED.tableCopy:
        code.unsigned(BULK_OPCODE.tableCopy).unsigned(first).unsigned(second);
        break;
      case SIZED.tableFill:
        code.unsigned(BULK_OPCODE.tableFill).unsigned(first);
        break;
      default:
        code.unsigned(BULK_OPCODE.tableInit).unsigned(first).unsigned(second);
    }
  }

  /** Takes what `amount` leaves on the stack off the fuel, and yields when that is used up. */
  #charge(code: Assembler, amount: () => void): void {
    const { fuelGlobal, exhaustedFunction } = this.#items;
    code.globalGet(fuelGlobal);
    amount();
    code.u8(OPCODE.i32Sub).globalSet(fuelGlobal);
    code.globalGet(fuelGlobal).i32Const(0).u8(OPCODE.i32LtS);
    code.u8(OPCODE.if).u8(EMPTY_BLOCK).call(exhaustedFunction).u8(OPCODE.end);
  }

  /** Calls a hook with the i32 on the stack; leaves its answer there. */
  #ask(code: Assembler, hook: number): void {
    const type = this.#items.typeIndex([I32], [I32]);
    code.i32Const(hook).u8(OPCODE.callIndirect).unsigned(type).unsigned(this.#items.hooksTable);
  }
}

/** With a delta on the stack: answers -1 when it is one that can never be granted. */
function refuseAbove(code: Assembler, is64: boolean, most: number): void {
  if (is64) code.i64Const(most).u8(OPCODE.i64GtU);
  else code.i32Const(most).u8(OPCODE.i32GtU);
  answerMinusOneIf(code, is64);
}

function answerMinusOneIf(code: Assembler, is64: boolean): void {
  code.u8(OPCODE.if).u8(EMPTY_BLOCK);
  if (is64) code.i64Const(-1);
  else code.i32Const(-1);
  code.u8(OPCODE.return).u8(OPCODE.end);
}
