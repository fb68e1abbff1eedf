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
 *     kind | flags | name | mode | uid | gid | modifiedNs (zigzag) | sizeBytes | offset | inode |
 *     linkCount | linkTarget | rdev | xattrCount | (name | value)… | childCount | children
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

const MAGIC = new TextEncoder().encode('wlfxidx2');

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
  writer.number(entry.inode).number(entry.linkCount).text(entry.linkTarget);
  writer.number(entry.rdev).number(entry.xattrs.size);
  for (const [name, value] of entry.xattrs) writer.text(name).number(value.length).raw(value);
  writer.number(entry.children.size);
  for (const child of entry.children.values()) writeEntry(writer, child);
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

  /** 64 bits, the sign in the lowest. */
  signed(value: bigint): this {
    this.#reserve(MAX_NUMBER_BYTES);
    let rest = BigInt.asUintN(64, value < 0n ? -2n * value - 1n : 2n * value);
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  text(value: string): this {
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
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (result & 1n) === 0n ? result >> 1n : -(result >> 1n) - 1n;
    }
    throw damaged('number too long');
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
