import { ByteWriter } from '../../src/base/byte-writer.ts';
import { F32, F64, I32, I64, V128 } from './number-instructions.ts';

/**
 * Code as a tree whose units can be cut out one by one without the whole becoming invalid: a
 * statement leaves the stack as it was, a value leaves one value of its type. A failing module is
 * made small that way.
 */
export interface CodeUnit {
  /** Of a value, its type; `STATEMENT` for what leaves nothing. */
  readonly type: number;
  readonly parts: readonly Part[];
  isCut: boolean;
}

export type Part = CodeUnit | readonly number[];

export const STATEMENT = 0;
/** What goes with what stands around it: never cut alone. */
export const FIXED = -1;

export const FUNCREF = 0x70;
/** Added to the index of the function type: `(ref null $t)`. */
export const NULLABLE = 0x6300;
const HEAP_TYPE_BITS = 0xff;

export function unit(type: number, ...parts: Part[]): CodeUnit {
  return { type, parts, isCut: false };
}

export function statement(...parts: Part[]): CodeUnit {
  return unit(STATEMENT, ...parts);
}

export function writeUnit(to: ByteWriter, code: CodeUnit): void {
  if (code.isCut) {
    if (code.type !== STATEMENT) to.raw(zeroOf(code.type));
    return;
  }
  for (const part of code.parts) {
    if ('parts' in part) writeUnit(to, part);
    else to.raw(part);
  }
}

/** The units of a tree that can still be cut, the larger ones first. */
export function cuttable(code: CodeUnit): CodeUnit[] {
  if (code.isCut) return [];
  const inner = code.parts.flatMap((part) => ('parts' in part ? cuttable(part) : []));
  const isLeaf = code.type !== STATEMENT && inner.length === 0 && code.parts.length === 1;
  return isLeaf || code.type === FIXED ? inner : [code, ...inner];
}

export function zeroOf(type: number): readonly number[] {
  switch (type) {
    case I32:
      return [0x41, 0];
    case I64:
      return [0x42, 0];
    case F32:
      return [0x43, 0, 0, 0, 0];
    case F64:
      return [0x44, 0, 0, 0, 0, 0, 0, 0, 0];
    case V128:
      return [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
    case FUNCREF:
      return [0xd0, FUNCREF];
    default:
      return [0xd0, type & HEAP_TYPE_BITS];
  }
}

/** A value type as the binary format spells it. */
export function typeBytes(type: number): readonly number[] {
  return type >= NULLABLE ? [0x63, type & HEAP_TYPE_BITS] : [type];
}

export function unsignedBytes(value: number): readonly number[] {
  return value < 0x80 ? [value] : [...new ByteWriter().unsigned(value).finish()];
}

/** A block's type: the index of a function type. */
export function signedBytes(value: number): readonly number[] {
  return [...new ByteWriter().signed(value).finish()];
}

export function constant(value: number): readonly number[] {
  return [0x41, ...signedBytes(value)];
}
