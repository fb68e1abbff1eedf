import type { AppendedItems } from './appended-items.ts';
import { Assembler } from './assembler.ts';
import { AtomicFunctions } from './atomic-functions.ts';
import type { CachePlanner } from './cache-planner.ts';
import { PIECE, SIZE_SHIFT } from './cost.ts';
import { beginChunk, putComparison } from './counted-loop-code.ts';
import type { CountedLoop, CountedLoops } from './counted-loops.ts';
import { FuelCode } from './fuel-code.ts';
import type { FunctionDecoder } from './function-decoder.ts';
import { doubled, EVENT, SIZED } from './function-events.ts';
import type { ModuleOutline } from './module-sections.ts';
import { EMPTY_BLOCK, OPCODE } from './opcode.ts';
import type { RegionPlanner } from './region-planner.ts';
import { SizedFunctions } from './sized-functions.ts';

const INITIAL_DEPTH = 256;

/** Labels that a wrapped loop adds around itself. */
const WRAPPING_LABELS = 3;
/** As they are numbered in the wrapped loop's header. */
const COLD_LABEL = 1;

/** The whole function's fuel is cached: as if a loop around its outermost blocks were. */
const WHOLE_FUNCTION = 1;
const NOT_CACHED = -1;

/**
 * Writes a body anew with its charges and checks in place.
 *
 * # Theory of operation
 * Plain code is copied as it stands; at some events something is put in, or in their place.
 *
 * *Checks.* A check in place is `fuel -= cost; if (fuel < 0) exhausted()`. In a loop this costs too
 * much, not for the counting but for the call: with one in the loop the compiler spills registers
 * around it and does not unroll. So the call stands outside:
 *
 *     block $done             ;; of the loop's own type
 *       loop $outer
 *         block $cold
 *           loop $own
 *             fuel -= cost; br_if $cold (fuel < 0)
 *             … the loop's body …
 *           end
 *           br $done
 *         end
 *         exhausted(); fuel += cost; br $outer
 *       end
 *     end
 *
 * which needs a loop that takes no operands (`br $outer` enters it from the beginning; its locals
 * are all of its state). `#extraLabels` counts the labels put in around the present place, by which
 * branches out of there are raised.
 *
 * *Caching.* Where it pays, the fuel is kept in a local: it is stored back before calls and
 * wherever the cached part is left, and loaded again after calls.
 */
export class BodyRewriter {
  readonly #module: ModuleOutline;
  readonly #decoder: FunctionDecoder;
  readonly #planner: RegionPlanner;
  readonly #cache: CachePlanner;
  readonly #sized: SizedFunctions;
  readonly #atomic: AtomicFunctions;
  readonly #counted: CountedLoops;
  readonly #fuel: FuelCode;
  readonly #code: Assembler;
  readonly #header = new Assembler();

  /** How much of the original stands in the result already. */
  #copied = 0;
  #depth = 0;
  #extraLabels = 0;
  /** Depth of the outermost block inside of which the fuel is cached. */
  #cacheDepth = NOT_CACHED;

  #arities = new Int32Array(INITIAL_DEPTH);
  /** `#extraLabels` where the block's label stands. */
  #labelsAt = new Int32Array(INITIAL_DEPTH);
  /** By open block: the cost that a wrapped loop is charged, -1 for others. */
  #wrappedCosts = new Int32Array(INITIAL_DEPTH);
  #isCachedLoop = new Uint8Array(INITIAL_DEPTH);
  readonly #countedLoops: (CountedLoop | undefined)[] = [];

  constructor(
    module: ModuleOutline,
    decoder: FunctionDecoder,
    planner: RegionPlanner,
    cache: CachePlanner,
    counted: CountedLoops,
    items: AppendedItems,
  ) {
    this.#module = module;
    this.#decoder = decoder;
    this.#planner = planner;
    this.#cache = cache;
    this.#counted = counted;
    this.#fuel = new FuelCode(items);
    this.#code = this.#fuel.code;
    this.#sized = new SizedFunctions(module, items);
    this.#atomic = new AtomicFunctions(items);
  }

  /** The section of hints for all bodies so far. */
  hints(): Uint8Array {
    return this.#fuel.hints.section();
  }

  /** Appends the body that was decoded and planned last, with its size, to the code section. */
  rewrite(functionIndex: number, into: Assembler): void {
    const { events } = this.#decoder;
    const type = this.#module.types[this.#module.functionTypes[functionIndex] ?? -1];
    this.#fuel.reset(this.#decoder.localCount);
    this.#copied = this.#decoder.codeStart;
    this.#depth = 0;
    this.#extraLabels = 0;
    this.#cacheDepth = NOT_CACHED;
    this.#open(type?.results.length ?? 0);
    if (this.#cache.isWholeFunction) {
      this.#beginCache(WHOLE_FUNCTION);
    }
    this.#chargeAt(0);
    for (let event = 1; event < events.count; event++) {
      if (!this.#rewriteEvent(event)) this.#chargeAt(event);
    }
    this.#copyTo(events.ends[events.count - 1] ?? 0);
    this.#finish(functionIndex, into);
  }

  #finish(functionIndex: number, into: Assembler): void {
    const { bytes } = this.#module;
    const { declarationCount, declarationStart, codeStart } = this.#decoder;
    const { locals } = this.#fuel;
    const header = this.#header;
    header.clear();
    header.unsigned(declarationCount + locals.groupCount);
    header.copy(bytes, declarationStart, codeStart);
    locals.writeGroups(header);
    this.#fuel.hints.finishFunction(functionIndex, header.length);
    into.unsigned(header.length + this.#code.length);
    into.raw(header.view()).raw(this.#code.view());
  }

  /** Answers whether the event's charge was written already. */
  #rewriteEvent(event: number): boolean {
    const { kinds, operands } = this.#decoder.events;
    const kind = kinds[event] ?? 0;
    const operand = operands[event] ?? 0;
    switch (kind) {
      case EVENT.block:
      case EVENT.if:
      case EVENT.try:
        this.#open(operand);
        return false;
      case EVENT.tryTable:
        if (this.#extraLabels > 0) this.#rewriteTryTable(event);
        this.#open(operand);
        return false;
      case EVENT.loop:
        return this.#openLoop(event, operand);
      case EVENT.end:
        this.#close(event);
        return false;
      case EVENT.delegate:
        this.#depth--;
        this.#relabel(event, operand);
        return false;
      case EVENT.rethrow:
        this.#storeBefore(event);
        this.#relabel(event, operand);
        return false;
      case EVENT.branch:
        if (this.#isExit(operand)) this.#storeBefore(event);
        this.#relabel(event, operand);
        return false;
      case EVENT.branchIf:
        this.#rewriteBranchIf(event, operand);
        return false;
      case EVENT.branchOn:
        this.#rewriteBranchOn(event, operand);
        return false;
      case EVENT.branchTable:
        this.#rewriteBranchTable(event, operand);
        return false;
      case EVENT.call:
      case EVENT.indirectCall:
        if (this.#cacheDepth !== NOT_CACHED) {
          this.#storeBefore(event);
          this.#copyTo(this.#endOf(event));
          this.#fuel.load();
        }
        return false;
      case EVENT.return:
      case EVENT.tailCall:
      case EVENT.throw:
      case EVENT.unreachable:
        this.#storeBefore(event);
        return false;
      case EVENT.sized:
        this.#rewriteSized(event, operand);
        return false;
      case EVENT.atomic:
        this.#replace(event).i32Const(this.#decoder.events.extras[event] ?? 0);
        this.#fuel.call(this.#atomic.functionFor(operand));
        return false;
      default:
        return false;
    }
  }

  #startOf(event: number): number {
    return this.#decoder.events.starts[event] ?? 0;
  }

  #endOf(event: number): number {
    return this.#decoder.events.ends[event] ?? 0;
  }

  #copyTo(position: number): void {
    this.#code.copy(this.#module.bytes, this.#copied, position);
    this.#copied = position;
  }

  /** Copies up to the event's instruction and passes over that. */
  #replace(event: number): Assembler {
    this.#copyTo(this.#startOf(event));
    this.#copied = this.#endOf(event);
    return this.#code;
  }

  #open(arity: number): void {
    const depth = this.#depth++;
    if (depth === this.#arities.length) this.#growDepth();
    this.#arities[depth] = arity;
    this.#labelsAt[depth] = this.#extraLabels;
    this.#wrappedCosts[depth] = -1;
    this.#isCachedLoop[depth] = 0;
    this.#countedLoops[depth] = undefined;
  }

  #openLoop(event: number, arity: number): boolean {
    const code = this.#code;
    const isCached = this.#cache.isCachedLoop[event] === 1;
    this.#copyTo(this.#startOf(event));
    if (isCached) this.#beginCache(this.#depth);
    const counted = this.#counted.found.get(event);
    if (counted) {
      this.#openCounted(event, counted, isCached);
      return true;
    }
    if (this.#planner.checks[event] !== 1 || arity > 0) {
      this.#open(arity);
      if (isCached) this.#isCachedLoop[this.#depth - 1] = 1;
      return false;
    }
    const typeStart = this.#startOf(event) + 1;
    const typeEnd = this.#endOf(event);
    for (const opcode of [OPCODE.block, OPCODE.loop]) {
      code.u8(opcode).copy(this.#module.bytes, typeStart, typeEnd);
    }
    code.u8(OPCODE.block).u8(EMPTY_BLOCK);
    this.#extraLabels += WRAPPING_LABELS;
    this.#open(arity);
    const cost = this.#planner.charges[event] ?? 0;
    this.#wrappedCosts[this.#depth - 1] = cost;
    if (isCached) this.#isCachedLoop[this.#depth - 1] = 1;
    this.#copyTo(typeEnd);
    this.#fuel.chargeAndTest(cost);
    this.#fuel.hints.addUnlikely(code.length);
    code.u8(OPCODE.brIf).unsigned(COLD_LABEL);
    return true;
  }

  /** See counted-loop-code.ts. */
  #openCounted(event: number, counted: CountedLoop, isCached: boolean): void {
    this.#code.u8(OPCODE.loop).u8(EMPTY_BLOCK);
    this.#extraLabels++;
    beginChunk(this.#fuel, counted, this.#planner.charges[event] ?? 0);
    this.#open(0);
    const depth = this.#depth - 1;
    this.#countedLoops[depth] = counted;
    if (isCached) this.#isCachedLoop[depth] = 1;
    this.#copyTo(this.#endOf(event));
  }

  /** Where the branch back compares with the bound, lets it compare with the chunk's end. */
  #rewriteLatch(event: number): boolean {
    const counted = this.#countedLoops[this.#depth - 1];
    if (counted?.latch !== event) return false;
    const chunkEnd = this.#fuel.locals.index('chunkEnd');
    const { boundStart, boundEnd, comparisonStart } = counted;
    this.#copyTo(boundStart ?? comparisonStart);
    this.#code.localGet(chunkEnd);
    this.#copied = boundEnd;
    this.#copyTo(comparisonStart);
    this.#code.u8(OPCODE.i32Ne);
    this.#copied = this.#startOf(event);
    return true;
  }

  #closeCounted(event: number, counted: CountedLoop): void {
    this.#copyTo(this.#endOf(event));
    this.#extraLabels--;
    putComparison(this.#fuel, counted);
    this.#code.u8(OPCODE.brIf).unsigned(0).u8(OPCODE.end);
  }

  #close(event: number): void {
    const depth = --this.#depth;
    const cost = this.#wrappedCosts[depth] ?? -1;
    if (depth === 0) {
      if (this.#cacheDepth !== NOT_CACHED) this.#storeBefore(event);
      return;
    }
    if (cost >= 0) this.#closeWrapped(event, cost);
    const counted = this.#countedLoops[depth];
    if (counted) this.#closeCounted(event, counted);
    if (this.#isCachedLoop[depth] === 1) {
      this.#copyTo(this.#endOf(event));
      this.#fuel.store();
      this.#fuel.isCached = false;
      this.#cacheDepth = NOT_CACHED;
    }
  }

  #closeWrapped(event: number, cost: number): void {
    const code = this.#code;
    this.#copyTo(this.#endOf(event));
    this.#extraLabels -= WRAPPING_LABELS;
    code.u8(OPCODE.br).unsigned(2).u8(OPCODE.end);
    this.#fuel.yieldAndPay(cost);
    code.u8(OPCODE.br).unsigned(0).u8(OPCODE.end).u8(OPCODE.end);
  }

  #chargeAt(event: number): void {
    const charge = this.#planner.charges[event] ?? 0;
    const isChecked = this.#planner.checks[event] === 1;
    if (charge === 0 && !isChecked) return;
    this.#copyTo(this.#endOf(event));
    if (isChecked) {
      this.#fuel.chargeAndTest(charge);
      this.#fuel.yieldIf();
    } else {
      this.#fuel.charge(charge);
    }
  }

  #beginCache(depth: number): void {
    this.#cacheDepth = depth;
    this.#fuel.isCached = true;
    this.#fuel.load();
  }

  #storeBefore(event: number): void {
    if (this.#cacheDepth === NOT_CACHED) return;
    this.#copyTo(this.#startOf(event));
    this.#fuel.store();
  }

  /** Whether a branch to the label leaves the part in which the fuel is cached. */
  #isExit(label: number): boolean {
    return this.#cacheDepth !== NOT_CACHED && this.#depth - 1 - label < this.#cacheDepth;
  }

  /** How many labels stand between here and the label's block that were not there before. */
  #raise(label: number): number {
    return this.#extraLabels - (this.#labelsAt[this.#depth - 1 - label] ?? 0);
  }

  /** Rewrites an instruction of one byte and a label. */
  #relabel(event: number, label: number): void {
    const raise = this.#raise(label);
    if (raise === 0) return;
    const opcode = this.#module.bytes[this.#startOf(event)] ?? 0;
    this.#replace(event)
      .u8(opcode)
      .unsigned(label + raise);
  }

  #rewriteBranchIf(event: number, label: number): void {
    if (this.#rewriteLatch(event)) return;
    if (!this.#isExit(label)) {
      this.#relabel(event, label);
      return;
    }
    if ((this.#arities[this.#depth - 1 - label] ?? 0) > 0) {
      this.#storeBefore(event);
      this.#relabel(event, label);
      return;
    }
    const code = this.#replace(event);
    code.u8(OPCODE.if).u8(EMPTY_BLOCK);
    this.#fuel.store();
    code.u8(OPCODE.br).unsigned(label + 1 + this.#raise(label));
    code.u8(OPCODE.end);
  }

  #rewriteBranchOn(event: number, label: number): void {
    const { extras, pool } = this.#decoder.events;
    if (this.#isExit(label)) this.#storeBefore(event);
    const raise = this.#raise(label);
    if (raise === 0) return;
    const extra = extras[event] ?? 0;
    this.#copyTo(pool[extra] ?? 0);
    this.#code.unsigned(label + raise);
    this.#copied = pool[extra + 1] ?? 0;
  }

  #rewriteBranchTable(event: number, list: number): void {
    const { pool } = this.#decoder.events;
    const count = pool[list] ?? 0;
    let isExit = false;
    let isRaised = false;
    for (let index = 1; index <= count; index++) {
      const label = pool[list + index] ?? 0;
      if (this.#isExit(label)) isExit = true;
      if (this.#raise(label) > 0) isRaised = true;
    }
    if (isExit) this.#storeBefore(event);
    if (!isRaised) return;
    const code = this.#replace(event);
    code.u8(OPCODE.brTable).unsigned(count - 1);
    for (let index = 1; index <= count; index++) {
      const label = pool[list + index] ?? 0;
      code.unsigned(label + this.#raise(label));
    }
  }

  #rewriteTryTable(event: number): void {
    const { extras, pool } = this.#decoder.events;
    const extra = extras[event] ?? 0;
    const count = pool[extra] ?? 0;
    const code = this.#replace(event);
    const typeEnd = pool[extra + 1] ?? 0;
    code.u8(OPCODE.tryTable);
    code.copy(this.#module.bytes, this.#startOf(event) + 1, typeEnd);
    code.unsigned(count);
    for (let index = 0; index < count; index++) {
      const at = extra + 2 + 3 * index;
      const kind = pool[at] ?? 0;
      const label = pool[at + 2] ?? 0;
      code.u8(kind);
      if (kind < 2) code.unsigned(pool[at + 1] ?? 0);
      code.unsigned(label + this.#raise(label));
    }
  }

  #rewriteSized(event: number, kind: number): void {
    const { extras, pool } = this.#decoder.events;
    const extra = extras[event] ?? 0;
    const first = pool[extra] ?? 0;
    const second = pool[extra + 1] ?? 0;
    if (kind === SIZED.memoryGrow || kind === SIZED.tableGrow) {
      this.#replace(event);
      this.#callSized(kind, first, second);
      return;
    }
    const isMemory = kind <= SIZED.memoryInit;
    const shift = isMemory ? SIZE_SHIFT.memory : SIZE_SHIFT.table;
    const is64 = this.#sized.isSize64(kind, first, second);
    const size = this.#fuel.locals.index(is64 ? 'size64' : 'size');
    const code = this.#code;
    this.#copyTo(this.#startOf(event));
    code.localTee(size);
    const chargeSize = (): void => {
      this.#fuel.read();
      code.localGet(size);
      if (is64) code.u8(OPCODE.i32WrapI64);
      code.i32Const(shift).u8(OPCODE.i32ShrU).u8(OPCODE.i32Sub);
      this.#fuel.write();
    };
    if (!this.#sized.canBeLarge(kind, first, second)) {
      chargeSize();
      return;
    }
    const longest = isMemory ? PIECE.memoryBytes : PIECE.tableEntries;
    code.localGet(size);
    if (is64) code.i64Const(longest).u8(OPCODE.i64GtU);
    else code.i32Const(longest).u8(OPCODE.i32GtU);
    code.u8(OPCODE.if).signed(this.#sized.operandsType(kind, first, second));
    this.#callSized(kind, first, second);
    code.u8(OPCODE.else);
    chargeSize();
    this.#copyTo(this.#endOf(event));
    code.u8(OPCODE.end);
  }

  #callSized(kind: number, first: number, second: number): void {
    this.#fuel.call(this.#sized.functionFor(kind, first, second));
  }

  #growDepth(): void {
    const isCachedLoop = new Uint8Array(this.#arities.length * 2);
    isCachedLoop.set(this.#isCachedLoop);
    this.#isCachedLoop = isCachedLoop;
    this.#arities = doubled(this.#arities);
    this.#labelsAt = doubled(this.#labelsAt);
    this.#wrappedCosts = doubled(this.#wrappedCosts);
  }
}
