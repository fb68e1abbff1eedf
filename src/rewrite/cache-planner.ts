import { EVENT, type FunctionEvents } from './function-events.ts';
import type { RegionPlanner } from './region-planner.ts';

/**
 * What things cost, in units of a charge to a cached counter. A charge to the global reads and
 * writes memory; a call inside a cached part stores the counter and loads it again.
 */
const PRICE = {
  savedByCharge: 2,
  call: 3,
  edge: 2,
} as const;

const INITIAL_CAPACITY = 256;
const NO_PARENT = -1;

/**
 * Decides in which loops of a body the fuel is kept in a local, or whether in the whole body.
 *
 * # Theory of operation
 * Each loop gains by its charges and loses by its calls, both weighted by how often they run (the
 * planner's guess), and pays once at its edges. Loops form a tree; from the leaves up, a loop is
 * chosen when the sum over all of it is better than the best of the loops in it. A loop with a
 * handler in it is never chosen, nor what is around it: an exception gets there without having
 * stored the counter's local.
 */
export class CachePlanner {
  /** Whether the fuel is cached in all of the body. */
  isWholeFunction = false;
  /** By event of a loop: 1 when the fuel is cached in it, and in nothing around it. */
  isCachedLoop = new Uint8Array(INITIAL_CAPACITY);

  /** Columns by loop in order of appearance; 0 is the body. */
  #events = new Int32Array(INITIAL_CAPACITY);
  #parents = new Int32Array(INITIAL_CAPACITY);
  #gains = new Float64Array(INITIAL_CAPACITY);
  #bestOfInner = new Float64Array(INITIAL_CAPACITY);
  #isChosen = new Uint8Array(INITIAL_CAPACITY);
  #isBarred = new Uint8Array(INITIAL_CAPACITY);
  #count = 0;
  #current = NO_PARENT;
  /** Loops that are open, and 0 for other blocks, by depth. */
  #open = new Int32Array(INITIAL_CAPACITY);

  plan(events: FunctionEvents, planner: RegionPlanner): void {
    const { count, kinds } = events;
    const { charges, checks, weights, regions } = planner;
    if (this.isCachedLoop.length < count) this.isCachedLoop = new Uint8Array(count * 2);
    this.#count = 0;
    this.#current = NO_PARENT;
    this.#enter(0);
    let depth = 0;
    const open = (loop: number): void => {
      if (depth === this.#open.length) this.#open = larger(this.#open, Int32Array);
      this.#open[depth++] = loop;
    };
    if ((charges[0] ?? 0) > 0 || checks[0] === 1) this.#gain(PRICE.savedByCharge);
    for (let event = 1; event < count; event++) {
      const kind = kinds[event] ?? 0;
      this.isCachedLoop[event] = 0;
      switch (kind) {
        case EVENT.loop:
          this.#enter(event);
          open(this.#count - 1);
          break;
        case EVENT.try:
        case EVENT.tryTable:
          this.#isBarred[this.#current] = 1;
          open(0);
          break;
        case EVENT.block:
        case EVENT.if:
          open(0);
          break;
        case EVENT.end:
        case EVENT.delegate: {
          const loop = depth > 0 ? this.#open[--depth] : 0;
          if (loop !== 0) this.#leave(weights[regions[this.#events[this.#current] ?? 0] ?? 0] ?? 0);
          break;
        }
        case EVENT.call:
        case EVENT.indirectCall:
        case EVENT.atomic:
          this.#gain(-PRICE.call * (weights[regions[event] ?? 0] ?? 0));
          break;
      }
      if ((charges[event] ?? 0) > 0 || checks[event] === 1) {
        this.#gain(PRICE.savedByCharge * (weights[event] ?? 0));
      }
    }
    this.#leave(1);
    this.#choose();
  }

  #gain(amount: number): void {
    this.#gains[this.#current] = (this.#gains[this.#current] ?? 0) + amount;
  }

  #enter(event: number): void {
    const loop = this.#count++;
    if (loop === this.#events.length) this.#grow();
    this.#events[loop] = event;
    this.#parents[loop] = this.#current;
    this.#gains[loop] = 0;
    this.#bestOfInner[loop] = 0;
    this.#isChosen[loop] = 0;
    this.#isBarred[loop] = 0;
    this.#current = loop;
  }

  /** Decides about the loop that ends, which is entered as often as `weight` says. */
  #leave(weight: number): void {
    const loop = this.#current;
    const parent = this.#parents[loop] ?? NO_PARENT;
    const inner = this.#bestOfInner[loop] ?? 0;
    const own = (this.#gains[loop] ?? 0) - PRICE.edge * weight;
    const isChosen = this.#isBarred[loop] === 0 && own > 0 && own > inner;
    this.#isChosen[loop] = isChosen ? 1 : 0;
    this.#current = parent;
    if (parent === NO_PARENT) return;
    this.#gain(this.#gains[loop] ?? 0);
    this.#bestOfInner[parent] = (this.#bestOfInner[parent] ?? 0) + (isChosen ? own : inner);
    if (this.#isBarred[loop] === 1) this.#isBarred[parent] = 1;
  }

  /** Keeps of those that were chosen the outermost ones: parents come before their loops. */
  #choose(): void {
    this.isWholeFunction = this.#isChosen[0] === 1;
    for (let loop = 1; loop < this.#count; loop++) {
      const parent = this.#parents[loop] ?? 0;
      const isInside = this.#isChosen[parent] === 1;
      if (!isInside && this.#isChosen[loop] === 1) this.isCachedLoop[this.#events[loop] ?? 0] = 1;
      if (isInside) this.#isChosen[loop] = 1;
    }
  }

  #grow(): void {
    this.#events = larger(this.#events, Int32Array);
    this.#parents = larger(this.#parents, Int32Array);
    this.#gains = larger(this.#gains, Float64Array);
    this.#bestOfInner = larger(this.#bestOfInner, Float64Array);
    this.#isChosen = larger(this.#isChosen, Uint8Array);
    this.#isBarred = larger(this.#isBarred, Uint8Array);
  }
}

interface Column {
  readonly length: number;
  set(from: ArrayLike<number>): void;
}

function larger<Kind extends Column>(
  column: Kind & ArrayLike<number>,
  make: new (length: number) => Kind,
): Kind {
  const grown = new make(column.length * 2);
  grown.set(column);
  return grown;
}
