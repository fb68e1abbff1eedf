import { EngineError } from '../base/engine-error.ts';

/** All of a tar archive is in blocks of this size: headers, and contents with zeros behind them. */
export const BLOCK_BYTES = 512;

/**
 * One header block, as it stands: what extended headers say otherwise is not in it.
 *
 * The layout is that of POSIX's ustar (pax(1), "ustar Interchange Format"), with what GNU tar and
 * star write in its place where the magic is theirs.
 */
export interface TarHeader {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of what follows in the archive, but for types that have no content. */
  readonly sizeBytes: number;
  /** Seconds since the epoch; any whole number. */
  readonly modifiedSeconds: number;
  /** `0` for a file, `5` for a directory…; `\0` is kept as it is. */
  readonly typeFlag: string;
  readonly linkTarget: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const CHECKSUM_START = 148;
const CHECKSUM_END = 156;
const TYPE_AT = 156;
const MAGIC_AT = 257;
const PREFIX_START = 345;
const PREFIX_END = 500;
/** In star's archives two times stand behind a shorter prefix. */
const STAR_PREFIX_END = 476;
const STAR_TRAILER_AT = 508;
/** Where GNU tar's archives have two times. */
const GNU_TIMES = [
  [345, 357],
  [357, 369],
] as const;

const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/** A block of its own memory, which is filled again and again. */
export class TarBlock {
  readonly bytes: Buffer;
  readonly #words: Uint32Array;

  constructor() {
    const memory = new ArrayBuffer(BLOCK_BYTES);
    this.bytes = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
  }

  isZero(): boolean {
    for (const word of this.#words) if (word !== 0) return false;
    return true;
  }

  /** Of all bytes; two at a time, as a half of a word holds the sum of so many. */
  sum(): number {
    const words = this.#words;
    let halves = 0;
    for (let index = 0; index < words.length; index++) {
      const word = words[index] ?? 0;
      halves = (halves + (word & 0xff00ff) + ((word >>> 8) & 0xff00ff)) | 0;
    }
    return (halves & 0xffff) + (halves >>> 16);
  }
}

/**
 * # Errors
 * invalid-argument: a wrong checksum, a number that is none
 */
export function readTarHeader(block: TarBlock): TarHeader {
  checkSum(block);
  const { bytes } = block;
  const typeFlag = String.fromCharCode(bytes[TYPE_AT] ?? 0);
  const format = formatOf(bytes);
  const name = textField(bytes, 0, 100);
  const prefix = prefixOf(bytes, format);
  const isDevice = format !== 'v7' && (typeFlag === '3' || typeFlag === '4');
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    mode: numberField(bytes, 100, 108),
    uid: numberField(bytes, 108, 116),
    gid: numberField(bytes, 116, 124),
    sizeBytes: sizeField(bytes, 124, 136),
    modifiedSeconds: numberField(bytes, 136, 148),
    typeFlag,
    linkTarget: textField(bytes, 157, 257),
    deviceMajor: isDevice ? numberField(bytes, 329, 337) : 0,
    deviceMinor: isDevice ? numberField(bytes, 337, 345) : 0,
  };
}

type Format = 'ustar' | 'star' | 'gnu' | 'v7';

function formatOf(bytes: Uint8Array): Format {
  const has = (start: number, text: string): boolean => {
    for (let index = 0; index < text.length; index++) {
      if (bytes[start + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  };
  if (!has(MAGIC_AT, 'ustar')) return 'v7';
  if (has(MAGIC_AT + 5, '\0')) return has(STAR_TRAILER_AT, 'tar\0') ? 'star' : 'ustar';
  return has(MAGIC_AT + 5, '  \0') ? 'gnu' : 'v7';
}

/** What stands before the name, in another field. */
function prefixOf(bytes: Buffer, format: Format): string {
  if (format === 'v7' || bytes[PREFIX_START] === 0) return '';
  // Go wrote prefixes into GNU headers once (before 1.8): they are where a time should be.
  if (format === 'gnu' && GNU_TIMES.every(([start, end]) => isNumber(bytes, start, end))) return '';
  return textField(bytes, PREFIX_START, format === 'star' ? STAR_PREFIX_END : PREFIX_END);
}

function isNumber(bytes: Uint8Array, start: number, end: number): boolean {
  return !Number.isNaN(parseNumber(bytes, start, end));
}

/** The sum of all bytes, its own taken as spaces; some old writers took bytes as signed. */
function checkSum(block: TarBlock): void {
  const { bytes } = block;
  const expected = parseNumber(bytes, CHECKSUM_START, CHECKSUM_END);
  let sum = block.sum() + SPACE * (CHECKSUM_END - CHECKSUM_START);
  for (let at = CHECKSUM_START; at < CHECKSUM_END; at++) sum -= bytes[at] ?? 0;
  if (expected === sum) return;
  const highCount = bytes.reduce((count, byte) => count + (byte >>> 7), 0);
  if (expected !== sum - 256 * highCount) throw invalidTar('a header with a wrong checksum');
}

/** Bytes up to the first NUL as UTF-8; what is none becomes U+FFFD. */
export function textField(bytes: Buffer, start: number, end: number): string {
  let stop = start;
  let highBits = 0;
  for (; stop < end; stop++) {
    const byte = bytes[stop] ?? 0;
    if (byte === 0) break;
    highBits |= byte;
  }
  if (stop === start) return '';
  return bytes.toString(highBits < 0x80 ? 'latin1' : 'utf8', start, stop);
}

/** # Errors: invalid-argument for what is no number. */
export function numberField(bytes: Uint8Array, start: number, end: number): number {
  const value = parseNumber(bytes, start, end);
  if (Number.isNaN(value)) throw invalidTar('a number that is none');
  return value;
}

/** A number of bytes. Errors: invalid-argument when it is negative, or too large to be true. */
export function sizeField(bytes: Uint8Array, start: number, end: number): number {
  return checkSize(numberField(bytes, start, end));
}

/** Room for what is added to a size: such sums stay whole numbers. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER - (1 << 30);

export function checkSize(size: number): number {
  if (size < 0) throw invalidTar('a negative size');
  if (size > MAX_SIZE || !Number.isInteger(size)) throw invalidTar('a size that cannot be');
  return size;
}

/**
 * Octal digits with spaces or NULs around them, nothing at all for 0, or, when the highest bit is
 * set, two's complement (GNU, star). NaN for what is neither.
 */
function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] ?? 0;
  if (first >= 0x80) return parseBinary(bytes, start, end);
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > SEVEN) break;
    value = value * 8 + (byte - ZERO);
  }
  if (at < end && bytes[at] !== SPACE && bytes[at] !== 0) return Number.NaN;
  return value;
}

/** Exact to 2^53. */
function parseBinary(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = ((bytes[start] ?? 0) & 0x40) !== 0;
  const inversion = isNegative ? 0xff : 0;
  let value = ((bytes[start] ?? 0) ^ inversion) & 0x3f;
  for (let at = start + 1; at < end; at++) value = value * 256 + ((bytes[at] ?? 0) ^ inversion);
  return isNegative ? -value - 1 : value;
}

export function invalidTar(reason: string): EngineError {
  return new EngineError('invalid-argument', `no valid tar archive: ${reason}`);
}
