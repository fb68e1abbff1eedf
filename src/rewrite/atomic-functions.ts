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
 * They compare with the expected number themselves, so that the host need not know the memory.
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
    const { wait32, notify } = ATOMIC_OPCODE;
    const expected = opcode === wait32 ? I32 : I64;
    const operands: readonly ValueType[] = opcode === notify ? [I32, I32] : [I32, expected, I64];
    const offset = operands.length;
    const address = offset + 1;
    const code = new Assembler();
    code.localGet(0).u8(OPCODE.i64ExtendI32U).localGet(offset).u8(OPCODE.i64ExtendI32U);
    code.u8(OPCODE.i64Add).localTee(address);
    // Past 32 bits the sum is out of bounds, of a memory of 4 GiB as well: so is -8 with 8.
    code.i64Const(32).u8(OPCODE.i64ShrS).u8(OPCODE.i32WrapI64).u8(OPCODE.if).u8(EMPTY_BLOCK);
    code.i32Const(-8);
    load(code, opcode, 8);
    code.u8(OPCODE.drop).u8(OPCODE.end);
    code.localGet(address).u8(OPCODE.i32WrapI64);
    load(code, opcode, 0);
    // Nobody else runs before the host has put the thread into its queue.
    if (opcode === notify) code.u8(OPCODE.drop);
    else answerMismatch(code, opcode);
    code.localGet(address).u8(OPCODE.i32WrapI64);
    code.localGet(opcode === notify ? 1 : 2);
    const hook = opcode === notify ? HOOKS.atomicNotify : HOOKS.atomicWait;
    const hookType = this.#items.typeIndex([I32, opcode === notify ? I32 : I64], [I32]);
    code.i32Const(hook).u8(OPCODE.callIndirect).unsigned(hookType);
    code.unsigned(this.#items.hooksTable);
    const type = this.#items.typeIndex([...operands, I32], [I32]);
    return this.#items.addFunction(type, [I64], code);
  }
}

/** The alignment, as a power of two, that validation asks of these instructions. */
export function atomicAlignment(opcode: number): number {
  return opcode === ATOMIC_OPCODE.wait64 ? 3 : 2;
}

/** Loads what is at the address on the stack; traps as the instruction would. */
function load(code: Assembler, opcode: number, offset: number): void {
  const { wait64, i32Load, i64Load } = ATOMIC_OPCODE;
  code.u8(OPCODE.atomicPrefix).unsigned(opcode === wait64 ? i64Load : i32Load);
  code.unsigned(atomicAlignment(opcode)).unsigned(offset);
}

/** Answers 1 when the number on the stack is not the one that is expected. */
function answerMismatch(code: Assembler, opcode: number): void {
  code.localGet(1).u8(opcode === ATOMIC_OPCODE.wait64 ? OPCODE.i64Ne : OPCODE.i32Ne);
  code.u8(OPCODE.if).u8(EMPTY_BLOCK).i32Const(1).u8(OPCODE.return).u8(OPCODE.end);
}
