import { LIMITS_BETWEEN_CHECKS } from './cost.ts';
import { EVENT, EVENT_COSTS, type FunctionEvents } from './function-events.ts';

/** What planning a body needs to know of the functions it calls, by function index. */
export interface CalleeCosts {
  /** The entry charge that the callers pay in its place, mostly 0. */
  readonly folded: Int32Array;
  /** What a call may use before its first check, or after the last; 0 when its entry checks. */
  readonly unchecked: Int32Array;
  /** 1 where a call is sure to check. */
  readonly isChecked: Uint8Array;
  /** The largest `unchecked` of the functions that a table may hold. */
  readonly uncheckedIndirect: number;
}

const INITIAL_DEPTH = 256;
const HEAVIEST = 1e12;

/** How often code runs, as guessed from where it stands; only their ratios matter. */
const WEIGHT = {
  loopBody: 8,
  arm: 0.5,
  handler: 0.05,
  afterExit: 0.3,
  afterBranch: 0.6,
  join: 0.8,
} as const;

/**
 * Decides where a body is charged, how much, and where it is checked.
 *
 * # Theory of operation
 * A *region* is all code of a body that is executed equally often. Its cost is charged at once, at
 * its head, the event behind which its first instruction stands; regions are numbered by it. In
 * structured control flow regions can be told in one pass: a block that no branch leaves is
 * executed as often as what stands before it, so that behind its end the region from before its
 * beginning goes on. `#lowest` keeps, for each open block, the outermost block that is branched to
 * out of it; a block is *escaped* when that is not itself. An escaped block's end begins a region, and so
 * do a loop's header, each arm of an `if`, a handler, and what follows a conditional branch.
 *
 * Loop headers and the function's entry check the fuel, so that a run of checks is missed only by
 * code without loops and calls. To bound that, `#run` follows the largest cost since the last check
 * over all paths to the present place; past the limit a region is cut in two by a check. What can
 * still add up is the rest of each function on the stack, when all of them return: at most the
 * limit for each.
 */
export class RegionPlanner {
  /** By event: the cost of the region that it is the head of, or 0. */
  charges = new Int32Array(INITIAL_DEPTH);
  /** By event: 1 when the fuel is checked behind it. */
  checks = new Uint8Array(INITIAL_DEPTH);
  /** By head of a region: how often it runs, see `WEIGHT`. */
  weights = new Float64Array(INITIAL_DEPTH);
  /** By event: the region that its instruction belongs to. */
  regions = new Int32Array(INITIAL_DEPTH);

  #isLoopHead = new Uint8Array(INITIAL_DEPTH);

  #kinds = new Uint8Array(INITIAL_DEPTH);
  #entries = new Int32Array(INITIAL_DEPTH);
  #lowest = new Int32Array(INITIAL_DEPTH);
  #isTarget = new Uint8Array(INITIAL_DEPTH);
  #isDead = new Uint8Array(INITIAL_DEPTH);
  /** Of an `if` with an `else`: whether the end of its first arm is reached. */
  #isArmLive = new Uint8Array(INITIAL_DEPTH);
  /** The largest run that a branch brings to the block's end; -1: none. */
  #runAtEnd = new Int32Array(INITIAL_DEPTH);
  #runAtEntry = new Int32Array(INITIAL_DEPTH);

  #depth = 0;
  #region = 0;
  #isLive = true;
  #run = 0;
  #openTries = 0;
  #keepsLoopChecks = false;

  /**
   * `keepsLoopChecks`: no loop goes without its check, for the function relies on them in place of
   * one at its entry.
   */
  plan(events: FunctionEvents, callees: CalleeCosts, keepsLoopChecks: boolean): void {
    const { count, kinds, costs, operands, extras, pool } = events;
    this.#reserveEvents(count);
    const { charges, checks, regions, weights } = this;
    this.#depth = 0;
    this.#region = 0;
    this.#isLive = true;
    this.#run = 0;
    this.#openTries = 0;
    this.#keepsLoopChecks = keepsLoopChecks;
    charges[0] = 0;
    checks[0] = 1;
    weights[0] = 1;
    regions[0] = 0;
    this.#open(EVENT.start);
    for (let event = 1; event < count; event++) {
      const kind = kinds[event] ?? 0;
      const operand = operands[event] ?? 0;
      charges[event] = 0;
      checks[event] = 0;
      this.#isLoopHead[event] = 0;
      regions[event] = this.#region;
      if (this.#isLive) {
        const cost = (costs[event] ?? 0) + (EVENT_COSTS[kind] ?? 0);
        this.#charge(cost, kind, operand, callees);
      }
      switch (kind) {
        case EVENT.branchTable:
          if (this.#isLive) {
            const entries = pool[operand] ?? 0;
            for (let index = 1; index <= entries; index++) {
              this.#branchTo(this.#depth - 1 - (pool[operand + index] ?? 0));
            }
          }
          this.#isLive = false;
          break;
        case EVENT.tryTable:
          if (this.#isLive) {
            const extra = extras[event] ?? 0;
            const catches = pool[extra] ?? 0;
            for (let index = 0; index < catches; index++) {
              this.#catchAt(this.#depth - 1 - (pool[extra + 4 + 3 * index] ?? 0));
            }
          }
          this.#open(kind);
          break;
        default:
          this.#step(event, kind, operand);
      }
      if (this.#isLive && this.#run > LIMITS_BETWEEN_CHECKS.straightLine) this.#cutAt(event);
    }
  }

  #charge(cost: number, kind: number, operand: number, callees: CalleeCosts): void {
    const { charges } = this;
    let charge = cost;
    let run = cost;
    if (kind === EVENT.call || (kind === EVENT.tailCall && operand >= 0)) {
      charge += callees.folded[operand] ?? 0;
      run += callees.unchecked[operand] ?? 0;
      // A loop that is sure to call what checks at its entry needs no check of its own.
      if (callees.isChecked[operand] === 1) this.#omitLoopCheck();
    } else if (kind === EVENT.indirectCall) {
      run += callees.uncheckedIndirect;
    } else if (kind === EVENT.sized) {
      run += LIMITS_BETWEEN_CHECKS.sizedOperation;
    }
    charges[this.#region] = (charges[this.#region] ?? 0) + charge;
    this.#run += run;
  }

  #omitLoopCheck(): void {
    const head = this.#region;
    // Where exceptions are caught, one may lead around the loop without getting to the call.
    if (this.#openTries > 0 || this.#keepsLoopChecks) return;
    if (head > 0 && this.#isLoopHead[head] === 1) this.checks[head] = 0;
  }

  #step(event: number, kind: number, operand: number): void {
    switch (kind) {
      case EVENT.block:
      case EVENT.try:
        this.#open(kind);
        break;
      case EVENT.loop:
        this.#open(kind);
        if (this.#isLive) {
          this.#begin(event, WEIGHT.loopBody);
          this.checks[event] = 1;
          this.#isLoopHead[event] = 1;
          this.#run = 0;
        }
        break;
      case EVENT.if:
        this.#open(kind);
        if (this.#isLive) this.#begin(event, WEIGHT.arm);
        break;
      case EVENT.else:
        this.#beginArm(event, WEIGHT.arm, true);
        break;
      case EVENT.catch:
        this.#beginArm(event, WEIGHT.handler, false);
        break;
      case EVENT.end:
      case EVENT.delegate:
        this.#close(event);
        break;
      case EVENT.branch:
        if (this.#isLive) this.#branchTo(this.#depth - 1 - operand);
        this.#isLive = false;
        break;
      case EVENT.branchIf:
      case EVENT.branchOn:
        if (!this.#isLive) break;
        this.#branchTo(this.#depth - 1 - operand);
        this.#begin(
          event,
          this.#kinds[this.#depth - 1 - operand] === EVENT.loop
            ? WEIGHT.afterExit
            : WEIGHT.afterBranch,
        );
        break;
      case EVENT.return:
      case EVENT.throw:
      case EVENT.rethrow:
      case EVENT.tailCall:
        if (this.#isLive) this.#lowest[this.#depth - 1] = 0;
        this.#isLive = false;
        break;
      case EVENT.unreachable:
        this.#isLive = false;
        break;
    }
  }

  /** Begins a region at the event; `ratio` is how much less often it runs than the present one. */
  #begin(event: number, ratio: number): void {
    const weight = (this.weights[this.#region] ?? 0) * ratio;
    this.weights[event] = weight > HEAVIEST ? HEAVIEST : weight;
    this.#region = event;
  }

  #cutAt(event: number): void {
    if (this.#region !== event) this.#begin(event, 1);
    this.checks[event] = 1;
    this.#run = 0;
    // No open block is charged past its end together with what stood before the cut.
    this.#lowest[this.#depth - 1] = 0;
  }

  #branchTo(target: number): void {
    const top = this.#depth - 1;
    if (this.#kinds[target] !== EVENT.loop) {
      this.#isTarget[target] = 1;
      if (this.#run > (this.#runAtEnd[target] ?? 0)) this.#runAtEnd[target] = this.#run;
    }
    if (target < (this.#lowest[top] ?? 0)) this.#lowest[top] = target;
  }

  /** Handlers count as reached with the run used up, for what threw may have run anything. */
  #catchAt(target: number): void {
    this.#branchTo(target);
    this.#runAtEnd[target] = LIMITS_BETWEEN_CHECKS.straightLine;
  }

  #open(kind: number): void {
    const depth = this.#depth++;
    if (depth === this.#kinds.length) this.#growDepth();
    this.#kinds[depth] = kind;
    if (isHandling(kind)) this.#openTries++;
    this.#entries[depth] = this.#region;
    this.#lowest[depth] = depth;
    this.#isTarget[depth] = 0;
    this.#isDead[depth] = this.#isLive ? 0 : 1;
    this.#isArmLive[depth] = 0;
    this.#runAtEnd[depth] = -1;
    this.#runAtEntry[depth] = this.#run;
  }

  /** The second arm of an `if`, or a handler: what comes before it falls through to the end. */
  #beginArm(event: number, ratio: number, isElse: boolean): void {
    const top = this.#depth - 1;
    if (this.#isLive) {
      this.#isArmLive[top] = 1;
      if (this.#run > (this.#runAtEnd[top] ?? 0)) this.#runAtEnd[top] = this.#run;
    }
    if (isElse) this.#kinds[top] = EVENT.else;
    if (this.#isDead[top] === 1) return;
    this.#region = this.#entries[top] ?? 0;
    this.#run = isElse ? (this.#runAtEntry[top] ?? 0) : LIMITS_BETWEEN_CHECKS.straightLine;
    this.#begin(event, ratio);
    this.#isLive = true;
  }

  #close(event: number): void {
    const depth = --this.#depth;
    if (depth <= 0) {
      this.#isLive = false;
      return;
    }
    if (isHandling(this.#kinds[depth])) this.#openTries--;
    const lowest = this.#lowest[depth] ?? 0;
    const isEscaped = lowest < depth;
    if (lowest < (this.#lowest[depth - 1] ?? 0)) this.#lowest[depth - 1] = lowest;
    if (this.#isDead[depth] === 1) {
      this.#isLive = false;
      return;
    }
    const kind = this.#kinds[depth] ?? 0;
    const entry = this.#entries[depth] ?? 0;
    if (kind === EVENT.loop) {
      if (!this.#isLive) return;
      if (!isEscaped) this.#region = entry;
      else if ((this.weights[this.#region] ?? 0) > (this.weights[entry] ?? 0)) {
        this.#region = entry;
        this.#begin(event, 1);
      }
      return;
    }
    const isTarget = this.#isTarget[depth] === 1;
    const isIf = kind === EVENT.if;
    const isReached = this.#isLive || isTarget || isIf || this.#isArmLive[depth] === 1;
    this.#run = Math.max(
      this.#isLive ? this.#run : 0,
      this.#runAtEnd[depth] ?? 0,
      isIf ? (this.#runAtEntry[depth] ?? 0) : 0,
    );
    this.#isLive = isReached;
    if (!isReached) return;
    if (!isEscaped && !isHandling(kind)) {
      this.#region = entry;
    } else if (kind !== EVENT.block || isTarget) {
      this.#region = entry;
      this.#begin(event, WEIGHT.join);
    }
  }

  #reserveEvents(count: number): void {
    if (count <= this.charges.length) return;
    const capacity = Math.max(count, this.charges.length * 2);
    this.charges = new Int32Array(capacity);
    this.checks = new Uint8Array(capacity);
    this.#isLoopHead = new Uint8Array(capacity);
    this.weights = new Float64Array(capacity);
    this.regions = new Int32Array(capacity);
  }

  #growDepth(): void {
    const larger = <Column extends Uint8Array | Int32Array>(
      column: Column,
      into: Column,
    ): Column => {
      into.set(column);
      return into;
    };
    const capacity = this.#kinds.length * 2;
    this.#kinds = larger(this.#kinds, new Uint8Array(capacity));
    this.#isTarget = larger(this.#isTarget, new Uint8Array(capacity));
    this.#isDead = larger(this.#isDead, new Uint8Array(capacity));
    this.#isArmLive = larger(this.#isArmLive, new Uint8Array(capacity));
    this.#entries = larger(this.#entries, new Int32Array(capacity));
    this.#lowest = larger(this.#lowest, new Int32Array(capacity));
    this.#runAtEnd = larger(this.#runAtEnd, new Int32Array(capacity));
    this.#runAtEntry = larger(this.#runAtEntry, new Int32Array(capacity));
  }
}

function isHandling(kind: number | undefined): boolean {
  return kind === EVENT.try || kind === EVENT.tryTable;
}
