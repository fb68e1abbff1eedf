import { LIMITS_BETWEEN_CHECKS } from './cost.ts';
import { doubled, EVENT, EVENT_COSTS, type FunctionEvents } from './function-events.ts';
import type { ModuleOutline } from './module-sections.ts';
import type { CalleeCosts } from './region-planner.ts';

/** How a function's entry is charged and checked. */
export const ENTRY = {
  /** It charges and checks. */
  checked: 0,
  /** It charges; its callers count what it uses. */
  unchecked: 1,
  /** Its callers charge for it; it checks. */
  prepaid: 2,
  /** Its callers charge for it, and count what it uses. */
  folded: 3,
  /** The same; it calls only in loops, each of which checks, so that it may be recursive. */
  looped: 4,
} as const;

/** Whether the callers charge for the entry. */
export function isPrepaid(entry: number | undefined): boolean {
  return entry === ENTRY.folded || entry === ENTRY.prepaid || entry === ENTRY.looped;
}

export function checksAtEntry(entry: number | undefined): boolean {
  return entry === ENTRY.checked || entry === ENTRY.prepaid;
}

const INITIAL_CAPACITY = 1 << 12;
const INITIAL_DEPTH = 256;

/**
 * Finds the functions that need neither charge nor check at their entry.
 *
 * # Theory of operation
 * A call of a small function costs little more than what its entry would cost for fuel. The charge
 * of an entry can be paid by the callers, together with what they are charged anyway, if all of
 * these are known: no reference is taken of the function, and nobody outside calls it. The check
 * can be left out as well when what the function uses is bounded: it is not recursive, and its
 * cost, with all that it calls in this way, is below a limit. (Without the limit, functions that
 * call one another in pairs would double what runs unchecked with each level.) Loops inside keep
 * their checks.
 *
 * A recursive function whose calls all stand in loops of its own needs no check at its entry
 * either, if those loops keep theirs: whoever goes around passes one. What returns before it gets
 * to the loop (most calls of many recursive functions do) has no more to do then than it had.
 *
 * Functions that a table may hold only lose their check, if they call nothing through a table
 * themselves: such a call may lead back to them.
 *
 * The graph is walked once, callees first, by Tarjan's algorithm for strongly connected components,
 * which finds recursion as well. Cost is an upper bound here: the sum over all of a body.
 */
export class CallGraph {
  readonly #module: ModuleOutline;
  readonly #costs: Float64Array;
  readonly #callsIndirectly: Uint8Array;
  /** 1 where a call stands outside of all loops of the function. */
  readonly #callsStraight: Uint8Array;
  /** By open block of the function that is taken in: 1 for a loop. */
  #isLoop = new Uint8Array(INITIAL_DEPTH);
  /** The callees of function f: `#callees` from `#calleeStarts[f]` to `#calleeStarts[f + 1]`. */
  readonly #calleeStarts: Int32Array;
  #callees = new Int32Array(INITIAL_CAPACITY);
  #calleeCount = 0;

  constructor(module: ModuleOutline) {
    this.#module = module;
    this.#costs = new Float64Array(module.functionCount);
    this.#callsIndirectly = new Uint8Array(module.functionCount);
    this.#callsStraight = new Uint8Array(module.functionCount);
    this.#calleeStarts = new Int32Array(module.functionCount + 1);
  }

  /** Takes a function in; functions come in the order of their indices. */
  add(functionIndex: number, events: FunctionEvents): void {
    const { count, kinds, costs, operands } = events;
    let total = 0;
    let depth = 0;
    let loops = 0;
    for (let event = 1; event < count; event++) {
      const kind = kinds[event] ?? 0;
      total += (costs[event] ?? 0) + (EVENT_COSTS[kind] ?? 0);
      if (opensBlock(kind)) {
        if (depth === this.#isLoop.length) this.#isLoop = doubledBytes(this.#isLoop);
        this.#isLoop[depth++] = kind === EVENT.loop ? 1 : 0;
        if (kind === EVENT.loop) loops++;
      } else if ((kind === EVENT.end || kind === EVENT.delegate) && depth > 0) {
        loops -= this.#isLoop[--depth] ?? 0;
      } else if (loops === 0 && isCall(kind)) {
        this.#callsStraight[functionIndex] = 1;
      }
      const operand = operands[event] ?? 0;
      if (kind === EVENT.call || (kind === EVENT.tailCall && operand >= 0)) {
        if (operand >= this.#module.importedFunctionCount) this.#addCallee(operand);
      } else if (kind === EVENT.indirectCall || kind === EVENT.tailCall) {
        this.#callsIndirectly[functionIndex] = 1;
      } else if (kind === EVENT.sized) {
        total += LIMITS_BETWEEN_CHECKS.sizedOperation;
      }
    }
    this.#costs[functionIndex] = total;
    this.#calleeStarts[functionIndex + 1] = this.#calleeCount;
  }

  /** To be asked when all functions were added; `referenced` marks those with a reference taken. */
  entries(referenced: Uint8Array): FunctionEntries {
    const { importedFunctionCount, exportedFunctions, startFunction } = this.#module;
    const { functionCount, referencedFunctions } = this.#module;
    const { order, isRecursive } = this.#calleesFirst();
    const kinds = new Uint8Array(functionCount);
    const unchecked = new Int32Array(functionCount);
    let uncheckedIndirect = 0;
    for (const index of order) {
      let cost = this.#costs[index] ?? 0;
      const last = this.#calleeStarts[index + 1] ?? 0;
      for (let at = this.#calleeStarts[index] ?? 0; at < last; at++) {
        const callee = this.#callees[at] ?? 0;
        cost += unchecked[callee] ?? 0;
        if (this.#callsIndirectly[callee] === 1) this.#callsIndirectly[index] = 1;
      }
      const isReferenced = referencedFunctions[index] === 1 || referenced[index] === 1;
      const isOpen = isReferenced || exportedFunctions[index] === 1 || index === startFunction;
      const isBounded = isRecursive[index] === 0;
      if (!isOpen && isBounded && cost <= LIMITS_BETWEEN_CHECKS.foldedFunction) {
        kinds[index] = ENTRY.folded;
        unchecked[index] = cost;
      } else if (!isOpen && (this.#costs[index] ?? 0) <= LIMITS_BETWEEN_CHECKS.foldedFunction) {
        const isLooped = !isBounded && this.#callsStraight[index] === 0;
        kinds[index] = isLooped ? ENTRY.looped : ENTRY.prepaid;
        // After its first call a check has been passed: what its callees use is not of this run.
        if (isLooped) unchecked[index] = this.#costs[index] ?? 0;
      } else if (
        isOpen &&
        isBounded &&
        cost <= LIMITS_BETWEEN_CHECKS.uncheckedFunction &&
        this.#callsIndirectly[index] === 0
      ) {
        kinds[index] = ENTRY.unchecked;
        unchecked[index] = cost;
        uncheckedIndirect = Math.max(uncheckedIndirect, cost);
      }
    }
    const isChecked = kinds.map((entry, index) =>
      index >= importedFunctionCount && checksAtEntry(entry) ? 1 : 0,
    );
    return {
      kinds,
      order: order.filter((index) => isPrepaid(kinds[index])),
      callees: { folded: new Int32Array(functionCount), unchecked, isChecked, uncheckedIndirect },
    };
  }

  #addCallee(callee: number): void {
    if (this.#calleeCount === this.#callees.length) this.#callees = doubled(this.#callees);
    this.#callees[this.#calleeCount++] = callee;
  }

  #calleesFirst(): { order: Int32Array; isRecursive: Uint8Array } {
    const { functionCount, importedFunctionCount } = this.#module;
    const isRecursive = new Uint8Array(functionCount);
    const order = new Int32Array(functionCount - importedFunctionCount);
    let ordered = 0;
    const numbers = new Int32Array(functionCount);
    const lowest = new Int32Array(functionCount);
    const isOpen = new Uint8Array(functionCount);
    /** The next callee to look at, by function. */
    const cursors = this.#calleeStarts.slice();
    const path = new Int32Array(functionCount);
    const component = new Int32Array(functionCount);
    let number = 0;
    let pathLength = 0;
    let componentLength = 0;
    const enter = (index: number): void => {
      numbers[index] = ++number;
      lowest[index] = number;
      isOpen[index] = 1;
      path[pathLength++] = index;
      component[componentLength++] = index;
    };
    const leave = (index: number): void => {
      pathLength--;
      const parent = path[pathLength - 1] ?? 0;
      const low = lowest[index] ?? 0;
      if (pathLength > 0 && low < (lowest[parent] ?? 0)) lowest[parent] = low;
      if (low !== numbers[index]) return;
      const isAlone = component[componentLength - 1] === index;
      for (let member = -1; member !== index; ) {
        member = component[--componentLength] ?? index;
        isOpen[member] = 0;
        if (!isAlone) isRecursive[member] = 1;
        order[ordered++] = member;
      }
    };
    for (let root = importedFunctionCount; root < functionCount; root++) {
      if (numbers[root] !== 0) continue;
      enter(root);
      while (pathLength > 0) {
        const index = path[pathLength - 1] ?? 0;
        const cursor = cursors[index] ?? 0;
        if (cursor >= (this.#calleeStarts[index + 1] ?? 0)) {
          leave(index);
          continue;
        }
        cursors[index] = cursor + 1;
        const callee = this.#callees[cursor] ?? 0;
        if (callee === index) isRecursive[index] = 1;
        if (numbers[callee] === 0) enter(callee);
        else if (isOpen[callee] === 1) {
          lowest[index] = Math.min(lowest[index] ?? 0, numbers[callee] ?? 0);
        }
      }
    }
    return { order, isRecursive };
  }
}

function opensBlock(kind: number): boolean {
  return (
    kind === EVENT.block ||
    kind === EVENT.loop ||
    kind === EVENT.if ||
    kind === EVENT.try ||
    kind === EVENT.tryTable
  );
}

function isCall(kind: number): boolean {
  return kind === EVENT.call || kind === EVENT.indirectCall || kind === EVENT.tailCall;
}

function doubledBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}

export interface FunctionEntries {
  /** By function: `ENTRY`. */
  readonly kinds: Uint8Array;
  /** Those whose callers charge, callees first: their charges are to be found in this order. */
  readonly order: Int32Array;
  readonly callees: CalleeCosts;
}
