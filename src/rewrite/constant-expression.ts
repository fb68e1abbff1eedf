import { type ByteReader, malformed, refused } from './byte-reader.ts';
import { indexBelow, readHeapType } from './type-section.ts';

/** How many there are of each thing that a constant expression may name. */
export interface IndexSpaces {
  readonly typeCount: number;
  readonly functionCount: number;
  readonly globalCount: number;
  readonly dataCount: number;
  readonly elementCount: number;
}

const END = 0x0b;
const GLOBAL_GET = 0x23;
const REF_FUNC = 0xd2;

/**
 * Passes over the initial value of a global, of a table, or of a segment's offset, and checks its
 * indices: it must not reach what the rewriter appends. `onFunction` is told what `ref.func` names.
 */
export function readConstantExpression(
  reader: ByteReader,
  spaces: IndexSpaces,
  onFunction: (index: number) => void,
): void {
  for (;;) {
    const opcode = reader.u8();
    switch (opcode) {
      case END:
        return;
      case GLOBAL_GET:
        indexBelow(spaces.globalCount, 'global')(reader.unsigned());
        break;
      case REF_FUNC:
        onFunction(reader.unsigned());
        break;
      case 0x41: // i32.const
      case 0x42: // i64.const
        reader.skipInteger();
        break;
      case 0x43: // f32.const
        reader.skip(4);
        break;
      case 0x44: // f64.const
        reader.skip(8);
        break;
      case 0xd0: // ref.null
        readHeapType(reader, indexBelow(spaces.typeCount, 'type'));
        break;
      case 0x6a: // i32 and i64: add, sub, mul (extended constants)
      case 0x6b:
      case 0x6c:
      case 0x7c:
      case 0x7d:
      case 0x7e:
        break;
      case 0xfb:
        readConstantOfGc(reader, spaces);
        break;
      case 0xfd:
        if (reader.unsigned() !== 12) throw malformed('no constant expression (SIMD)');
        reader.skip(16);
        break;
      default:
        throw refused(`instruction 0x${opcode.toString(16)} in a constant expression`);
    }
  }
}

function readConstantOfGc(reader: ByteReader, { typeCount, ...counts }: IndexSpaces): void {
  const opcode = reader.unsigned();
  const readType = (): void => indexBelow(typeCount, 'type')(reader.unsigned());
  switch (opcode) {
    case 0: // struct.new, struct.new_default
    case 1:
    case 6: // array.new, array.new_default
    case 7:
      readType();
      return;
    case 8: // array.new_fixed
      readType();
      reader.unsigned();
      return;
    case 9: // array.new_data
      readType();
      indexBelow(counts.dataCount, 'data segment')(reader.unsigned());
      return;
    case 10: // array.new_elem
      readType();
      indexBelow(counts.elementCount, 'element segment')(reader.unsigned());
      return;
    case 26: // any.convert_extern, extern.convert_any, ref.i31
    case 27:
    case 28:
      return;
    default:
      throw refused(`instruction 0xfb ${opcode} in a constant expression`);
  }
}
