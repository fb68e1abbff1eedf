import { ADMISSION_LIMITS } from './admit.ts';
import { type ByteReader, malformed } from './byte-reader.ts';

/**
 * Value types as their first byte in the binary format: enough to tell `i32` from `i64`; all
 * references with an index look alike.
 */
export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export const VALUE_TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;

const FUNCTION_FORM = 0x60;
const STRUCT_FORM = 0x5f;
const ARRAY_FORM = 0x5e;
const RECURSIVE_GROUP_FORM = 0x4e;
const SUBTYPE_FORM = 0x50;
const FINAL_SUBTYPE_FORM = 0x4f;

/** References that spell out their heap type: `(ref null ht)` and `(ref ht)`. */
const NULLABLE_FORM = 0x63;
const NON_NULL_FORM = 0x64;

/** Packed fields of the GC proposal: i8 and i16. */
const PACKED_FORMS: readonly number[] = [0x78, 0x77];

/** V8's own limits of supertypes and fields. */
const MAX_VECTOR = 10_000;

/** The types of a module by index; those of the GC proposal, structs and arrays, are `undefined`. */
export type TypeTable = readonly (FunctionType | undefined)[];

/**
 * Reads the type section, recursion groups flattened as indices see them.
 *
 * Every index in it must be that of a type of this module: the rewriter appends types, and a
 * reference to what is not there must not become one to them.
 */
export function readTypes(reader: ByteReader | undefined): TypeTable {
  if (!reader) return [];
  const types: (FunctionType | undefined)[] = [];
  let highestIndex = -1;
  const onIndex = (index: number): void => {
    if (index > highestIndex) highestIndex = index;
  };
  const readSubtype = (): void => {
    if (types.length >= ADMISSION_LIMITS.types) throw malformed('too many types');
    const form = peek(reader);
    if (form === SUBTYPE_FORM || form === FINAL_SUBTYPE_FORM) {
      reader.skip(1);
      const count = vectorLength(reader);
      for (let index = 0; index < count; index++) onIndex(reader.unsigned());
    }
    types.push(readComposite(reader, onIndex));
  };
  const count = reader.unsigned();
  for (let group = 0; group < count; group++) {
    if (peek(reader) !== RECURSIVE_GROUP_FORM) {
      readSubtype();
      continue;
    }
    reader.skip(1);
    const size = vectorLength(reader, ADMISSION_LIMITS.types);
    for (let index = 0; index < size; index++) readSubtype();
  }
  if (highestIndex >= types.length) throw malformed(`type index ${highestIndex} out of range`);
  return types;
}

function readComposite(
  reader: ByteReader,
  onIndex: (index: number) => void,
): FunctionType | undefined {
  const form = reader.u8();
  const readVector = (limit: number): number[] => {
    const items: number[] = [];
    const count = vectorLength(reader, limit);
    for (let index = 0; index < count; index++) items.push(readValueType(reader, onIndex));
    return items;
  };
  switch (form) {
    case FUNCTION_FORM: {
      const parameters = readVector(ADMISSION_LIMITS.parameters);
      return { parameters, results: readVector(ADMISSION_LIMITS.results) };
    }
    case STRUCT_FORM: {
      const count = vectorLength(reader);
      for (let index = 0; index < count; index++) readField(reader, onIndex);
      return undefined;
    }
    case ARRAY_FORM:
      readField(reader, onIndex);
      return undefined;
    default:
      throw malformed(`unknown form of type 0x${form.toString(16)}`);
  }
}

function readField(reader: ByteReader, onIndex: (index: number) => void): void {
  if (PACKED_FORMS.includes(peek(reader))) reader.skip(1);
  else readValueType(reader, onIndex);
  reader.u8();
}

/** `onIndex` is told the index of a type that a reference names. */
export function readValueType(reader: ByteReader, onIndex: (index: number) => void): number {
  const byte = reader.u8();
  if (byte === NULLABLE_FORM || byte === NON_NULL_FORM) readHeapType(reader, onIndex);
  else if (byte < 0x40 || byte > 0x7f) throw malformed(`unknown type 0x${byte.toString(16)}`);
  return byte;
}

export function readHeapType(reader: ByteReader, onIndex: (index: number) => void): void {
  const index = reader.signed33();
  if (index >= 0) onIndex(index);
}

/** Refuses an index past what the module itself defines. */
export function indexBelow(limit: number, what: string): (index: number) => void {
  return (index) => {
    if (index >= limit) throw malformed(`${what} index ${index} out of range`);
  };
}

function peek(reader: ByteReader): number {
  return reader.bytes[reader.position] ?? 0;
}

function vectorLength(reader: ByteReader, limit = MAX_VECTOR): number {
  const count = reader.unsigned();
  // Each item takes a byte at least, so that a count is never larger than what is left to read.
  if (count > limit || count > reader.end - reader.position) throw malformed('count too large');
  return count;
}
