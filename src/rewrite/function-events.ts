import { COST } from './cost.ts';

/**
 * The instructions of a body that matter to control flow or to fuel, in order. What stands between
 * two of them is plain code, of which only the cost is kept.
 */
export const EVENT = {
  /** Before the first instruction; always event 0. */
  start: 0,
  block: 1,
  loop: 2,
  if: 3,
  else: 4,
  /** When a latch stands before it, `extra` points at `RECENT_COUNT` places in the pool. */
  end: 5,
  /** `operand` is the label. */
  branch: 6,
  /** `operand` is the label. */
  branchIf: 7,
  /** `operand` points at `[count, label…]` in the pool. */
  branchTable: 8,
  /** `br_on_null`, `br_on_cast` …: `operand` is the label, `extra` points at `[start, end]` of it. */
  branchOn: 9,
  return: 10,
  unreachable: 11,
  /** `operand` is the function. */
  call: 12,
  indirectCall: 13,
  /** `operand` is the function, or -1. */
  tailCall: 14,
  /** `throw`, `throw_ref`. */
  throw: 15,
  /** `operand` is the label. */
  rethrow: 16,
  try: 17,
  catch: 18,
  /** `operand` is the label. */
  delegate: 19,
  /** `extra` points at `[count, end of block type, (kind, tag, label)…]` in the pool. */
  tryTable: 20,
  /** Work by size: `operand` is a `SIZED` kind, `extra` points at its two operands in the pool. */
  sized: 21,
  /** No instruction: a place in long plain code at which a check may stand. */
  cut: 22,
  /**
   * `memory.atomic.wait…` and `notify` on a shared memory: `operand` is the opcode, `extra` the
   * static offset, as a signed number.
   */
  atomic: 23,
} as const;

/** For events that open a block, `operand` is the arity of its label. */
export const SIZED = {
  memoryCopy: 0,
  memoryFill: 1,
  memoryInit: 2,
  memoryGrow: 3,
  tableCopy: 4,
  tableFill: 5,
  tableInit: 6,
  tableGrow: 7,
  /** Of the GC proposal: only charged. */
  array: 8,
} as const;

/** What the event's own instruction costs. */
export const EVENT_COSTS: Readonly<Uint8Array> = buildEventCosts();

function buildEventCosts(): Uint8Array {
  const costs = new Uint8Array(32);
  const { branch, branchIf, branchTable, branchOn, call, tailCall, rethrow, sized, atomic } = EVENT;
  for (const kind of [branch, branchIf, branchTable, branchOn, EVENT.if, call, tailCall]) {
    costs[kind] = COST.plain;
  }
  costs[sized] = COST.plain;
  costs[atomic] = COST.plain;
  costs[EVENT.throw] = COST.plain;
  costs[rethrow] = COST.plain;
  costs[EVENT.indirectCall] = COST.indirectCall;
  return costs;
}

/**
 * Of a latch, a `br_if` to the innermost block right before its end, it is kept where the
 * instructions before it begin: so many of them, the last one first.
 */
export const RECENT_COUNT = 14;

const INITIAL_CAPACITY = 1 << 12;

/**
 * The events of one body as columns, used again for the next body: hot buffers, which only the
 * decoder and the planner write.
 */
export class FunctionEvents {
  count = 0;
  kinds = new Uint8Array(INITIAL_CAPACITY);
  /** Where the instruction begins and ends in the module. */
  starts = new Int32Array(INITIAL_CAPACITY);
  ends = new Int32Array(INITIAL_CAPACITY);
  /** Cost of the plain code before it. */
  costs = new Int32Array(INITIAL_CAPACITY);
  operands = new Int32Array(INITIAL_CAPACITY);
  extras = new Int32Array(INITIAL_CAPACITY);
  /** How many local.set and local.tee stand before it (see `writtenLocals`). */
  writeCounts = new Int32Array(INITIAL_CAPACITY);

  /** Lists of varying length that events point into. */
  pool = new Int32Array(INITIAL_CAPACITY);
  poolLength = 0;

  /** The local that each local.set and local.tee writes, and where. */
  writtenLocals = new Int32Array(INITIAL_CAPACITY);
  writtenAt = new Int32Array(INITIAL_CAPACITY);
  writeCount = 0;

  clear(): void {
    this.count = 0;
    this.poolLength = 0;
    this.writeCount = 0;
  }

  add(
    kind: number,
    start: number,
    end: number,
    cost: number,
    operand: number,
    extra: number,
  ): void {
    const index = this.count++;
    if (index === this.kinds.length) this.#grow();
    this.kinds[index] = kind;
    this.starts[index] = start;
    this.ends[index] = end;
    this.costs[index] = cost;
    this.operands[index] = operand;
    this.extras[index] = extra;
    this.writeCounts[index] = this.writeCount;
  }

  /** Answers where the number stands in the pool. */
  addToPool(value: number): number {
    if (this.poolLength === this.pool.length) this.pool = doubled(this.pool);
    this.pool[this.poolLength] = value;
    return this.poolLength++;
  }

  addWrite(local: number, position: number): void {
    const index = this.writeCount++;
    if (index === this.writtenLocals.length) {
      this.writtenLocals = doubled(this.writtenLocals);
      this.writtenAt = doubled(this.writtenAt);
    }
    this.writtenLocals[index] = local;
    this.writtenAt[index] = position;
  }

  #grow(): void {
    const kinds = new Uint8Array(this.kinds.length * 2);
    kinds.set(this.kinds);
    this.kinds = kinds;
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
    this.costs = doubled(this.costs);
    this.operands = doubled(this.operands);
    this.extras = doubled(this.extras);
    this.writeCounts = doubled(this.writeCounts);
  }
}

export function doubled(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2);
  larger.set(column);
  return larger;
}
