import { LIMITS_BETWEEN_CHECKS } from './cost.ts';
import type { FunctionDecoder } from './function-decoder.ts';
import { EVENT, EVENT_COSTS, RECENT_COUNT } from './function-events.ts';
import type { ModuleOutline } from './module-sections.ts';
import { EMPTY_BLOCK, OPCODE } from './opcode.ts';
import type { RegionPlanner } from './region-planner.ts';

/**
 * A loop that goes on while a local, moved by a constant in each iteration, compares so with a
 * bound that does not change: how often it runs is known before it does.
 */
export interface CountedLoop {
  /** The last event inside: the branch back to the loop. */
  readonly latch: number;
  readonly variable: number;
  readonly step: number;
  /** The comparison of the new value with the bound, in that order. */
  readonly comparison: number;
  readonly bound: Bound;
  /** Where the bound is put on the stack, in the original; undefined: it is not, being 0. */
  readonly boundStart: number | undefined;
  readonly boundEnd: number;
  /** Where the comparison stands, up to the latch. */
  readonly comparisonStart: number;
  /** How many iterations are charged at once, at most. */
  readonly longestChunk: number;
}

export type Bound =
  | { readonly kind: 'local'; readonly local: number }
  | { readonly kind: 'constant'; readonly value: number };

/** Larger steps than this may wrap around within a chunk. */
const LONGEST_STEP = 1 << 16;
/** Below this, preparing a chunk costs more than the checks that it saves. */
const SHORTEST_CHUNK = 16;

const SWAPPED: ReadonlyMap<number, number> = new Map([
  [OPCODE.i32Ne, OPCODE.i32Ne],
  [OPCODE.i32LtS, OPCODE.i32GtS],
  [OPCODE.i32LtU, OPCODE.i32GtU],
  [OPCODE.i32GtS, OPCODE.i32LtS],
  [OPCODE.i32GtU, OPCODE.i32LtU],
  [OPCODE.i32LeS, OPCODE.i32GeS],
  [OPCODE.i32LeU, OPCODE.i32GeU],
  [OPCODE.i32GeS, OPCODE.i32LeS],
  [OPCODE.i32GeU, OPCODE.i32LeU],
]);

const UPWARD: readonly number[] = [OPCODE.i32LtS, OPCODE.i32LtU, OPCODE.i32LeS, OPCODE.i32LeU];

/**
 * Finds the counted loops of a body.
 *
 * # Theory of operation
 * Looked for are innermost loops whose only way around and out is a `br_if` at their end, and in
 * whose last plain code stands `v += c` and a comparison of v with a constant or a local that the
 * loop does not write. Blocks inside are allowed as long as no branch leaves the loop: then each
 * iteration runs the header's region once, and that can be charged for many iterations ahead.
 *
 * The instructions before the `br_if` are known by where they begin, which the decoder keeps (see
 * `RECENT_COUNT`); reading code backwards could take an operand for an instruction.
 */
export class CountedLoops {
  /** By event of a loop. */
  readonly found = new Map<number, CountedLoop>();

  readonly #module: ModuleOutline;
  readonly #decoder: FunctionDecoder;

  constructor(module: ModuleOutline, decoder: FunctionDecoder) {
    this.#module = module;
    this.#decoder = decoder;
  }

  find(planner: RegionPlanner): void {
    const { count, kinds, operands, starts, ends, costs } = this.#decoder.events;
    this.found.clear();
    let loop = 0;
    let loopDepth = 0;
    let latch = 0;
    let total = 0;
    let depth = 1;
    for (let event = 1; event < count; event++) {
      const kind = kinds[event] ?? 0;
      total += (costs[event] ?? 0) + (EVENT_COSTS[kind] ?? 0);
      switch (kind) {
        case EVENT.loop:
          loop = this.#isCandidate(event, planner) ? event : 0;
          loopDepth = depth++;
          latch = 0;
          total = 0;
          continue;
        case EVENT.block:
        case EVENT.if:
          depth++;
          break;
        case EVENT.try:
        case EVENT.tryTable:
          depth++;
          loop = 0;
          break;
        case EVENT.end:
        case EVENT.delegate:
          depth--;
          if (loop === 0 || depth !== loopDepth) break;
          if (latch === event - 1 && starts[event] === ends[latch]) {
            const counted = this.#match(loop, latch, total);
            if (counted) this.found.set(loop, counted);
          }
          loop = 0;
          break;
        case EVENT.branchIf: {
          const target = depth - 1 - (operands[event] ?? 0);
          if (target === loopDepth && latch === 0) latch = event;
          else if (target <= loopDepth) loop = 0;
          break;
        }
        case EVENT.branch:
        case EVENT.branchOn:
          if (depth - 1 - (operands[event] ?? 0) <= loopDepth) loop = 0;
          break;
        case EVENT.else:
        case EVENT.unreachable:
          break;
        default:
          loop = 0;
      }
      if (planner.checks[event] === 1) loop = 0;
    }
  }

  #isCandidate(event: number, planner: RegionPlanner): boolean {
    const type = this.#module.bytes[(this.#decoder.events.starts[event] ?? 0) + 1];
    return type === EMPTY_BLOCK && planner.checks[event] === 1;
  }

  #match(loop: number, latch: number, total: number): CountedLoop | undefined {
    let longestChunk: number = LIMITS_BETWEEN_CHECKS.countedIterations;
    while (longestChunk * total > LIMITS_BETWEEN_CHECKS.countedChunk) longestChunk >>= 1;
    if (longestChunk < SHORTEST_CHUNK) return undefined;
    const recent = this.#recent(latch);
    const condition = this.#matchCondition(recent, this.#decoder.events.starts[latch] ?? 0);
    if (!condition) return undefined;
    const { variable, bound, comparison, variableAt } = condition;
    const step = this.#stepOf(recent, variableAt, variable);
    if (step === undefined || step === 0 || Math.abs(step) > LONGEST_STEP) return undefined;
    const isRightWay =
      comparison === OPCODE.i32Ne ||
      (step > 0 ? UPWARD.includes(comparison) : !UPWARD.includes(comparison));
    if (!isRightWay || this.#writesTo(variable, loop, latch) !== 1) return undefined;
    if (bound.kind === 'local' && this.#writesTo(bound.local, loop, latch) > 0) return undefined;
    const { boundStart, boundEnd, comparisonStart } = condition;
    return {
      latch,
      variable,
      step,
      comparison,
      bound,
      boundStart,
      boundEnd,
      comparisonStart,
      longestChunk,
    };
  }

  /** Where the instructions before the latch begin, the last one first, of its plain code only. */
  #recent(latch: number): readonly number[] {
    const { pool, extras, ends } = this.#decoder.events;
    const extra = extras[latch + 1] ?? 0;
    const first = ends[latch - 1] ?? 0;
    const starts: number[] = [];
    for (let index = 0; index < RECENT_COUNT; index++) {
      const start = pool[extra + index] ?? -1;
      if (start < first) break;
      starts.push(start);
    }
    return starts;
  }

  #matchCondition(recent: readonly number[], end: number): Condition | undefined {
    const last = this.#opcodeAt(recent[0]);
    if (last === OPCODE.localGet || last === OPCODE.localTee) {
      // The new value itself: on while it is not 0.
      return {
        variable: this.#operandAt(recent[0]),
        variableAt: 0,
        comparison: OPCODE.i32Ne,
        bound: { kind: 'constant', value: 0 },
        boundStart: undefined,
        boundEnd: end,
        comparisonStart: end,
      };
    }
    const swapped = SWAPPED.get(last);
    if (swapped === undefined) return undefined;
    const comparisonStart = recent[0] ?? 0;
    const bound = this.#boundAt(recent[1]);
    // A comparison of two locals could be read both ways; a bound that is written is no bound, and
    // so the way is wrong in which it is the variable.
    const ways = [
      { bound, boundAt: 1, variableAt: 2, comparison: last },
      ...(this.#opcodeAt(recent[1]) === OPCODE.localTee
        ? [{ bound: this.#boundAt(recent[5]), boundAt: 5, variableAt: 1, comparison: swapped }]
        : [{ bound: this.#boundAt(recent[2]), boundAt: 2, variableAt: 1, comparison: swapped }]),
    ];
    for (const way of ways) {
      const opcode = this.#opcodeAt(recent[way.variableAt]);
      if (!way.bound || (opcode !== OPCODE.localGet && opcode !== OPCODE.localTee)) continue;
      const variable = this.#operandAt(recent[way.variableAt]);
      if (this.#stepOf(recent, way.variableAt, variable) === undefined) continue;
      const boundStart = recent[way.boundAt] ?? 0;
      const boundEnd = recent[way.boundAt - 1] ?? 0;
      const { bound: found, comparison, variableAt } = way;
      return {
        variable,
        variableAt,
        comparison,
        bound: found,
        boundStart,
        boundEnd,
        comparisonStart,
      };
    }
    return undefined;
  }

  /** What is added to the variable where it is written: by a tee at its use, or before. */
  #stepOf(recent: readonly number[], from: number, variable: number): number | undefined {
    for (let at = from; at + 3 < recent.length; at++) {
      const opcode = this.#opcodeAt(recent[at]);
      const isWrite = opcode === OPCODE.localTee || opcode === OPCODE.localSet;
      if (!isWrite || this.#operandAt(recent[at]) !== variable) continue;
      const operation = this.#opcodeAt(recent[at + 1]);
      const isSub = operation === OPCODE.i32Sub;
      const isConstant = this.#opcodeAt(recent[at + 2]) === OPCODE.i32Const;
      const isOwn =
        this.#opcodeAt(recent[at + 3]) === OPCODE.localGet &&
        this.#operandAt(recent[at + 3]) === variable;
      if (!isConstant || !isOwn || (!isSub && operation !== OPCODE.i32Add)) return undefined;
      return this.#constantAt(recent[at + 2]) * (isSub ? -1 : 1);
    }
    return undefined;
  }

  /**
   * The bound's own instruction is left out of the result, so that what V8 would refuse in it must
   * not be taken for one.
   */
  #boundAt(start: number | undefined): Bound | undefined {
    if (this.#hasExcessBits(start)) return undefined;
    switch (this.#opcodeAt(start)) {
      case OPCODE.localGet:
        return { kind: 'local', local: this.#operandAt(start) };
      case OPCODE.i32Const:
        return { kind: 'constant', value: this.#constantAt(start) };
      default:
        return undefined;
    }
  }

  #writesTo(local: number, loop: number, latch: number): number {
    const { writeCounts, writtenLocals } = this.#decoder.events;
    let count = 0;
    const last = writeCounts[latch] ?? 0;
    for (let index = writeCounts[loop] ?? 0; index < last; index++) {
      if (writtenLocals[index] === local) count++;
    }
    return count;
  }

  #opcodeAt(start: number | undefined): number {
    return start === undefined ? OPCODE.unreachable : (this.#module.bytes[start] ?? 0);
  }

  /** Whether the fifth byte of a LEB128 of 32 bits, signed for a constant, says more than these. */
  #hasExcessBits(start: number | undefined): boolean {
    const first = (start ?? 0) + 1;
    const { bytes } = this.#module;
    for (let position = first; position < first + 4; position++) {
      if ((bytes[position] ?? 0) < 0x80) return false;
    }
    const last = bytes[first + 4] ?? 0;
    return this.#opcodeAt(start) === OPCODE.i32Const
      ? last > 0x07 && !(last >= 0x78 && last <= 0x7f)
      : last > 0x0f;
  }

  #operandAt(start: number | undefined): number {
    return this.#numberAt(start, false);
  }

  #constantAt(start: number | undefined): number {
    return this.#numberAt(start, true);
  }

  #numberAt(start: number | undefined, isSigned: boolean): number {
    let position = (start ?? 0) + 1;
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#module.bytes[position++] ?? 0;
      result |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const isNegative = isSigned && shift + 7 < 32 && (byte & 0x40) !== 0;
      return isNegative ? result | (-1 << (shift + 7)) : result;
    }
    return result;
  }
}

type Condition = Omit<CountedLoop, 'latch' | 'step' | 'longestChunk'> & {
  /** Which of the recent instructions puts the variable on the stack. */
  readonly variableAt: number;
};
