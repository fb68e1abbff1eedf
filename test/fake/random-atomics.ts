import { type CodeUnit, constant, type Part, unit, unsignedBytes } from './code-unit.ts';
import { I32, I64 } from './number-instructions.ts';
import type { FunctionContext } from './random-context.ts';
import { address } from './random-values.ts';

const PREFIX = 0xfe;
/** Each kind of access has these seven forms, in the order of their opcodes. */
const FORMS = [
  { type: I32, alignment: 2 },
  { type: I64, alignment: 3 },
  { type: I32, alignment: 0 },
  { type: I32, alignment: 1 },
  { type: I64, alignment: 0 },
  { type: I64, alignment: 1 },
  { type: I64, alignment: 2 },
] as const;

/** First opcode of each kind, and how many operands it takes beside the address. */
const KINDS = [
  { first: 0x10, operandCount: 0 }, // load
  { first: 0x1e, operandCount: 1 }, // rmw.add
  { first: 0x25, operandCount: 1 }, // rmw.sub
  { first: 0x2c, operandCount: 1 }, // rmw.and
  { first: 0x33, operandCount: 1 }, // rmw.or
  { first: 0x3a, operandCount: 1 }, // rmw.xor
  { first: 0x41, operandCount: 1 }, // rmw.xchg
  { first: 0x48, operandCount: 2 }, // rmw.cmpxchg
] as const;

/** An atomic access that leaves a number of the type on the stack; or waiting, or notifying. */
export function atomicValue(context: FunctionContext, type: number, depth: number): CodeUnit {
  const { random } = context;
  if (type === I32 && random.chance(40)) return waiting(context, depth);
  const kind = random.pick(KINDS);
  const forms = FORMS.flatMap((form, index) => (form.type === type ? [index] : []));
  const form = random.pick(forms);
  const operands = Array.from({ length: kind.operandCount }, () => context.value(type, depth - 1));
  const opcode = kind.first + form;
  return access(context, type, depth, opcode, FORMS[form]?.alignment ?? 0, operands);
}

/** For no time worth telling: in the plain module nobody would end it. */
function waiting(context: FunctionContext, depth: number): CodeUnit {
  const { random } = context;
  const opcode = random.below(3);
  const count = (): CodeUnit => context.value(I32, depth - 1);
  if (opcode === 0) return access(context, I32, depth, opcode, 2, [count()]);
  const type = opcode === 1 ? I32 : I64;
  const expected = random.chance(50)
    ? context.value(type, depth - 1)
    : unit(type, [type === I32 ? 0x41 : 0x42, 0]);
  const timeout = unit(I64, [0x42, random.below(60)]);
  return access(context, I32, depth, opcode, opcode + 1, [expected, timeout]);
}

function access(
  context: FunctionContext,
  type: number,
  depth: number,
  opcode: number,
  alignment: number,
  operands: readonly Part[],
): CodeUnit {
  const { random } = context;
  // Mostly aligned: what is not traps.
  const isAligned = random.chance(98);
  const where = isAligned
    ? unit(I32, address(context, depth), constant(-8), [0x71])
    : unit(I32, context.value(I32, depth - 1), constant(0xff), [0x71]);
  const offset = random.below(isAligned ? 8 : 2) * 8;
  const argument = [PREFIX, opcode, alignment, ...unsignedBytes(offset)];
  return unit(type, where, ...operands, argument);
}
