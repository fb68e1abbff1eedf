import { EngineError } from '../base/engine-error.ts';
import { admitSize, admitTypes } from './admit.ts';
import { ByteReader, malformed, refused } from './byte-reader.ts';
import { type IndexSpaces, readConstantExpression } from './constant-expression.ts';
import { EXTERNAL_KIND } from './external-kind.ts';
import { readData, readElements, segmentCount } from './segments.ts';
import {
  type FunctionType,
  indexBelow,
  readTypes,
  readValueType,
  type TypeTable,
} from './type-section.ts';

/**
 * A module's outline: its sections by place, and what stands in all of them but the bodies.
 *
 * Every index is checked against what the module itself defines. The rewriter appends types,
 * functions, globals and a table: an index past the end, which makes the module invalid, would
 * otherwise come to name one of these.
 */
export interface ModuleOutline {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sections: readonly Section[];
  readonly types: TypeTable;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** All functions, the imported ones first: index into `types`. */
  readonly functionTypes: Uint32Array;
  readonly functionCount: number;
  readonly importedFunctionCount: number;
  /** All tables, memories: the imported ones first. */
  readonly tables: readonly TableLimits[];
  readonly memories: readonly MemoryLimits[];
  /** All globals, the imported ones first. */
  readonly globalCount: number;
  readonly mutableGlobals: readonly MutableGlobal[];
  readonly tagCount: number;
  /** Index of the start function, when there is one. */
  readonly startFunction: number | undefined;
  /** 1 for each function that a segment or a constant expression refers to. */
  readonly referencedFunctions: Uint8Array;
  /** 1 for each function that is exported. */
  readonly exportedFunctions: Uint8Array;
  /** Entries of each element segment. */
  readonly elementSizes: readonly number[];
  /** Bytes of each data segment. */
  readonly dataSizes: readonly number[];
  readonly hasDataCount: boolean;
  /** Where the flags of the shared memory's limits stand, when there is one. */
  readonly sharedFlagsAt: number | undefined;
}

export interface Section {
  readonly id: number;
  /** Where the section's id byte stands. */
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

export type ImportKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: ImportKind;
  /** For functions and tags: index into `types`. */
  readonly typeIndex: number;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface MemoryLimits {
  readonly initialPages: number;
  /** All that 32-bit addresses reach when the module says nothing, or says more. */
  readonly maximumPages: number;
  /** Whether it was in the module as it came; it is none any more (see atomic-functions.ts). */
  readonly isShared: boolean;
  readonly is64Bit: boolean;
  readonly isImported: boolean;
}

export interface MutableGlobal {
  readonly index: number;
  /** First byte of its type. */
  readonly type: number;
}

export interface TableLimits {
  /** The element's type as it is spelled in the module. */
  readonly elementType: Uint8Array;
  readonly initialEntries: number;
  readonly maximumEntries: number | undefined;
  readonly is64Bit: boolean;
}

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The order in which the format wants its sections; a custom section may stand anywhere. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const CORE_VERSION = [0x01, 0x00, 0x00, 0x00];
const COMPONENT_VERSION = [0x0d, 0x00, 0x01, 0x00];
export const HEADER_SIZE = MAGIC.length + CORE_VERSION.length;

/** V8's own limit; past it a module would be refused later with a worse message. */
const MAX_ENTRIES = 1_000_000;

/** 4 GiB: all that 32-bit addresses reach. */
const MOST_PAGES = 65_536;

const HAS_MAXIMUM_FLAG = 0x01;
export const SHARED_FLAG = 0x02;
const INDEX64_FLAG = 0x04;
const PAGE_SIZE_FLAG = 0x08;

/**
 * # Errors
 * invalid-argument (`exec format error: …`) when the bytes are no core module or the outline is
 * malformed.
 */
export function readOutline(bytes: Uint8Array<ArrayBuffer>): ModuleOutline {
  admitSize(bytes.length);
  checkHeader(bytes);
  return new OutlineReader(bytes, readSections(bytes)).read();
}

function checkHeader(bytes: Uint8Array): void {
  const matches = (expected: readonly number[], at: number): boolean =>
    expected.every((byte, index) => bytes[at + index] === byte);
  if (!matches(MAGIC, 0)) {
    throw new EngineError('invalid-argument', 'exec format error: not a WebAssembly module');
  }
  if (matches(COMPONENT_VERSION, 4)) {
    throw new EngineError(
      'invalid-argument',
      'exec format error: the file is a WebAssembly component; only core modules can be run',
    );
  }
  if (!matches(CORE_VERSION, 4)) throw malformed('unknown binary version');
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes, HEADER_SIZE);
  const sections: Section[] = [];
  let lastRank = -1;
  while (!reader.isAtEnd) {
    const start = reader.position;
    const id = reader.u8();
    const sizeBytes = reader.unsigned();
    const contentStart = reader.position;
    if (sizeBytes > reader.end - contentStart) {
      throw malformed(`section ${id} ends past the end of the file (truncated?)`);
    }
    if (id === SECTION.type) admitTypes(sizeBytes);
    reader.skip(sizeBytes);
    if (id !== SECTION.custom) {
      const rank = SECTION_ORDER.indexOf(id);
      if (rank < 0) throw malformed(`unknown section ${id}`);
      if (rank <= lastRank) throw malformed(`section ${id} out of order`);
      lastRank = rank;
    }
    sections.push({ id, start, contentStart, end: reader.position });
  }
  return sections;
}

function vectorLength(reader: ByteReader): number {
  const count = reader.unsigned();
  // Each item takes a byte at least, so that a count is never larger than what is left to read.
  if (count > MAX_ENTRIES || count > reader.end - reader.position) {
    throw malformed('count too large');
  }
  return count;
}

/** Reads the sections in the order of their contents' dependence, which is that of the file. */
class OutlineReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #sections: readonly Section[];
  readonly #imports: Import[] = [];
  readonly #tables: TableLimits[] = [];
  readonly #memories: MemoryLimits[] = [];
  readonly #functionTypes: number[] = [];
  #types: TypeTable = [];
  readonly #mutableGlobals: MutableGlobal[] = [];
  #globalCount = 0;
  #tagCount = 0;
  #sharedFlagsAt: number | undefined;
  #elementCount = 0;
  #dataCount = 0;
  #referenced = new Uint8Array(0);

  constructor(bytes: Uint8Array<ArrayBuffer>, sections: readonly Section[]) {
    this.#bytes = bytes;
    this.#sections = sections;
  }

  read(): ModuleOutline {
    this.#types = readTypes(this.#reader(SECTION.type));
    this.#each(SECTION.import, (from) => this.#readImport(from));
    const importedFunctionCount = this.#functionTypes.length;
    this.#each(SECTION.function, (from) => this.#functionTypes.push(this.#readFunctionType(from)));
    const functionCount = this.#functionTypes.length;
    this.#referenced = new Uint8Array(functionCount);
    this.#elementCount = this.#count(SECTION.element);
    this.#dataCount = this.#count(SECTION.data);
    this.#each(SECTION.table, (from) => this.#readTable(from));
    this.#each(SECTION.memory, (from) => this.#readMemory(from, false));
    this.#each(SECTION.tag, (from) => this.#readTag(from));
    this.#each(SECTION.global, (from) => this.#readGlobal(from));
    const exports: Export[] = [];
    const exportedFunctions = new Uint8Array(functionCount);
    this.#each(SECTION.export, (from) => {
      const found = this.#readExport(from);
      exports.push(found);
      if (found.kind === EXTERNAL_KIND.function) exportedFunctions[found.index] = 1;
    });
    const startFunction = this.#readStart();
    return {
      bytes: this.#bytes,
      sections: this.#sections,
      types: this.#types,
      imports: this.#imports,
      exports,
      functionTypes: Uint32Array.from(this.#functionTypes),
      functionCount,
      importedFunctionCount,
      tables: this.#tables,
      memories: this.#memories,
      globalCount: this.#globalCount,
      mutableGlobals: this.#mutableGlobals,
      tagCount: this.#tagCount,
      startFunction,
      ...this.#readSegments(),
      referencedFunctions: this.#referenced,
      exportedFunctions,
      sharedFlagsAt: this.#sharedFlagsAt,
    };
  }

  #reader(id: number): ByteReader | undefined {
    const section = this.#sections.find((candidate) => candidate.id === id);
    return section && new ByteReader(this.#bytes, section.contentStart, section.end);
  }

  #each(id: number, read: (from: ByteReader) => void): void {
    const reader = this.#reader(id);
    if (!reader) return;
    const count = vectorLength(reader);
    for (let index = 0; index < count; index++) read(reader);
    // What is left would be passed on, and read as entries of what is appended behind it.
    if (!reader.isAtEnd) throw malformed(`section ${id} is longer than its contents`);
  }

  #count(id: number): number {
    const reader = this.#reader(id);
    return reader ? segmentCount(reader) : 0;
  }

  #spaces(): IndexSpaces {
    return {
      typeCount: this.#types.length,
      functionCount: this.#functionTypes.length,
      globalCount: this.#globalCount,
      dataCount: this.#dataCount,
      elementCount: this.#elementCount,
    };
  }

  readonly #onType = (index: number): void => indexBelow(this.#types.length, 'type')(index);

  readonly #onFunction = (index: number): void => {
    indexBelow(this.#functionTypes.length, 'function')(index);
    this.#referenced[index] = 1;
  };

  #readFunctionType(reader: ByteReader): number {
    const index = reader.unsigned();
    if (!this.#types[index]) throw malformed(`type ${index} is not that of a function`);
    return index;
  }

  #readImport(reader: ByteReader): void {
    const module = reader.name();
    const name = reader.name();
    const kindByte = reader.u8();
    const add = (kind: ImportKind, typeIndex = 0): void => {
      this.#imports.push({ module, name, kind, typeIndex });
    };
    switch (kindByte) {
      case EXTERNAL_KIND.function: {
        const typeIndex = this.#readFunctionType(reader);
        this.#functionTypes.push(typeIndex);
        add('function', typeIndex);
        return;
      }
      case EXTERNAL_KIND.table:
        this.#tables.push(this.#readTableType(reader));
        add('table');
        return;
      case EXTERNAL_KIND.memory:
        this.#readMemory(reader, true);
        add('memory');
        return;
      case EXTERNAL_KIND.global:
        this.#readGlobalType(reader);
        this.#globalCount++;
        add('global');
        return;
      case EXTERNAL_KIND.tag:
        add('tag', this.#readTag(reader));
        return;
      default:
        throw malformed(`unknown import kind ${kindByte}`);
    }
  }

  #readMemory(reader: ByteReader, isImported: boolean): void {
    const flagsAt = reader.position;
    const { flags, initial, maximum } = readLimits(reader);
    const isShared = (flags & SHARED_FLAG) !== 0;
    const is64Bit = (flags & INDEX64_FLAG) !== 0;
    if (isShared) {
      // What V8 would say if the flag stayed.
      if (maximum === undefined) throw malformed('a shared memory needs a maximum');
      if (is64Bit) throw refused('a memory that is shared and 64-bit (threads and memory64)');
      this.#sharedFlagsAt = flagsAt;
    }
    this.#memories.push({
      initialPages: initial,
      maximumPages: Math.min(maximum ?? MOST_PAGES, MOST_PAGES),
      isShared,
      is64Bit,
      isImported,
    });
  }

  #readTag(reader: ByteReader): number {
    if (reader.u8() !== 0) throw malformed('unknown kind of tag');
    this.#tagCount++;
    return this.#readFunctionType(reader);
  }

  #readTableType(reader: ByteReader): TableLimits {
    const start = reader.position;
    readValueType(reader, this.#onType);
    const elementType = this.#bytes.subarray(start, reader.position);
    const { flags, initial, maximum } = readLimits(reader);
    return {
      elementType,
      initialEntries: initial,
      maximumEntries: maximum,
      is64Bit: (flags & INDEX64_FLAG) !== 0,
    };
  }

  #readTable(reader: ByteReader): void {
    const hasInitialValue = this.#bytes[reader.position] === 0x40;
    if (hasInitialValue) {
      reader.skip(1);
      if (reader.u8() !== 0) throw malformed('unknown form of table');
    }
    this.#tables.push(this.#readTableType(reader));
    // Only imported globals are known to a table's initial value, which stands before the others.
    if (hasInitialValue) readConstantExpression(reader, this.#spaces(), this.#onFunction);
  }

  #readGlobalType(reader: ByteReader): void {
    const type = readValueType(reader, this.#onType);
    if (reader.u8() !== 0) this.#mutableGlobals.push({ index: this.#globalCount, type });
  }

  #readGlobal(reader: ByteReader): void {
    this.#readGlobalType(reader);
    readConstantExpression(reader, this.#spaces(), this.#onFunction);
    this.#globalCount++;
  }

  #readExport(reader: ByteReader): Export {
    const name = reader.name();
    const kind = reader.u8();
    const index = reader.unsigned();
    const counts = [
      this.#functionTypes.length,
      this.#tables.length,
      this.#memories.length,
      this.#globalCount,
      this.#tagCount,
    ];
    const count = counts[kind];
    if (count === undefined) throw malformed(`unknown export kind ${kind}`);
    if (index >= count) throw malformed(`export ${JSON.stringify(name)} names what is not there`);
    return { name, kind, index };
  }

  #readStart(): number | undefined {
    const reader = this.#reader(SECTION.start);
    if (!reader) return undefined;
    const index = reader.unsigned();
    const type: FunctionType | undefined = this.#types[this.#functionTypes[index] ?? -1];
    if (!type) throw malformed('start function out of range');
    // It is exported instead of run, so that its type would no longer be looked at.
    if (type.parameters.length + type.results.length > 0 || !reader.isAtEnd) {
      throw malformed('the start function takes or answers something');
    }
    return index;
  }

  #readSegments(): Pick<ModuleOutline, 'elementSizes' | 'dataSizes' | 'hasDataCount'> {
    const context = {
      ...this.#spaces(),
      tableCount: this.#tables.length,
      memoryCount: this.#memories.length,
      onFunction: this.#onFunction,
    };
    return {
      elementSizes: readElements(this.#reader(SECTION.element), context),
      dataSizes: readData(this.#reader(SECTION.data), context),
      hasDataCount: this.#reader(SECTION.dataCount) !== undefined,
    };
  }
}

interface Limits {
  readonly flags: number;
  readonly initial: number;
  readonly maximum: number | undefined;
}

function readLimits(reader: ByteReader): Limits {
  const flags = reader.u8();
  if ((flags & PAGE_SIZE_FLAG) !== 0) throw refused('custom page sizes');
  const readSize = (): number =>
    (flags & INDEX64_FLAG) === 0 ? reader.unsigned() : reader.unsigned64();
  const initial = readSize();
  const maximum = (flags & HAS_MAXIMUM_FLAG) === 0 ? undefined : readSize();
  return { flags, initial, maximum };
}
