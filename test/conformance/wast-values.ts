import { atomOf, headOf, type List } from './wast-reader.ts';

/** The number types as the binary format spells them. */
export const NUMBER_TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type NumberType = keyof typeof NUMBER_TYPES;

/** A number by its bits, so that no NaN is the same as another. */
export interface NumberValue {
  readonly type: NumberType;
  readonly bits: bigint;
}

const WIDTHS = { i32: 32, i64: 64, f32: 32, f64: 64, v128: 128 } as const;
const LANES: Readonly<Record<string, { readonly width: number; readonly isFloat: boolean }>> = {
  i8x16: { width: 8, isFloat: false },
  i16x8: { width: 16, isFloat: false },
  i32x4: { width: 32, isFloat: false },
  i64x2: { width: 64, isFloat: false },
  f32x4: { width: 32, isFloat: true },
  f64x2: { width: 64, isFloat: true },
};

/** `(f32.const 1.5)`, … → its type; `undefined` for references and alternatives. */
export function numberTypeOf(literal: List): NumberType | undefined {
  const [type, word] = headOf(literal).split('.');
  if (headOf(literal) === 'either') {
    const first = literal.items[1];
    return first?.kind === 'list' ? numberTypeOf(first) : undefined;
  }
  return word === 'const' && type !== undefined && type in NUMBER_TYPES
    ? (type as NumberType)
    : undefined;
}

/** The value of a literal; its NaN patterns count as the canonical NaN. */
export function numberOf(literal: List): NumberValue | undefined {
  const type = numberTypeOf(literal);
  if (type === undefined || headOf(literal) === 'either') return undefined;
  const words = literal.items.slice(1).map((item) => atomOf(item) ?? '');
  if (type !== 'v128') {
    return { type, bits: bitsOf(words[0] ?? '', WIDTHS[type], type.startsWith('f')) };
  }
  const shape = LANES[words[0] ?? ''];
  if (!shape) return undefined;
  const bits = words
    .slice(1)
    .reduce(
      (all, word, lane) =>
        all | (bitsOf(word, shape.width, shape.isFloat) << BigInt(lane * shape.width)),
      0n,
    );
  return { type, bits };
}

/** Whether a result is what the suite wants, NaN patterns and alternatives included. */
export function matchesNumber(expected: List, actual: NumberValue): boolean {
  if (headOf(expected) === 'either') {
    return expected.items
      .slice(1)
      .some((item) => item.kind === 'list' && matchesNumber(item, actual));
  }
  const type = numberTypeOf(expected);
  if (type !== actual.type) return false;
  const words = expected.items.slice(1).map((item) => atomOf(item) ?? '');
  if (type !== 'v128') {
    return matchesWord(words[0] ?? '', actual.bits, WIDTHS[type], type.startsWith('f'));
  }
  const shape = LANES[words[0] ?? ''];
  if (!shape) return false;
  return words.slice(1).every((word, lane) => {
    const bits = BigInt.asUintN(shape.width, actual.bits >> BigInt(lane * shape.width));
    return matchesWord(word, bits, shape.width, shape.isFloat);
  });
}

/** Whether the suite leaves the engine a choice. */
export function isPattern(expected: List): boolean {
  return (
    headOf(expected) === 'either' ||
    expected.items.some((item) => /^nan:(canonical|arithmetic)$/.test(atomOf(item) ?? ''))
  );
}

function matchesWord(word: string, bits: bigint, width: number, isFloat: boolean): boolean {
  const fraction = width === 32 ? 23n : 52n;
  const quiet = 1n << (fraction - 1n);
  const magnitude = BigInt.asUintN(width - 1, bits);
  const exponent = magnitude >> fraction;
  const isNan = exponent === (width === 32 ? 0xffn : 0x7ffn);
  if (word === 'nan:canonical') return isNan && BigInt.asUintN(Number(fraction), bits) === quiet;
  if (word === 'nan:arithmetic') return isNan && (bits & quiet) !== 0n;
  return bits === bitsOf(word, width, isFloat);
}

function bitsOf(word: string, width: number, isFloat: boolean): bigint {
  const text = word.replaceAll('_', '');
  if (!isFloat) return BigInt.asUintN(width, signed(text, BigInt));
  const sign = text.startsWith('-') ? 1n << BigInt(width - 1) : 0n;
  const magnitude = text.replace(/^[+-]/, '');
  const fraction = width === 32 ? 23n : 52n;
  const infinity = (width === 32 ? 0xffn : 0x7ffn) << fraction;
  if (magnitude === 'inf') return sign | infinity;
  if (magnitude.startsWith('nan:0x')) return sign | infinity | BigInt(magnitude.slice(4));
  if (magnitude.startsWith('nan')) return sign | infinity | (1n << (fraction - 1n));
  const view = new DataView(new ArrayBuffer(8));
  if (width === 32) {
    view.setFloat32(0, floatOf(magnitude));
    return sign | BigInt(view.getUint32(0));
  }
  view.setFloat64(0, floatOf(magnitude));
  return sign | view.getBigUint64(0);
}

function signed(text: string, parse: (text: string) => bigint): bigint {
  const value = parse(text.replace(/^[+-]/, ''));
  return text.startsWith('-') ? -value : value;
}

/**
 * As near as a double comes, which the suite's arguments and results all are: where it tests the
 * rounding of literals, they stand in modules.
 */
function floatOf(text: string): number {
  const hex = /^0x([0-9a-f]+)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i.exec(text);
  if (!hex) return Number(text);
  const [, whole = '', part = '', exponent = '0'] = hex;
  const scale = Number(exponent) - 4 * part.length;
  const mantissa = Number(BigInt(`0x${whole}${part}`));
  // In two steps, because 2 ** -1074 times a large mantissa is a number and 2 ** -1100 is none.
  const half = Math.trunc(scale / 2);
  return mantissa * 2 ** half * 2 ** (scale - half);
}
