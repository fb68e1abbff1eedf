import { EngineError } from '../base/engine-error.ts';

/**
 * The index of a layer: its tree of files, and where in the uncompressed archive each file's bytes
 * are. Written once, beside the archive, and made anew from it whenever it is missing or of another
 * version.
 *
 * # Format
 * Eight bytes of magic with the version, then the root's record. A record, all numbers unsigned
 * LEB128 (sizes, offsets and times may take all 64 bits), strings in UTF-8 behind their length in
 * bytes:
 *
 *     kind | flags | name | mode | uid | gid | modifiedNs (zigzag) | sizeBytes | offset |
 *     extents | inode | linkCount | linkTarget | rdev | xattrCount | (name | value)… |
 *     childCount | children
 *
 * Extents are 0 for a file that is in the archive as a whole, else one more than their number, and
 * then of each the size of the hole before it and its own.
 */
export interface LayerEntry {
  /** One component; empty for the root. */
  readonly name: string;
  readonly kind: LayerEntryKind;
  /** Permission bits, 0o7777 and below. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since the epoch. */
  readonly modifiedNs: bigint;
  /** Of a regular file; else 0. */
  readonly sizeBytes: number;
  /** Where the content begins in the archive. */
  readonly offset: number;
  /**
   * Of a sparse file: what of it is in the archive, in order, with holes between. Undefined: all of
   * it.
   */
  readonly extents: readonly LayerExtent[] | undefined;
  /** Of a symbolic link; else empty. */
  readonly linkTarget: string;
  /**
   * Files of one inode are hard links to each other. Unique in the layer otherwise; the root's is
   * 1.
   */
  readonly inode: number;
  readonly linkCount: number;
  /** Which device it is (Linux's `makedev`); 0 for what is none. */
  readonly rdev: number;
  /** Extended attributes: a name, and its bytes. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly children: ReadonlyMap<string, LayerEntry>;
  /**
   * No file, but the mark that hides one of this name in lower layers (OCI image-spec, layer.md).
   */
  readonly isWhiteout: boolean;
  /** A directory that hides all of the same name in lower layers. */
  readonly isOpaque: boolean;
}

/** A piece of a sparse file that is in the archive; all else of the file is zeros. */
export interface LayerExtent {
  /** Where in the file. */
  readonly position: number;
  /** More than 0. */
  readonly sizeBytes: number;
  /** Where in the archive: pieces stand there one after another. */
  readonly offset: number;
}

export const LAYER_ENTRY_KINDS = [
  'directory',
  'regular',
  'symlink',
  'character-device',
  'block-device',
  'fifo',
] as const;

export type LayerEntryKind = (typeof LAYER_ENTRY_KINDS)[number];

/**
 * Components of the longest path that a layer may have; also what keeps recursion over it bounded.
 */
export const MAX_LAYER_DEPTH = 512;

const MAGIC = new TextEncoder().encode('wlfxidx3');

const FLAG_WHITEOUT = 1;
const FLAG_OPAQUE = 2;

export function encodeLayerIndex(root: LayerEntry): Uint8Array {
  const writer = new IndexWriter();
  writer.raw(MAGIC);
  writeEntry(writer, root);
  return writer.finish();
}

/** # Errors: data-loss when the bytes are no index of this version. */
export function decodeLayerIndex(bytes: Uint8Array): LayerEntry {
  const reader = new IndexReader(bytes);
  for (const byte of MAGIC) if (reader.u8() !== byte) throw damaged('another version');
  const root = readEntry(reader, 0);
  if (root.kind !== 'directory' || !reader.isAtEnd) throw damaged('unexpected bytes');
  return root;
}

function writeEntry(writer: IndexWriter, entry: LayerEntry): void {
  const flags = (entry.isWhiteout ? FLAG_WHITEOUT : 0) | (entry.isOpaque ? FLAG_OPAQUE : 0);
  writer.number(LAYER_ENTRY_KINDS.indexOf(entry.kind)).number(flags).text(entry.name);
  writer.number(entry.mode).number(entry.uid).number(entry.gid).signed(entry.modifiedNs);
  writer.number(entry.sizeBytes).number(entry.offset);
  writeExtents(writer, entry.extents);
  writer.number(entry.inode).number(entry.linkCount).text(entry.linkTarget);
  writer.number(entry.rdev).number(entry.xattrs.size);
  for (const [name, value] of entry.xattrs) writer.text(name).number(value.length).raw(value);
  writer.number(entry.children.size);
  for (const child of entry.children.values()) writeEntry(writer, child);
}

function writeExtents(writer: IndexWriter, extents: LayerEntry['extents']): void {
  writer.number(extents === undefined ? 0 : extents.length + 1);
  let end = 0;
  for (const { position, sizeBytes } of extents ?? []) {
    writer.number(position - end).number(sizeBytes);
    end = position + sizeBytes;
  }
}

function readEntry(reader: IndexReader, depth: number): LayerEntry {
  if (depth > MAX_LAYER_DEPTH) throw damaged('too deep');
  const kind = LAYER_ENTRY_KINDS[reader.number()];
  const flags = reader.number();
  if (kind === undefined || flags > (FLAG_WHITEOUT | FLAG_OPAQUE)) throw damaged('unknown kind');
  // The order of these fields is that of the format.
  const name = reader.text();
  const mode = reader.number();
  const uid = reader.number();
  const gid = reader.number();
  const modifiedNs = reader.signed();
  const sizeBytes = reader.number();
  const offset = reader.number();
  const extents = readExtents(reader, offset);
  const inode = reader.number();
  const linkCount = reader.number();
  const linkTarget = reader.text();
  const rdev = reader.number();
  const xattrs = readXattrs(reader);
  const childCount = reader.number();
  const children = new Map<string, LayerEntry>();
  for (let index = 0; index < childCount; index++) {
    const child = readEntry(reader, depth + 1);
    children.set(child.name, child);
  }
  return {
    name,
    kind,
    mode,
    uid,
    gid,
    modifiedNs,
    sizeBytes,
    offset,
    extents,
    linkTarget,
    inode,
    linkCount,
    rdev,
    xattrs,
    children: children.size > 0 ? children : NO_CHILDREN,
    isWhiteout: (flags & FLAG_WHITEOUT) !== 0,
    isOpaque: (flags & FLAG_OPAQUE) !== 0,
  };
}

function readExtents(reader: IndexReader, start: number): LayerEntry['extents'] {
  const count = reader.number();
  if (count === 0) return undefined;
  const extents: LayerExtent[] = [];
  let end = 0;
  let offset = start;
  for (let index = 1; index < count; index++) {
    const position = end + reader.number();
    const sizeBytes = reader.number();
    extents.push({ position, sizeBytes, offset });
    end = position + sizeBytes;
    offset += sizeBytes;
  }
  return extents;
}

function readXattrs(reader: IndexReader): ReadonlyMap<string, Uint8Array> {
  const count = reader.number();
  if (count === 0) return NO_LAYER_XATTRS;
  const xattrs = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index++) {
    const name = reader.text();
    xattrs.set(name, reader.bytes(reader.number()).slice());
  }
  return xattrs;
}

/** Most entries are files without such: they share one empty map of each. */
const NO_CHILDREN: ReadonlyMap<string, LayerEntry> = new Map();
export const NO_LAYER_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

function damaged(detail: string): EngineError {
  return new EngineError('data-loss', `damaged layer index: ${detail}`);
}

const INITIAL_CAPACITY = 64 * 1024;
const MAX_NUMBER_BYTES = 10;
/** A number of 64 bits is handled as the lower four groups of seven bits, and the rest. */
const LOW_GROUPS = 4;
const LOW_BITS = 28n;
const LOW_MASK = (1n << LOW_BITS) - 1n;
const MAX_HIGH = 2 ** 36 - 1;

class IndexWriter {
  #bytes = new Uint8Array(INITIAL_CAPACITY);
  #length = 0;

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** A whole number of at most 2^53 - 1. */
  number(value: number): this {
    this.#reserve(MAX_NUMBER_BYTES);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** 64 bits, the sign in the lowest. Two halves, as arithmetic of big numbers is slow. */
  signed(value: bigint): this {
    const zigzag = BigInt.asUintN(64, value < 0n ? -2n * value - 1n : 2n * value);
    const high = Number(zigzag >> LOW_BITS);
    let low = Number(zigzag & LOW_MASK);
    if (high === 0) return this.number(low);
    this.#reserve(MAX_NUMBER_BYTES);
    for (let index = 0; index < LOW_GROUPS; index++) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    return this.number(high);
  }

  text(value: string): this {
    if (value.length >= 0x80) return this.#encoded(value);
    this.#reserve(value.length + 1);
    const start = this.#length;
    this.#bytes[this.#length++] = value.length;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) {
        this.#length = start;
        return this.#encoded(value);
      }
      this.#bytes[this.#length++] = unit;
    }
    return this;
  }

  #encoded(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.number(bytes.length).raw(bytes);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + count, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

class IndexReader {
  readonly #bytes: Uint8Array;
  readonly #decoder = new TextDecoder();
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  u8(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw damaged('unexpected end');
    return byte;
  }

  number(): number {
    let result = 0;
    for (let factor = 1; factor <= Number.MAX_SAFE_INTEGER; factor *= 0x80) {
      const byte = this.u8();
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
    }
    throw damaged('number too long');
  }

  signed(): bigint {
    let low = 0;
    let byte = 0x80;
    for (let shift = 0; shift < 7 * LOW_GROUPS && byte >= 0x80; shift += 7) {
      byte = this.u8();
      low |= (byte & 0x7f) << shift;
    }
    const high = byte < 0x80 ? 0 : this.number();
    if (high > MAX_HIGH) throw damaged('number too long');
    const zigzag = high === 0 ? BigInt(low) : (BigInt(high) << LOW_BITS) | BigInt(low);
    return (zigzag & 1n) === 0n ? zigzag >> 1n : -(zigzag >> 1n) - 1n;
  }

  bytes(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw damaged('unexpected end');
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  text(): string {
    const length = this.number();
    return length === 0 ? '' : this.#decoder.decode(this.bytes(length));
  }
}
