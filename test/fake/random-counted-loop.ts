import { ByteWriter } from '../../src/base/byte-writer.ts';
import { type CodeUnit, constant, FIXED, type Part, statement, unit } from './code-unit.ts';
import { I32, I64 } from './number-instructions.ts';
import { type FunctionContext, GLOBAL, nothing } from './random-context.ts';

const COMPARISONS = ['lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u', 'ne'] as const;
type Comparison = (typeof COMPARISONS)[number];

const OPCODES: Readonly<Record<Comparison, readonly [i32: number, i64: number]>> = {
  ne: [0x47, 0x52],
  lt_s: [0x48, 0x53],
  lt_u: [0x49, 0x54],
  gt_s: [0x4a, 0x55],
  gt_u: [0x4b, 0x56],
  le_s: [0x4c, 0x57],
  le_u: [0x4d, 0x58],
  ge_s: [0x4e, 0x59],
  ge_u: [0x4f, 0x5a],
};

/** A loop that ends by itself: where it starts, how it steps, and what ends it. */
interface Shape {
  readonly start: number;
  readonly step: number;
  readonly comparison: Comparison;
  readonly bound: number;
  /** The counter may be moved on and the bound lowered inside, and the loop still ends. */
  readonly isRobust: boolean;
  /** It goes round the end of what 32 bits hold. */
  readonly isEdge?: boolean;
}

/**
 * A loop with a counter: up or down, signed or unsigned, by various steps, with its bound in a
 * constant, a local or a global, tested at its end or at its head.
 */
export function countedLoop(context: FunctionContext, depth: number): CodeUnit {
  const isFull = context.countedDepth >= 3 || context.locals.length > 60;
  if (isFull || context.isHot || context.closedLabels > 0) return nothing();
  const { random } = context;
  const { isGuarded } = context.self;
  if (!isGuarded && context.countedDepth > 0) return nothing();
  const isHot = isGuarded && context.countedDepth === 0 && random.chance(4);
  // What runs straight through and is left only at its end may be metered as a whole.
  const isClosed = random.chance(isHot ? 80 : 50);
  const isShort = context.countedDepth > 0 || !isGuarded;
  const limit = isHot ? random.between(2000, 12_000) : isShort ? 6 : 60;
  const shape = randomShape(context, isClosed && !isHot ? limit + 20 : limit);
  const type = shape.isEdge || random.chance(85) ? I32 : I64;
  const counter = context.reserveLocal(type);
  const bound = boundOf(context, type, shape);
  const loop: Loop = { type, counter, shape, bound, isClosed };
  context.countedDepth++;
  const wasHot = context.isHot;
  context.isHot = isHot;
  if (isHot) context.labels.push({ types: [], branch: 'free' });
  try {
    const isWhile = !isClosed && shape.comparison !== 'ne' && random.chance(35);
    const code = isWhile ? whileLoop(context, loop, depth) : doWhileLoop(context, loop, depth);
    const whole: Part[] = [
      fixedStatement(start(context, loop), [0x21, counter]),
      ...bound.setup,
      fixedStatement(code),
      mixIn([0x20, counter, ...(type === I64 ? [0xa7] : [])]),
    ];
    return isHot ? statement(SPEND_MORE, ...whole, [0x0b]) : statement(...whole);
  } finally {
    if (isHot) context.labels.pop();
    context.countedDepth--;
    context.isHot = wasHot;
  }
}

/** `if (budget > 0) { budget -= 60; …`: a handful of such loops in a call. */
const SPEND_MORE = [
  ...[0x23, GLOBAL.budget, 0x41, 0, 0x4a, 0x04, 0x40],
  ...[0x23, GLOBAL.budget, 0x41, 60, 0x6b, 0x24, GLOBAL.budget],
];

/** Lets a number show at the end: every turn of a loop, and where its counter stands. */
function mixIn(number: readonly number[]): CodeUnit {
  const mixed = [0x23, GLOBAL.firstOfNumbers, 0x41, 31, 0x6c, ...number, 0x6a];
  return statement([...mixed, 0x24, GLOBAL.firstOfNumbers]);
}

interface Loop {
  readonly type: number;
  readonly counter: number;
  readonly shape: Shape;
  readonly bound: Bound;
  /** Nothing inside leaves it. */
  readonly isClosed: boolean;
}

interface Bound {
  readonly setup: readonly Part[];
  readonly read: readonly number[];
  /** Code that sets it to a small number, where it may change. */
  readonly change: readonly Part[] | undefined;
}

/** Cut together with the loop or not at all: a loop without its start might not end. */
function fixedStatement(...parts: Part[]): Part {
  const isBytes = (part: Part): part is readonly number[] => !('parts' in part);
  if (parts.every(isBytes)) return parts.flat();
  return { type: FIXED, parts, isCut: false };
}

function randomShape(context: FunctionContext, limit: number): Shape {
  const { random } = context;
  const comparison = random.pick(COMPARISONS);
  const step = random.pick([1, 1, 1, 2, 3, 4, 8, 7, 16]);
  const turns = random.between(1, limit);
  if (random.chance(15)) return edgeShape(context, turns);
  if (comparison === 'ne') {
    const from = random.pick([0, 0, 5, -8 * step, 100]);
    const signed = random.chance(50) ? step : -step;
    return { start: from, step: signed, comparison, bound: from + signed * turns, isRobust: false };
  }
  const isDown = comparison.startsWith('g');
  const isUnsigned = comparison.endsWith('_u');
  if (!isDown) {
    const first = isUnsigned || random.chance(70) ? random.below(10) : -random.below(50);
    return { start: first, step, comparison, bound: first + step * turns - 1, isRobust: true };
  }
  // Unsigned and downwards, a step past zero would wrap round, and `>= 0` would never end.
  const last = isUnsigned ? step + random.below(5) : random.below(20) - 10;
  const isRobust = !isUnsigned;
  return { start: last + step * turns, step: -step, comparison, bound: last, isRobust };
}

/** Near the ends of the range. */
function edgeShape({ random }: FunctionContext, turns: number): Shape {
  const shapes: readonly Omit<Shape, 'isRobust'>[] = [
    { start: 0x7fffffff - turns, step: 1, comparison: 'lt_s', bound: 0x7fffffff },
    { start: 0x7fffffff - turns, step: 1, comparison: 'ne', bound: -0x80000000 },
    { start: -turns - 1, step: 1, comparison: 'lt_u', bound: -1 },
    { start: -0x80000000 + turns, step: -1, comparison: 'gt_s', bound: -0x80000000 },
    { start: turns, step: -1, comparison: 'gt_u', bound: 0 },
    { start: 0x7fffffff - turns, step: 1, comparison: 'lt_u', bound: -0x80000000 + turns },
    { start: -0x80000000 + turns, step: -1, comparison: 'gt_u', bound: 0x7fffffff - turns },
    { start: -turns, step: 1, comparison: 'le_s', bound: turns },
    { start: -4 * turns, step: 4, comparison: 'ne', bound: 4 * turns },
    { start: 5, step: 3, comparison: 'lt_s', bound: -100 },
    { start: 5, step: 1, comparison: 'lt_u', bound: 5 },
    { start: -5, step: -1, comparison: 'gt_s', bound: 0 },
  ];
  return { ...random.pick(shapes), isRobust: false, isEdge: true };
}

function boundOf(context: FunctionContext, type: number, shape: Shape): Bound {
  const { random } = context;
  const fixed = literal(type, shape.bound);
  // A bound that moves stays where the loop still ends soon.
  const isMovable = shape.isRobust && shape.step > 0;
  const small = (): Part[] => [
    context.value(I32, 1),
    [0x41, 31, 0x71, ...(type === I64 ? [0xad] : [])],
  ];
  switch (random.below(3)) {
    case 0: {
      const local = context.reserveLocal(type);
      const setup = [fixedStatement([...fixed, 0x21, local])];
      const change = isMovable ? [statement(...small(), [0x21, local])] : undefined;
      return { setup, read: [0x20, local], change };
    }
    case 1:
      if (type === I32 && isMovable && shape.bound < 50) {
        const change = [statement(...small(), [0x24, GLOBAL.bound])];
        return { setup: [], read: [0x23, GLOBAL.bound], change };
      }
      return { setup: [], read: fixed, change: undefined };
    default:
      return { setup: [], read: fixed, change: undefined };
  }
}

function literal(type: number, value: number): readonly number[] {
  return type === I32 ? constant(value) : [0x42, ...new ByteWriter().signed(value).finish()];
}

function start(context: FunctionContext, { type, shape }: Loop): Part {
  // From anywhere below the bound, where the direction allows it.
  if (type === I32 && shape.isRobust && shape.step > 0 && context.random.chance(30)) {
    return unit(I32, context.value(I32, 1), [0x41, 31, 0x71]);
  }
  return literal(type, shape.start);
}

/** `counter + step`, by addition or by subtraction, with the operands in either order. */
function next(context: FunctionContext, { type, counter, shape }: Loop): readonly number[] {
  const [add, subtract] = type === I32 ? [0x6a, 0x6b] : [0x7c, 0x7d];
  switch (context.random.below(4)) {
    case 0:
      return [0x20, counter, ...literal(type, -shape.step), subtract];
    case 1:
      return [...literal(type, shape.step), 0x20, counter, add];
    default:
      return [0x20, counter, ...literal(type, shape.step), add];
  }
}

const MIRRORED: Readonly<Record<string, Comparison>> = {
  ne: 'ne',
  lt_s: 'gt_s',
  lt_u: 'gt_u',
  gt_s: 'lt_s',
  gt_u: 'lt_u',
  le_s: 'ge_s',
  le_u: 'ge_u',
  ge_s: 'le_s',
  ge_u: 'le_u',
};

/** Whether the loop goes on, of a counter that `read` leaves on the stack. */
function goesOn(context: FunctionContext, loop: Loop, read: readonly number[]): readonly number[] {
  const { comparison, bound } = loop.shape;
  const width = loop.type === I32 ? 0 : 1;
  const isZeroTest = comparison === 'ne' && bound === 0 && loop.type === I32;
  if (isZeroTest && context.random.chance(70)) return read;
  if (context.random.chance(25)) {
    const mirrored = MIRRORED[comparison] ?? 'ne';
    return [...loop.bound.read, ...read, OPCODES[mirrored][width]];
  }
  return [...read, ...loop.bound.read, OPCODES[comparison][width]];
}

function loopBody(context: FunctionContext, loop: Loop, depth: number): Part {
  const outer = context.closedLabels;
  if (loop.isClosed) context.closedLabels = context.labels.length;
  const parts: Part[] = [context.body(depth - 1)];
  context.closedLabels = outer;
  if (context.random.chance(60)) parts.unshift(mixIn([0x41, 1]));
  if (loop.shape.isRobust && context.random.chance(8)) {
    parts.push(statement(next(context, loop), [0x21, loop.counter]));
  }
  if (loop.bound.change && context.random.chance(10)) parts.push(...loop.bound.change);
  return statement(...parts);
}

function doWhileLoop(context: FunctionContext, loop: Loop, depth: number): Part {
  return context.within({ types: [], branch: 'free' }, () =>
    context.within({ types: [], branch: 'guarded' }, () => {
      const { counter } = loop;
      const body = loopBody(context, loop, depth);
      const step = next(context, loop);
      const latch = context.random.chance(60)
        ? goesOn(context, loop, [...step, 0x22, counter])
        : [...step, 0x21, counter, ...goesOn(context, loop, [0x20, counter])];
      const back = context.random.chance(85)
        ? [...latch, 0x0d, 0]
        : [...latch, 0x04, 0x40, 0x0c, 1, 0x0b];
      return fixedStatement([0x02, 0x40, 0x03, 0x40], body, [...back, 0x0b, 0x0b]);
    }),
  );
}

function whileLoop(context: FunctionContext, loop: Loop, depth: number): Part {
  return context.within({ types: [], branch: 'free' }, () =>
    context.within({ types: [], branch: 'guarded' }, () => {
      const { counter } = loop;
      const test = [...goesOn(context, loop, [0x20, counter]), 0x45, 0x0d, 1];
      const body = loopBody(context, loop, depth);
      const step = [...next(context, loop), 0x21, counter, 0x0c, 0];
      return fixedStatement([0x02, 0x40, 0x03, 0x40, ...test], body, [...step, 0x0b, 0x0b]);
    }),
  );
}
