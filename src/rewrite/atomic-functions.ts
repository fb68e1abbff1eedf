import { type AppendedItems, I32, I64, type ValueType } from './appended-items.ts';
import { Assembler } from './assembler.ts';
import { HOOKS } from './hooks.ts';
import { ATOMIC_OPCODE, EMPTY_BLOCK, OPCODE } from './opcode.ts';

/**
 * Functions that stand in place of `memory.atomic.wait32`, `wait64` and `notify`.
 *
 * # Theory of operation
 * The threads of a program are coroutines: one of them runs at a time, and is interrupted at checks
 * and in hostcalls alone. So their memory need not be shared in WebAssembly's sense. It becomes an
 * ordinary one (which may be bounded and copied, needs no SharedArrayBuffer, and gives nobody a
 * fine clock) that each thread's instance imports. All accesses, atomic ones as well, mean the same
 * on an ordinary memory; but waiting there traps, and notifying wakes nobody. These are the host's,
 * through hooks (hooks.ts). On a memory that was not shared they stay as they were.
 *
 * The functions take the operands of the instruction and its static offset, and trap as it would.
 */
export class AtomicFunctions {
  readonly #items: AppendedItems;
  readonly #made = new Map<number, number>();

  constructor(items: AppendedItems) {
    this.#items = items;
  }

  /** Index of the function for an instruction, by its opcode. */
  functionFor(opcode: number): number {
    const known = this.#made.get(opcode);
    if (known !== undefined) return known;
    const index = this.#make(opcode);
    this.#made.set(opcode, index);
    return index;
  }

  #make(opcode: number): number {
    const { wait64, notify } = ATOMIC_OPCODE;
    const expected = opcode === wait64 ? I64 : I32;
    const operands: readonly ValueType[] = opcode === notify ? [I32, I32] : [I32, expected, I64];
    const offset = operands.length;
    const address = offset + 1;
    const code = new Assembler();
    code.localGet(0).u8(OPCODE.i64ExtendI32U).localGet(offset).u8(OPCODE.i64ExtendI32U);
    code.u8(OPCODE.i64Add).localTee(address);
    // Past 32 bits the sum is out of bounds, of a memory of 4 GiB as well: so is -8 with 8.
    code.i64Const(32).u8(OPCODE.i64ShrS).u8(OPCODE.i32WrapI64).u8(OPCODE.if).u8(EMPTY_BLOCK);
    code.i32Const(-8);
    this.#touch(code, opcode, 8);
    code.u8(OPCODE.end);
    code.localGet(address).u8(OPCODE.i32WrapI64);
    this.#touch(code, opcode, 0);
    code.localGet(address).u8(OPCODE.i32WrapI64);
    for (let operand = 1; operand < offset; operand++) code.localGet(operand);
    code.i32Const(hookOf(opcode)).u8(OPCODE.callIndirect);
    code.unsigned(this.#items.typeIndex(operands, [I32])).unsigned(this.#items.hooksTable);
    const type = this.#items.typeIndex([...operands, I32], [I32]);
    return this.#items.addFunction(type, [I64], code);
  }

  /** An atomic load of the same size from the address on the stack, for its traps. */
  #touch(code: Assembler, opcode: number, offset: number): void {
    const isWide = opcode === ATOMIC_OPCODE.wait64;
    code.u8(OPCODE.atomicPrefix);
    code.unsigned(isWide ? ATOMIC_OPCODE.i64Load : ATOMIC_OPCODE.i32Load);
    code.unsigned(atomicAlignment(opcode)).unsigned(offset).u8(OPCODE.drop);
  }
}

/** The alignment, as a power of two, that validation asks of these instructions. */
export function atomicAlignment(opcode: number): number {
  return opcode === ATOMIC_OPCODE.wait64 ? 3 : 2;
}

function hookOf(opcode: number): number {
  if (opcode === ATOMIC_OPCODE.notify) return HOOKS.atomicNotify;
  return opcode === ATOMIC_OPCODE.wait64 ? HOOKS.atomicWait64 : HOOKS.atomicWait32;
}
