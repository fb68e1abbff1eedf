import { ByteWriter } from '../../src/base/byte-writer.ts';
import {
  type CodeUnit,
  constant,
  FUNCREF,
  NULLABLE,
  type Part,
  statement,
  typeBytes,
  unit,
  unsignedBytes,
  zeroOf,
} from './code-unit.ts';
import {
  F32,
  F64,
  I32,
  I64,
  LOADS,
  NUMBER_INSTRUCTIONS,
  STORES,
  V128,
} from './number-instructions.ts';
import { atomicValue } from './random-atomics.ts';
import {
  type FunctionContext,
  type FunctionPlan,
  GLOBAL,
  globalTypes,
  TABLE_SIZES,
} from './random-context.ts';

/** A random value of a type: code that leaves it on the stack. */
export function randomValue(context: FunctionContext, type: number, depth: number): CodeUnit {
  context.size--;
  if (depth <= 0 || context.size <= 0) return leaf(context, type);
  const { random } = context;
  if (type === FUNCREF || type >= NULLABLE) return reference(context, type);
  switch (random.below(12)) {
    case 0:
      return leaf(context, type);
    case 1:
      if ((type === I32 || type === I64) && context.plan.hasAtomics && random.chance(70)) {
        return atomicValue(context, type, depth);
      }
      return load(context, type, depth);
    case 2:
      return tee(context, type, depth);
    case 3:
      return select(context, type, depth);
    case 4:
      return blockValue(context, type, depth);
    case 5:
      return ifValue(context, type, depth);
    case 6:
      return callValue(context, type, depth);
    case 7:
      return type === I32 ? sizeOrGrowth(context, depth) : number(context, type, depth);
    default:
      return number(context, type, depth);
  }
}

function leaf(context: FunctionContext, type: number): CodeUnit {
  const { random } = context;
  const locals = context.localsOf(type);
  if (locals.length > 0 && random.chance(50)) return unit(type, [0x20, random.pick(locals)]);
  const globals = globalTypes(context.plan).flatMap((candidate, index) =>
    candidate === type && index !== GLOBAL.budget ? [index] : [],
  );
  if (globals.length > 0 && random.chance(30)) return unit(type, [0x23, random.pick(globals)]);
  return unit(type, randomConstant(context, type));
}

const EDGES = [0, 1, -1, 2, 7, 8, 31, 255, 256, 0x7fff, 0xffff, 0x7fffffff, -0x80000000, 64];

function randomConstant({ random }: FunctionContext, type: number): readonly number[] {
  const word = random.chance(60) ? random.pick(EDGES) : random.word() | 0;
  switch (type) {
    case I32:
      return constant(word);
    case I64:
      return [0x42, ...new ByteWriter().signed(word).finish()];
    case F32:
      return [0x43, ...new Uint8Array(new Float32Array([word / 4]).buffer)];
    case F64:
      return [0x44, ...new Uint8Array(new Float64Array([word / 3]).buffer)];
    case V128:
      return [0xfd, 0x0c, ...Array.from({ length: 16 }, () => random.below(256))];
    default:
      return zeroOf(type);
  }
}

function number(context: FunctionContext, type: number, depth: number): CodeUnit {
  const { random } = context;
  const instructions = NUMBER_INSTRUCTIONS[type] ?? [];
  let instruction = random.pick(instructions);
  // What traps on most of its operands stands where little else would come of it.
  while (instruction.mostlyTraps && random.chance(90)) instruction = random.pick(instructions);
  const { bytes, operands, leaksNan } = instruction;
  // Division by what is mostly not zero: a module that only traps tells little.
  const opcode = bytes[0] ?? 0;
  const isDivision = (opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82);
  const parts: Part[] = operands.map((operand, index) => {
    const value = context.value(operand, depth - 1);
    if (isDivision && index === 1 && context.random.chance(95)) {
      const nonZero =
        type === I32 ? [0x41, 7, 0x71, 0x41, 2, 0x72] : [0x42, 7, 0x83, 0x42, 2, 0x84];
      return unit(type, value, nonZero);
    }
    return leaksNan && operand !== I32 ? withPlainNan(context, operand, value) : value;
  });
  return unit(type, ...parts, bytes);
}

/** 0 instead of a NaN: which one comes out of arithmetic is the engine's choice. */
export function withPlainNan(context: FunctionContext, type: number, value: CodeUnit): CodeUnit {
  if (type !== F32 && type !== F64) return value;
  const local = context.localsOf(type)[0] ?? 0;
  const isEqual = type === F32 ? 0x5b : 0x61;
  const compared = [0x20, local, 0x20, local, isEqual, 0x1b];
  return unit(type, value, [0x21, local, 0x20, local], zeroOf(type), compared);
}

/** Within the first page mostly; anywhere sometimes. */
export function address(context: FunctionContext, depth: number): CodeUnit {
  const value = context.value(I32, depth - 1);
  if (context.random.chance(1)) return value;
  const mask = context.random.pick([0xff, 0xfff, 0xffff]);
  return unit(I32, value, constant(mask), [0x71]);
}

function load(context: FunctionContext, type: number, depth: number): CodeUnit {
  const [bytes, alignment] = context.random.pick(LOADS[type] ?? []);
  // What is loaded may be any NaN: only integers come from memory as they are.
  const access = [...bytes, context.random.between(0, alignment), ...offset(context)];
  const loaded = unit(type, address(context, depth), access);
  return withPlainNan(context, type, loaded);
}

export function store(context: FunctionContext, depth: number): CodeUnit {
  const type = context.random.pick(context.plan.numberTypes);
  const [bytes, alignment] = context.random.pick(STORES[type] ?? []);
  const value = withPlainNan(context, type, context.value(type, depth - 1));
  const access = [...bytes, context.random.between(0, alignment), ...offset(context)];
  return statement(address(context, depth), value, access);
}

function offset({ random }: FunctionContext): readonly number[] {
  return unsignedBytes(random.chance(99) ? random.below(64) : random.below(70_000));
}

function tee(context: FunctionContext, type: number, depth: number): CodeUnit {
  const locals = context.localsOf(type);
  if (locals.length === 0) return number(context, type, depth);
  return unit(type, context.value(type, depth - 1), [0x22, context.random.pick(locals)]);
}

function select(context: FunctionContext, type: number, depth: number): CodeUnit {
  const values = context.values([type, type, I32], depth - 1);
  const typed = context.random.chance(30) ? [0x1c, 1, ...typeBytes(type)] : [0x1b];
  return unit(type, ...values, typed);
}

function blockValue(context: FunctionContext, type: number, depth: number): CodeUnit {
  return context.within({ types: [type], branch: 'free' }, () =>
    unit(
      type,
      [0x02, ...typeBytes(type)],
      context.body(depth - 1),
      context.value(type, depth - 1),
      [0x0b],
    ),
  );
}

function ifValue(context: FunctionContext, type: number, depth: number): CodeUnit {
  const condition = context.value(I32, depth - 1);
  return context.within({ types: [type], branch: 'free' }, () =>
    unit(
      type,
      condition,
      [0x04, ...typeBytes(type)],
      context.body(depth - 2),
      context.value(type, depth - 1),
      [0x05],
      context.value(type, depth - 1),
      [0x0b],
    ),
  );
}

function callValue(context: FunctionContext, type: number, depth: number): CodeUnit {
  // A closed loop with calls in it is rarely seen through.
  if (context.closedLabels > 0 && context.random.chance(80)) return number(context, type, depth);
  const candidates = context
    .callable()
    .filter(({ signature: { results } }) => results.length === 1 && results[0] === type);
  if (candidates.length === 0) return number(context, type, depth);
  const callee = context.random.pick(candidates);
  const { index, typeIndex, signature } = callee;
  context.noteCall(callee);
  const parts: Part[] = context.values(signature.parameters, depth - 2);
  const isDirect = !callee.isGuarded || !callee.isOpen || context.random.chance(60);
  if (isDirect) return unit(type, ...parts, [0x10, index]);
  return unit(type, ...parts, placeOf(context, callee), [0x11, typeIndex, 0]);
}

/** Where a function stands in the first table at the start; anywhere sometimes. */
export function placeOf(context: FunctionContext, callee: FunctionPlan): CodeUnit {
  const place = context.plan.inTable().indexOf(callee);
  if (place < 0 || context.random.chance(4)) return tableIndex(context, 0);
  return unit(I32, constant(place));
}

/** Within the first table's initial size, mostly. */
export function tableIndex(context: FunctionContext, table: 0 | 1): CodeUnit {
  if (context.random.chance(1)) return context.value(I32, 1);
  return unit(I32, context.value(I32, 1), constant(TABLE_SIZES[table] - 1), [0x71]);
}

function sizeOrGrowth(context: FunctionContext, depth: number): CodeUnit {
  const { random } = context;
  // Growth is paid by the page, even if it fails.
  const most = !context.isHot && random.chance(10) ? 15 : 1;
  const small = (): CodeUnit => unit(I32, context.value(I32, depth - 1), [0x41, most, 0x71]);
  switch (random.below(5)) {
    case 0:
      return unit(I32, small(), [0x40, 0]);
    case 1:
      return unit(I32, [0xd0, FUNCREF], small(), [0xfc, 15, random.below(2)]);
    case 2:
      return unit(I32, [0xfc, 16, random.below(2)]);
    case 3:
      return unit(I32, tableIndex(context, 0), [0x25, 0, 0xd1]);
    default:
      return unit(I32, [0x3f, 0]);
  }
}

function reference(context: FunctionContext, type: number): CodeUnit {
  const { random, plan } = context;
  const locals = context.localsOf(type);
  if (locals.length > 0 && random.chance(40)) return unit(type, [0x20, random.pick(locals)]);
  const functions = plan
    .inTable()
    .filter(({ typeIndex }) => type === FUNCREF || type === NULLABLE + typeIndex);
  if (functions.length === 0 || random.chance(20)) return unit(type, zeroOf(type));
  return unit(type, [0xd2, random.pick(functions).index]);
}
