import { EngineError } from '../base/engine-error.ts';
import { ByteReader, malformed } from './byte-reader.ts';

/**
 * A module's outline: its sections by place, and the contents of the few that the pipeline needs.
 * Bodies are not looked into; V8 validates them when it compiles.
 */
export interface ModuleOutline {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sections: readonly Section[];
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** All functions, the imported ones first. */
  readonly functionCount: number;
  readonly memories: readonly MemoryLimits[];
  /** Index of the start function, when there is one. */
  readonly startFunction: number | undefined;
}

export interface Section {
  readonly id: number;
  /** Where the section's id byte stands. */
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/**
 * `i32`, `i64`, … as their bytes in the binary format; `undefined` for types that are not spelled
 * in one byte.
 */
export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export type ImportKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: ImportKind;
  /** For functions: index into `types`. */
  readonly typeIndex: number;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface MemoryLimits {
  readonly initialPages: number;
  readonly isShared: boolean;
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

export const EXPORT_FUNCTION = 0;
export const EXPORT_MEMORY = 2;

/** The order in which the format wants its sections; a custom section may stand anywhere. */
const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const CORE_VERSION = [0x01, 0x00, 0x00, 0x00];
const COMPONENT_VERSION = [0x0d, 0x00, 0x01, 0x00];

/** V8's own limit; past it a module would be refused later with a worse message. */
const MAX_ENTRIES = 1_000_000;

const SHARED_FLAG = 0x02;
const MEMORY64_FLAG = 0x04;
const PAGE_SIZE_FLAG = 0x08;
const HAS_MAXIMUM_FLAG = 0x01;

/**
 * # Errors
 * invalid-argument (`exec format error: …`) when the bytes are no core module or the outline is
 * malformed.
 */
export function readOutline(bytes: Uint8Array<ArrayBuffer>): ModuleOutline {
  checkHeader(bytes);
  const sections = readSections(bytes);
  const reader = (id: number): ByteReader | undefined => {
    const section = sections.find((candidate) => candidate.id === id);
    return section && new ByteReader(bytes, section.contentStart, section.end);
  };
  const types = readTypes(reader(SECTION.type));
  const imports: Import[] = [];
  const memories: MemoryLimits[] = [];
  readImports(reader(SECTION.import), imports, memories);
  for (const found of readVector(reader(SECTION.memory), readMemoryLimits)) memories.push(found);
  const ownFunctions = readVector(reader(SECTION.function), (from) => from.unsigned()).length;
  const start = reader(SECTION.start)?.unsigned();
  const functionCount =
    imports.filter((candidate) => candidate.kind === 'function').length + ownFunctions;
  if (start !== undefined && start >= functionCount) throw malformed('start function out of range');
  return {
    bytes,
    sections,
    types,
    imports,
    exports: readVector(reader(SECTION.export), readExport),
    functionCount,
    memories,
    startFunction: start,
  };
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
  const reader = new ByteReader(bytes, MAGIC.length + CORE_VERSION.length);
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

function readVector<Item>(
  reader: ByteReader | undefined,
  item: (from: ByteReader) => Item,
): Item[] {
  if (!reader) return [];
  const count = reader.unsigned();
  // Each item takes a byte at least, so that a count is never larger than what is left to read.
  if (count > MAX_ENTRIES || count > reader.end - reader.position)
    throw malformed('count too large');
  const items: Item[] = [];
  for (let index = 0; index < count; index++) items.push(item(reader));
  return items;
}

const FUNCTION_FORM = 0x60;
const RECURSIVE_GROUP_FORM = 0x4e;
const SUBTYPE_FORMS: readonly number[] = [0x50, 0x4f];

/**
 * Function types up to the first one of the GC proposal's forms: imports of the ABIs use plain
 * types only, and a compiler puts those first; an import of a later type is refused where it is
 * linked.
 */
function readTypes(reader: ByteReader | undefined): FunctionType[] {
  if (!reader) return [];
  const types: FunctionType[] = [];
  const count = reader.unsigned();
  if (count > MAX_ENTRIES) throw malformed('too many types');
  for (let index = 0; index < count; index++) {
    const form = reader.u8();
    if (form === RECURSIVE_GROUP_FORM || SUBTYPE_FORMS.includes(form)) return types;
    if (form !== FUNCTION_FORM) return types;
    const parameters = readVector(reader, readValueType);
    types.push({ parameters, results: readVector(reader, readValueType) });
  }
  return types;
}

const REFERENCE_FORMS: readonly number[] = [0x63, 0x64];

function readValueType(reader: ByteReader): number {
  const byte = reader.u8();
  if (REFERENCE_FORMS.includes(byte)) reader.skipInteger();
  return byte;
}

function readImports(
  reader: ByteReader | undefined,
  imports: Import[],
  memories: MemoryLimits[],
): void {
  for (const found of readVector(reader, (from) => readImport(from, memories))) imports.push(found);
}

function readImport(reader: ByteReader, memories: MemoryLimits[]): Import {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.u8();
  const made = (kindName: ImportKind, typeIndex: number): Import => ({
    module,
    name,
    kind: kindName,
    typeIndex,
  });
  switch (kind) {
    case 0:
      return made('function', reader.unsigned());
    case 1:
      readValueType(reader);
      readLimits(reader);
      return made('table', 0);
    case 2:
      memories.push(readMemoryLimits(reader));
      return made('memory', 0);
    case 3:
      readValueType(reader);
      reader.u8();
      return made('global', 0);
    case 4:
      reader.u8();
      return made('tag', reader.unsigned());
    default:
      throw malformed(`unknown import kind ${kind}`);
  }
}

function readLimits(reader: ByteReader): { flags: number; initial: number } {
  const flags = reader.u8();
  const is64Bit = (flags & MEMORY64_FLAG) !== 0;
  const start = reader.position;
  let initial = 0;
  if (is64Bit) {
    reader.skipInteger();
    const low = new ByteReader(reader.bytes, start, reader.position);
    // A size past 32 bits cannot be served anyway; it is clamped so that admission refuses it.
    initial = reader.position - start > 5 ? 0xffff_ffff : low.unsigned();
  } else {
    initial = reader.unsigned();
  }
  if ((flags & HAS_MAXIMUM_FLAG) !== 0) reader.skipInteger();
  if ((flags & PAGE_SIZE_FLAG) !== 0) reader.unsigned();
  return { flags, initial };
}

function readMemoryLimits(reader: ByteReader): MemoryLimits {
  const { flags, initial } = readLimits(reader);
  return {
    initialPages: initial,
    isShared: (flags & SHARED_FLAG) !== 0,
    is64Bit: (flags & MEMORY64_FLAG) !== 0,
  };
}

function readExport(reader: ByteReader): Export {
  const name = reader.name();
  const kind = reader.u8();
  return { name, kind, index: reader.unsigned() };
}
