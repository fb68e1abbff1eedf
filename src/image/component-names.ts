import { EngineError } from '../base/engine-error.ts';

/** What a component asks of its host and gives to it: names as `wasi:cli/run@0.2.0`. */
export interface ComponentNames {
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

/** Bytes of a component; fewer only at its end. */
export type ReadBytes = (offset: number, length: number) => Uint8Array;

const PREAMBLE_BYTES = 8;
/** Version 13 of layer 1, as all tools write it (component-model, Binary.md). */
const COMPONENT_PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const SECTION_IMPORT = 10;
const SECTION_EXPORT = 11;

/** An identifier byte and a size of five bytes. */
const MAX_SECTION_HEADER_BYTES = 6;
/** Real ones have a section a definition; some hundreds. */
const MAX_SECTIONS = 100_000;
/** A section of names that is larger is an attack on memory. */
const MAX_NAME_SECTION_BYTES = 1 << 20;

export function isComponent(head: Uint8Array): boolean {
  return COMPONENT_PREAMBLE.every((byte, index) => head[index] === byte);
}

/**
 * Reads the outermost imports and exports of a component, and passes over all else in it.
 *
 * # Errors
 * invalid-argument when the bytes are no component
 */
export function componentNames(read: ReadBytes, sizeBytes: number): ComponentNames {
  const imports: string[] = [];
  const exports: string[] = [];
  let offset = PREAMBLE_BYTES;
  for (let count = 0; offset < sizeBytes; count++) {
    if (count === MAX_SECTIONS) throw invalid(`more than ${MAX_SECTIONS} sections`);
    const header = new Reader(read(offset, MAX_SECTION_HEADER_BYTES));
    const id = header.byte();
    const size = header.number();
    const start = offset + header.position;
    offset = start + size;
    if (offset > sizeBytes) throw invalid('a section beyond its end');
    if (id !== SECTION_IMPORT && id !== SECTION_EXPORT) continue;
    if (size > MAX_NAME_SECTION_BYTES) throw invalid(`a section of ${size} bytes`);
    const section = new Reader(read(start, size));
    for (let left = section.number(); left > 0; left--) {
      if (id === SECTION_IMPORT) imports.push(readImport(section));
      else exports.push(readExport(section));
    }
  }
  return { imports, exports };
}

function readImport(reader: Reader): string {
  const name = readName(reader);
  skipDescription(reader);
  return name;
}

/** `name sortidx externdesc?` */
function readExport(reader: Reader): string {
  const name = readName(reader);
  // A core sort has a second byte.
  if (reader.byte() === 0x00) reader.byte();
  reader.number();
  if (reader.byte() === 0x01) skipDescription(reader);
  return name;
}

/** The first byte is a remnant of older versions; with 2 a suffix of the version follows. */
function readName(reader: Reader): string {
  const kind = reader.byte();
  if (kind > 0x02) throw invalid(`a name of the unknown kind ${kind}`);
  const name = reader.text();
  if (kind === 0x02) reader.text();
  return name;
}

function skipDescription(reader: Reader): void {
  const kind = reader.byte();
  if (kind > 0x05) throw invalid(`an import of the unknown kind ${kind}`);
  if (kind === 0x00) reader.byte();
  // A type that has to be a resource is named by no index.
  const isBound = kind === 0x02 || kind === 0x03;
  if (isBound && reader.byte() === 0x01 && kind === 0x03) return;
  reader.number();
}

class Reader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw invalid('unexpected end');
    this.position += 1;
    return byte;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw invalid('a number of more than 32 bits');
  }

  text(): string {
    const length = this.number();
    const end = this.position + length;
    if (end > this.#bytes.length) throw invalid('unexpected end');
    const text = Buffer.from(this.#bytes.subarray(this.position, end)).toString();
    this.position = end;
    return text;
  }
}

function invalid(reason: string): EngineError {
  return new EngineError('invalid-argument', `no valid component: ${reason}`);
}
