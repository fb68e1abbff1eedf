import { ADMISSION_LIMITS } from './admit.ts';
import { type ByteReader, malformed } from './byte-reader.ts';
import { type IndexSpaces, readConstantExpression } from './constant-expression.ts';
import { indexBelow, readValueType } from './type-section.ts';

export interface SegmentContext extends IndexSpaces {
  readonly tableCount: number;
  readonly memoryCount: number;
  readonly onFunction: (index: number) => void;
}

/** V8's limit of a table's size, and so of what a segment can fill. */
const MAX_SEGMENT_ENTRIES = 10_000_000;

const PASSIVE_FLAG = 1;
const EXPLICIT_INDEX_FLAG = 2;
const EXPRESSIONS_FLAG = 4;

/** Reads the element section (core specification, section 5.5.12). */
export function readElements(
  reader: ByteReader | undefined,
  context: SegmentContext,
): readonly number[] {
  const sizes: number[] = [];
  if (!reader) return sizes;
  const count = segmentCount(reader);
  for (let index = 0; index < count; index++) sizes.push(readElementSegment(reader, context));
  return sizes;
}

function readElementSegment(reader: ByteReader, context: SegmentContext): number {
  const flags = reader.unsigned();
  if (flags > 7) throw malformed('unknown kind of element segment');
  const isPassive = (flags & PASSIVE_FLAG) !== 0;
  const hasIndex = (flags & EXPLICIT_INDEX_FLAG) !== 0;
  const hasExpressions = (flags & EXPRESSIONS_FLAG) !== 0;
  if (!isPassive) {
    indexBelow(context.tableCount, 'table')(hasIndex ? reader.unsigned() : 0);
    readConstantExpression(reader, context, context.onFunction);
  }
  if (isPassive || hasIndex) {
    if (hasExpressions) readValueType(reader, indexBelow(context.typeCount, 'type'));
    else if (reader.u8() !== 0) throw malformed('unknown kind of element');
  }
  const size = reader.unsigned();
  if (size > MAX_SEGMENT_ENTRIES || size > reader.end - reader.position) {
    throw malformed('element segment too large');
  }
  for (let index = 0; index < size; index++) {
    if (hasExpressions) readConstantExpression(reader, context, context.onFunction);
    else context.onFunction(reader.unsigned());
  }
  return size;
}

/** Reads the data section (section 5.5.14): answers the bytes of each segment. */
export function readData(
  reader: ByteReader | undefined,
  context: SegmentContext,
): readonly number[] {
  const sizes: number[] = [];
  if (!reader) return sizes;
  const count = segmentCount(reader);
  for (let index = 0; index < count; index++) {
    const flags = reader.unsigned();
    if (flags > 2) throw malformed('unknown kind of data segment');
    if (flags !== PASSIVE_FLAG) {
      const memory = flags === EXPLICIT_INDEX_FLAG ? reader.unsigned() : 0;
      indexBelow(context.memoryCount, 'memory')(memory);
      readConstantExpression(reader, context, context.onFunction);
    }
    const sizeBytes = reader.unsigned();
    reader.skip(sizeBytes);
    sizes.push(sizeBytes);
  }
  return sizes;
}

/** Number of segments without reading them: `array.new_data` in a global's value names them. */
export function segmentCount(reader: ByteReader): number {
  const count = reader.unsigned();
  if (count > ADMISSION_LIMITS.segments || count > reader.end - reader.position) {
    throw malformed('too many segments');
  }
  return count;
}
