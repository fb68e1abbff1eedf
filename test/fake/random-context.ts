import { type CodeUnit, FUNCREF, NULLABLE, type Part, statement, unit } from './code-unit.ts';
import { F32, F64, I32, I64, V128 } from './number-instructions.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface FunctionPlan {
  readonly index: number;
  readonly typeIndex: number;
  readonly signature: Signature;
  /** Begins by spending the budget, so that it may be called from anywhere. */
  readonly isGuarded: boolean;
  /** Exported; and, if it is guarded, in the table and referred to. The others are called only. */
  readonly isOpen: boolean;
}

/** What a random module has, before its code is written. */
export class ModulePlan {
  readonly random: SeededRandom;
  readonly types: Signature[] = [];
  readonly functions: FunctionPlan[] = [];
  readonly exceptions: 'none' | 'legacy' | 'new';
  readonly hasTypedReferences: boolean;
  readonly hasVectors: boolean;
  readonly hasAtomics: boolean;
  readonly isMemoryShared: boolean;
  readonly numberTypes: readonly number[];
  readonly tags: readonly Signature[] = [
    { parameters: [I32], results: [] },
    { parameters: [], results: [] },
    { parameters: [I64, F32], results: [] },
  ];

  constructor(random: SeededRandom) {
    this.random = random;
    this.exceptions = random.pick(['none', 'legacy', 'new'] as const);
    this.hasTypedReferences = random.chance(40);
    this.hasVectors = random.chance(30);
    this.hasAtomics = random.chance(30);
    this.isMemoryShared = this.hasAtomics && random.chance(80);
    this.numberTypes = [I32, I32, I32, I64, I64, F32, F64, ...(this.hasVectors ? [V128] : [])];
  }

  /** The functions that the table holds, and that code may refer to. */
  inTable(): FunctionPlan[] {
    return this.functions.filter(({ isGuarded, isOpen }) => isGuarded && isOpen);
  }

  typeIndex(signature: Signature): number {
    const key = keyOf(signature);
    const found = this.types.findIndex((candidate) => keyOf(candidate) === key);
    return found >= 0 ? found : this.types.push(signature) - 1;
  }
}

function keyOf({ parameters, results }: Signature): string {
  return `${parameters.join()}>${results.join()}`;
}

/** Indices that every random module has. */
export const GLOBAL = { budget: 0, bound: 1, firstOfNumbers: 2 } as const;
export const FUNCTION = { note: 0, guard: 1, firstOwn: 2 } as const;
export const MEMORY_PAGES = { initial: 1, maximum: 5 } as const;
export const TABLE_SIZES = [8, 4] as const;

/** The globals' types, in order. */
export function globalTypes(plan: ModulePlan): number[] {
  return [I32, I32, I32, I64, F32, F64, ...(plan.hasVectors ? [V128] : [])];
}

export interface Label {
  /** What a branch to it takes. */
  readonly types: readonly number[];
  /** Backwards only behind a guard; `never` for the latch of a counted loop with a shape to keep. */
  readonly branch: 'free' | 'guarded' | 'never';
  /** A legacy catch, which `rethrow` may name. */
  readonly isCatch?: boolean;
}

/** Calls in a function of functions that do not spend the budget. */
const MAX_FREE_CALLS = 2;

/** The function that is being written: what code at this place may refer to. */
export class FunctionContext {
  readonly plan: ModulePlan;
  readonly random: SeededRandom;
  readonly self: FunctionPlan;
  readonly locals: number[];
  readonly labels: Label[] = [];
  /** Locals that no random assignment touches: counters and bounds of loops. */
  readonly reserved = new Set<number>();
  /** Units that may still be written. */
  size: number;
  /** Loops around this place that spend no budget. */
  countedDepth = 0;
  /** Inside a loop of thousands of turns: no calls, no loops. */
  isHot = false;
  /** Labels that branches may not go to: inside a loop that nothing leaves, those around it. */
  closedLabels = 0;
  #freeCalls = 0;
  value: (type: number, depth: number) => CodeUnit;
  body: (depth: number) => CodeUnit;

  constructor(
    plan: ModulePlan,
    self: FunctionPlan,
    size: number,
    value: (context: FunctionContext, type: number, depth: number) => CodeUnit,
    body: (context: FunctionContext, depth: number) => CodeUnit,
  ) {
    this.plan = plan;
    this.random = plan.random;
    this.self = self;
    this.size = size;
    this.locals = [...self.signature.parameters, I32, I32, I64, F32, F64];
    if (plan.hasVectors) this.locals.push(V128);
    if (plan.hasTypedReferences) this.locals.push(FUNCREF, ...this.#callableTypes());
    this.value = (type, depth) => value(this, type, depth);
    this.body = (depth) => body(this, depth);
  }

  #callableTypes(): number[] {
    return this.plan
      .inTable()
      .slice(0, 2)
      .map(({ typeIndex }) => NULLABLE + typeIndex);
  }

  /** A new local for a loop's own use. */
  reserveLocal(type: number): number {
    const index = this.locals.push(type) - 1;
    this.reserved.add(index);
    return index;
  }

  localsOf(type: number): number[] {
    return this.locals.flatMap((candidate, index) =>
      candidate === type && !this.reserved.has(index) ? [index] : [],
    );
  }

  /** Code inside a label. */
  within<T>(label: Label, write: () => T): T {
    this.labels.push(label);
    try {
      return write();
    } finally {
      this.labels.pop();
    }
  }

  /** Consumes the values on the stack, the last first. */
  consume(types: readonly number[]): Part[] {
    return types.toReversed().map((type) => {
      const locals = this.localsOf(type);
      const isKept = locals.length > 0 && this.random.chance(60);
      return isKept ? [0x21, this.random.pick(locals)] : [0x1a];
    });
  }

  values(types: readonly number[], depth: number): CodeUnit[] {
    return types.map((type) => this.value(type, depth));
  }

  /** Spends a unit of the budget; 1 while there is some left. */
  guard(): CodeUnit {
    if (this.random.chance(50)) return unit(I32, [0x10, FUNCTION.guard]);
    return unit(I32, GUARD);
  }

  /**
   * Which functions code here may call by index: others could run without an end, or, as each of
   * them may call others several times, without one that anybody waits for.
   */
  callable(): FunctionPlan[] {
    if (this.isHot) return [];
    const mayGoFree = this.countedDepth === 0 && this.#freeCalls < MAX_FREE_CALLS;
    return this.plan.functions.filter(
      ({ isGuarded, index }) => isGuarded || (mayGoFree && index < this.self.index),
    );
  }

  /** To be told of each call by index. */
  noteCall({ isGuarded }: FunctionPlan): void {
    if (!isGuarded) this.#freeCalls++;
  }
}

/** `--budget > 0` */
export const GUARD = [
  ...[0x23, GLOBAL.budget, 0x41, 1, 0x6b, 0x24, GLOBAL.budget],
  ...[0x23, GLOBAL.budget, 0x41, 0, 0x4a],
];

export function nothing(): CodeUnit {
  return statement([0x01]);
}
