import { ByteWriter } from '../../src/base/byte-writer.ts';
import { NUMBER_TYPES, type NumberType, type NumberValue } from './wast-values.ts';

/**
 * Calls an exported function with numbers and answers numbers, by bits: JavaScript has no `v128`,
 * and need not keep a NaN's payload. A small module does it: it imports the function, holds the
 * arguments as constants, and answers integers.
 */
export class NumberCaller {
  readonly #modules = new Map<string, WebAssembly.Module>();

  /** # Errors: what the function throws; LinkError when it has another type. */
  call(
    callee: WebAssembly.ExportedFunction,
    args: readonly NumberValue[],
    results: readonly NumberType[],
  ): NumberValue[] {
    const key = `${args.map(({ type, bits }) => `${type}${bits}`).join()}>${results.join()}`;
    let module = this.#modules.get(key);
    if (!module) {
      if (this.#modules.size >= MAX_CACHED) this.#modules.clear();
      module = new WebAssembly.Module(encodeCaller(args, results));
      this.#modules.set(key, module);
    }
    const { exports } = new WebAssembly.Instance(module, { a: { f: callee } });
    const answer = (exports['f'] as () => unknown)();
    return decodeResults(Array.isArray(answer) ? answer : [answer], results);
  }
}

const MAX_CACHED = 10_000;

function decodeResults(words: readonly unknown[], results: readonly NumberType[]): NumberValue[] {
  let at = 0;
  const next = (width: number): bigint => {
    const word = words[at++];
    return BigInt.asUintN(width, typeof word === 'bigint' ? word : BigInt(Number(word)));
  };
  return results.map((type) => {
    if (type === 'v128') return { type, bits: next(64) | (next(64) << 64n) };
    return { type, bits: next(type.endsWith('32') ? 32 : 64) };
  });
}

function encodeCaller(args: readonly NumberValue[], results: readonly NumberType[]): Uint8Array {
  const { i32, i64 } = NUMBER_TYPES;
  const words = results.flatMap((type): readonly number[] => {
    if (type === 'v128') return [i64, i64];
    return [type.endsWith('32') ? i32 : i64];
  });
  const types = new ByteWriter()
    .u8(2)
    .u8(0x60)
    .unsigned(args.length)
    .raw(args.map(({ type }) => NUMBER_TYPES[type]))
    .unsigned(results.length)
    .raw(results.map((type) => NUMBER_TYPES[type]))
    .raw([0x60, 0])
    .unsigned(words.length)
    .raw(words);
  const imports = new ByteWriter().u8(1).name('a').name('f').u8(0).u8(0);
  const exports = new ByteWriter().u8(1).name('f').u8(0).u8(1);
  const code = new ByteWriter().u8(1).sized(encodeBody(args, results));
  return new ByteWriter()
    .raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    .u8(1)
    .sized(types)
    .u8(2)
    .sized(imports)
    .raw([3, 2, 1, 1])
    .u8(7)
    .sized(exports)
    .u8(10)
    .sized(code)
    .finish();
}

function encodeBody(args: readonly NumberValue[], results: readonly NumberType[]): ByteWriter {
  const body = new ByteWriter().unsigned(results.length);
  for (const type of results) body.u8(1).u8(NUMBER_TYPES[type]);
  for (const value of args) writeConstant(body, value);
  body.raw([0x10, 0]);
  for (let index = results.length - 1; index >= 0; index--) body.u8(0x21).unsigned(index);
  for (const [index, type] of results.entries()) {
    body.u8(0x20).unsigned(index);
    if (type === 'f32') body.u8(0xbc);
    if (type === 'f64') body.u8(0xbd);
    if (type === 'v128') body.raw([0xfd, 0x1d, 0]).u8(0x20).unsigned(index).raw([0xfd, 0x1d, 1]);
  }
  return body.u8(0x0b);
}

function writeConstant(body: ByteWriter, { type, bits }: NumberValue): void {
  const littleEndian = (count: number): number[] =>
    Array.from({ length: count }, (_, index) => Number((bits >> BigInt(8 * index)) & 0xffn));
  switch (type) {
    case 'i32':
      body.u8(0x41).signed(Number(BigInt.asIntN(32, bits)));
      return;
    case 'i64':
      body.u8(0x42);
      writeSigned64(body, BigInt.asIntN(64, bits));
      return;
    case 'f32':
      body.u8(0x43).raw(littleEndian(4));
      return;
    case 'f64':
      body.u8(0x44).raw(littleEndian(8));
      return;
    case 'v128':
      body.raw([0xfd, 0x0c]).raw(littleEndian(16));
  }
}

/** Signed LEB128 of a 64-bit number. */
export function writeSigned64(to: ByteWriter, value: bigint): void {
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    to.u8(isLast ? low : low | 0x80);
    if (isLast) return;
  }
}
