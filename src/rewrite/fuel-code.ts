import type { AppendedItems } from './appended-items.ts';
import { Assembler } from './assembler.ts';
import { BodyLocals } from './body-locals.ts';
import { BranchHints } from './branch-hints.ts';
import { EMPTY_BLOCK, OPCODE } from './opcode.ts';

/**
 * A body in the making, and the instructions that count fuel in it: by the global, or by a local
 * where it is cached.
 */
export class FuelCode {
  readonly code = new Assembler();
  readonly locals = new BodyLocals();
  readonly hints = new BranchHints();
  /** Whether the fuel is in a local at the present place. */
  isCached = false;

  readonly #items: AppendedItems;

  constructor(items: AppendedItems) {
    this.#items = items;
  }

  reset(ownLocals: number): void {
    this.code.clear();
    this.locals.reset(ownLocals);
    this.hints.clear();
    this.isCached = false;
  }

  /** Puts the fuel on the stack. */
  read(): void {
    if (this.isCached) this.code.localGet(this.locals.index('fuel'));
    else this.code.globalGet(this.#items.fuelGlobal);
  }

  /** Takes the fuel from the stack. */
  write(): void {
    if (this.isCached) this.code.localSet(this.locals.index('fuel'));
    else this.code.globalSet(this.#items.fuelGlobal);
  }

  /** Takes the fuel from the stack and leaves there whether it is used up. */
  writeAndTest(): void {
    const { code } = this;
    if (this.isCached) {
      code.localTee(this.locals.index('fuel'));
    } else {
      const checked = this.locals.index('checkedFuel');
      code.localTee(checked).globalSet(this.#items.fuelGlobal).localGet(checked);
    }
    code.i32Const(0).u8(OPCODE.i32LtS);
  }

  charge(cost: number): void {
    this.read();
    this.code.i32Const(cost).u8(OPCODE.i32Sub);
    this.write();
  }

  /** Charges, and leaves on the stack whether the fuel is used up. */
  chargeAndTest(cost: number): void {
    this.read();
    if (cost === 0) {
      this.code.i32Const(0).u8(OPCODE.i32LtS);
      return;
    }
    this.code.i32Const(cost).u8(OPCODE.i32Sub);
    this.writeAndTest();
  }

  /** Yields if what is on the stack says so. */
  yieldIf(): void {
    this.hints.addUnlikely(this.code.length);
    this.code.u8(OPCODE.if).u8(EMPTY_BLOCK);
    this.call(this.#items.exhaustedFunction);
    this.code.u8(OPCODE.end);
  }

  /** Yields, and puts the fuel there that a loop's header takes off at once. */
  yieldAndPay(cost: number): void {
    if (this.isCached) this.store();
    this.code.call(this.#items.exhaustedFunction);
    this.code.globalGet(this.#items.fuelGlobal).i32Const(cost).u8(OPCODE.i32Add);
    this.write();
  }

  /** Calls a function that counts fuel itself. */
  call(functionIndex: number): void {
    if (this.isCached) this.store();
    this.code.call(functionIndex);
    if (this.isCached) this.load();
  }

  store(): void {
    this.code.localGet(this.locals.index('fuel')).globalSet(this.#items.fuelGlobal);
  }

  load(): void {
    this.code.globalGet(this.#items.fuelGlobal).localSet(this.locals.index('fuel'));
  }
}
