import { atomicAlignment } from './atomic-functions.ts';
import { type ByteReader, malformed, refused } from './byte-reader.ts';
import { EVENT, type FunctionEvents, SIZED } from './function-events.ts';
import type { ModuleOutline } from './module-sections.ts';
import { ATOMIC_OPCODE, BULK_OPCODE, OPCODE } from './opcode.ts';
import { readHeapType } from './type-section.ts';

/** What a prefixed instruction comes to: an event, or plain code when `kind` is not there. */
export interface PrefixedInstruction {
  readonly kind: number | undefined;
  readonly operand: number;
  readonly extra: number;
}

const PLAIN: PrefixedInstruction = { kind: undefined, operand: 0, extra: 0 };

const LAST_SATURATING = 7;
const LAST_SIMD = 0xff;
const FIRST_RELAXED_SIMD = 0x100;
const LAST_RELAXED_SIMD = 0x113;
const LAST_GC = 30;

/** Memory accesses have a memory's index when this bit of their alignment is set. */
const MEMORY_INDEX_FLAG = 0x40;

/**
 * Reads the instructions of two bytes: bulk memory and saturation (0xfc), SIMD (0xfd), atomics
 * (0xfe) and the GC proposal (0xfb).
 */
export class PrefixedDecoder {
  readonly #module: ModuleOutline;
  readonly #reader: ByteReader;
  readonly #events: FunctionEvents;
  /**
   * Whether some body drops a segment, or uses objects of the GC proposal, whose fields change
   * while the global that holds them does not: state that cannot be set back.
   */
  isIrreversible = false;

  constructor(module: ModuleOutline, reader: ByteReader, events: FunctionEvents) {
    this.#module = module;
    this.#reader = reader;
    this.#events = events;
  }

  read(prefix: number, depth: number): PrefixedInstruction {
    switch (prefix) {
      case OPCODE.numericPrefix:
        return this.#readNumeric();
      case OPCODE.simdPrefix:
        this.#readSimd();
        return PLAIN;
      case OPCODE.atomicPrefix:
        return this.#readAtomic();
      default:
        return this.#readGc(depth);
    }
  }

  readMemoryArgument(): void {
    const flags = this.#reader.unsigned();
    if ((flags & MEMORY_INDEX_FLAG) !== 0) this.readMemory();
    this.#reader.skipInteger();
  }

  readMemory(): number {
    return this.#index(this.#module.memories.length, 'memory');
  }

  readTable(): number {
    return this.#index(this.#module.tables.length, 'table');
  }

  #index(count: number, what: string): number {
    const index = this.#reader.unsigned();
    if (index >= count) throw malformed(`${what} index ${index} out of range`);
    return index;
  }

  #readData(): number {
    if (!this.#module.hasDataCount) throw malformed('data segment used without a data count');
    return this.#index(this.#module.dataSizes.length, 'data segment');
  }

  #readElement(): number {
    return this.#index(this.#module.elementSizes.length, 'element segment');
  }

  #readType(): number {
    return this.#index(this.#module.types.length, 'type');
  }

  #sized(operand: number, first = 0, second = 0): PrefixedInstruction {
    const extra = this.#events.addToPool(first);
    this.#events.addToPool(second);
    return { kind: EVENT.sized, operand, extra };
  }

  #readNumeric(): PrefixedInstruction {
    const opcode = this.#reader.unsigned();
    if (opcode <= LAST_SATURATING) return PLAIN;
    switch (opcode) {
      case BULK_OPCODE.memoryInit: {
        const data = this.#readData();
        this.readMemory();
        return this.#sized(SIZED.memoryInit, data);
      }
      case BULK_OPCODE.dataDrop:
        this.#readData();
        this.isIrreversible = true;
        return PLAIN;
      case BULK_OPCODE.memoryCopy:
        this.readMemory();
        this.readMemory();
        return this.#sized(SIZED.memoryCopy);
      case BULK_OPCODE.memoryFill:
        this.readMemory();
        return this.#sized(SIZED.memoryFill);
      case BULK_OPCODE.tableInit: {
        const element = this.#readElement();
        return this.#sized(SIZED.tableInit, element, this.readTable());
      }
      case BULK_OPCODE.elementDrop:
        this.#readElement();
        this.isIrreversible = true;
        return PLAIN;
      case BULK_OPCODE.tableCopy: {
        const target = this.readTable();
        return this.#sized(SIZED.tableCopy, target, this.readTable());
      }
      case BULK_OPCODE.tableGrow:
        return this.#sized(SIZED.tableGrow, this.readTable());
      case BULK_OPCODE.tableSize:
        this.readTable();
        return PLAIN;
      case BULK_OPCODE.tableFill:
        return this.#sized(SIZED.tableFill, this.readTable());
      default:
        throw refused(
          `unknown instruction 0xfc ${opcode} (${opcode >= 19 && opcode <= 22 ? 'wide arithmetic' : 'a proposal'})`,
        );
    }
  }

  #readSimd(): void {
    const opcode = this.#reader.unsigned();
    if (opcode <= 11 || opcode === 92 || opcode === 93) {
      this.readMemoryArgument();
    } else if (opcode === 12 || opcode === 13) {
      this.#reader.skip(16); // v128.const, i8x16.shuffle
    } else if (opcode >= 21 && opcode <= 34) {
      this.#reader.skip(1); // a lane
    } else if (opcode >= 84 && opcode <= 91) {
      this.readMemoryArgument();
      this.#reader.skip(1);
    } else if (opcode > LAST_SIMD) {
      const isRelaxed = opcode >= FIRST_RELAXED_SIMD && opcode <= LAST_RELAXED_SIMD;
      if (!isRelaxed) throw refused(`unknown instruction 0xfd ${opcode} (half precision?)`);
    }
  }

  #readAtomic(): PrefixedInstruction {
    const opcode = this.#reader.unsigned();
    const { wait64, fence, i32Load, last } = ATOMIC_OPCODE;
    if (opcode === fence) {
      this.#reader.skip(1);
      return PLAIN;
    }
    if (opcode <= wait64 && this.#module.memories[0]?.isShared === true) {
      return { kind: EVENT.atomic, operand: opcode, extra: this.#readReplacedArgument(opcode) };
    }
    if (opcode > last || (opcode > fence && opcode < i32Load)) {
      throw refused(`unknown instruction 0xfe ${opcode} (shared-everything threads)`);
    }
    this.readMemoryArgument();
    return PLAIN;
  }

  /** Nobody validates the argument of an instruction that is replaced after us. */
  #readReplacedArgument(opcode: number): number {
    const flags = this.#reader.unsigned();
    if ((flags & ~MEMORY_INDEX_FLAG) !== atomicAlignment(opcode)) {
      throw malformed('an atomic access is not aligned as its size');
    }
    if ((flags & MEMORY_INDEX_FLAG) !== 0) this.readMemory();
    return this.#reader.unsigned() | 0;
  }

  #readGc(depth: number): PrefixedInstruction {
    const reader = this.#reader;
    const opcode = reader.unsigned();
    if (opcode > LAST_GC) {
      throw refused(`unknown instruction 0xfb ${opcode} (custom descriptors, stringref?)`);
    }
    this.isIrreversible = true;
    if (opcode === 24 || opcode === 25) return this.#readBranchOnCast(depth);
    // struct.new … array.new_elem, array.get … array.set, array.fill … array.init_elem
    if (opcode <= 14 || (opcode >= 16 && opcode <= 19)) this.#readType();
    switch (opcode) {
      case 2: // struct.get, struct.get_s, struct.get_u, struct.set
      case 3:
      case 4:
      case 5:
        reader.unsigned();
        return PLAIN;
      case 8: // array.new_fixed
        reader.unsigned();
        return PLAIN;
      case 9: // array.new_data
      case 18: // array.init_data
        this.#readData();
        return this.#sized(SIZED.array);
      case 10: // array.new_elem
      case 19: // array.init_elem
        this.#readElement();
        return this.#sized(SIZED.array);
      case 17: // array.copy
        this.#readType();
        return this.#sized(SIZED.array);
      case 6: // array.new, array.new_default
      case 7:
      case 16: // array.fill
        return this.#sized(SIZED.array);
      case 20: // ref.test, ref.cast
      case 21:
      case 22:
      case 23:
        this.#readHeapType();
        return PLAIN;
      default:
        return PLAIN;
    }
  }

  #readBranchOnCast(depth: number): PrefixedInstruction {
    const reader = this.#reader;
    reader.u8();
    const start = reader.position;
    const label = reader.unsigned();
    if (label >= depth) throw malformed(`label ${label} out of range`);
    const extra = this.#events.addToPool(start);
    this.#events.addToPool(reader.position);
    this.#readHeapType();
    this.#readHeapType();
    return { kind: EVENT.branchOn, operand: label, extra };
  }

  #readHeapType(): void {
    readHeapType(this.#reader, (index) => {
      if (index >= this.#module.types.length) throw malformed(`type index ${index} out of range`);
    });
  }
}
