import { NO_LAYER_XATTRS } from './layer-index.ts';
import { checkSize, invalidTar } from './tar-header.ts';

/** How a sparse file's map is given (GNU tar manual, "PAX Format"). */
export interface PaxSparse {
  /** In front of the content itself, instead of in the header. */
  isMapInContent: boolean;
  /** Of the file, where the entry has another one for readers that know no sparse files. */
  path: string | undefined;
  /** With its holes. */
  sizeBytes: number | undefined;
  /** Offset and size of each piece, one after the other. */
  numbers: number[];
}

/**
 * What extended headers say of one file or, as global ones, of all that follow (pax(1), "pax
 * Extended Header"; GNU's, star's and libarchive's keywords). Undefined where they say nothing.
 */
export class PaxHeader {
  path: string | undefined;
  linkTarget: string | undefined;
  sizeBytes: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  modifiedNs: bigint | undefined;
  sparse: PaxSparse | undefined;
  xattrs: ReadonlyMap<string, Uint8Array> = NO_LAYER_XATTRS;

  /** Adds to what `global` headers say. */
  static read(bytes: Buffer, global: PaxHeader | undefined): PaxHeader {
    const header = new PaxHeader();
    const xattrs = new Map<string, Uint8Array>();
    if (global) Object.assign(header, global);
    for (const { key, value } of paxRecords(bytes)) header.#take(key, value, xattrs);
    if (xattrs.size > 0) header.xattrs = xattrs;
    return header;
  }

  /** What can be said of all files at once: owners and times. */
  asGlobal(): PaxHeader {
    const global = new PaxHeader();
    global.uid = this.uid;
    global.gid = this.gid;
    global.modifiedNs = this.modifiedNs;
    return global;
  }

  /** An empty value takes back what a global header said. */
  #take(key: string, value: Buffer, xattrs: Map<string, Uint8Array>): void {
    if (key.startsWith('GNU.sparse.')) {
      this.#takeSparse(key, value.toString());
      return;
    }
    const isEmpty = value.length === 0;
    switch (key) {
      case 'path':
        this.path = isEmpty ? undefined : value.toString();
        return;
      case 'linkpath':
        this.linkTarget = isEmpty ? undefined : value.toString();
        return;
      case 'size':
        this.sizeBytes = isEmpty ? undefined : checkSize(decimal(value.toString()));
        return;
      case 'uid':
        this.uid = isEmpty ? undefined : decimal(value.toString());
        return;
      case 'gid':
        this.gid = isEmpty ? undefined : decimal(value.toString());
        return;
      case 'mtime':
        this.modifiedNs = isEmpty ? undefined : nanoseconds(value.toString());
        return;
      default:
        takeXattr(key, value, xattrs);
    }
  }

  #takeSparse(key: string, value: string): void {
    this.sparse ??= { isMapInContent: false, path: undefined, sizeBytes: undefined, numbers: [] };
    const { sparse } = this;
    switch (key.slice('GNU.sparse.'.length)) {
      case 'major':
        if (decimal(value) > 1) throw invalidTar(`sparse files of version ${value}`);
        sparse.isMapInContent = decimal(value) === 1;
        return;
      case 'name':
        sparse.path = value;
        return;
      case 'size':
      case 'realsize':
        sparse.sizeBytes = checkSize(decimal(value));
        return;
      case 'map':
        sparse.numbers = value === '' ? [] : value.split(',').map(decimal);
        return;
      case 'offset':
        if (sparse.numbers.length % 2 !== 0) throw invalidTar('a sparse file without sizes');
        sparse.numbers.push(decimal(value));
        return;
      case 'numbytes':
        if (sparse.numbers.length % 2 !== 1) throw invalidTar('a sparse file without offsets');
        sparse.numbers.push(decimal(value));
        return;
      default:
      // The number of pieces is that of the pieces; other words are of later versions.
    }
  }
}

const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
/** A header is not as long as a number of more digits. */
const MAX_LENGTH_DIGITS = 8;

/** Records `LENGTH KEY=VALUE\n`, the length that of the whole record. */
function* paxRecords(bytes: Buffer): Generator<{ key: string; value: Buffer }> {
  for (let start = 0; start < bytes.length; ) {
    // Some writers fill up with zeros.
    if (bytes[start] === 0) return;
    let length = 0;
    let at = start;
    for (; at < start + MAX_LENGTH_DIGITS; at++) {
      const digit = bytes[at] ?? 0;
      if (digit < ZERO || digit > NINE) break;
      length = length * 10 + (digit - ZERO);
    }
    const end = start + length;
    const equals = bytes.indexOf(EQUALS, at);
    const isValid =
      bytes[at] === SPACE &&
      equals > at &&
      equals < end - 1 &&
      end <= bytes.length &&
      bytes[end - 1] === NEWLINE;
    if (!isValid) throw invalidTar('an extended header that is none');
    yield {
      key: bytes.toString('utf8', at + 1, equals),
      value: bytes.subarray(equals + 1, end - 1),
    };
    start = end;
  }
}

/** Any whole number. Errors: invalid-argument. */
function decimal(text: string): number {
  if (!/^-?\d{1,20}$/.test(text)) throw invalidTar('a number that is none');
  return Number(text);
}

function nanoseconds(text: string): bigint {
  if (!/^-?\d{1,15}(?:\.\d*)?$/.test(text)) throw invalidTar('a time that is none');
  const dot = text.indexOf('.');
  const seconds = dot < 0 ? text : text.slice(0, dot);
  const fraction = dot < 0 ? 0 : Number(text.slice(dot + 1, dot + 10).padEnd(9, '0'));
  const whole = BigInt(Number(seconds)) * 1_000_000_000n;
  return clampTime(text.startsWith('-') ? whole - BigInt(fraction) : whole + BigInt(fraction));
}

/** Nanoseconds as 64 bits can hold them: what is further away is as far as can be. */
export function clampTime(nanoseconds: bigint): bigint {
  if (nanoseconds === BigInt.asIntN(64, nanoseconds)) return nanoseconds;
  return nanoseconds < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
}

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';

/**
 * Bytes as they are, or, of libarchive, names as in URLs and values in base 64; it writes both
 * forms, and the first counts.
 */
function takeXattr(key: string, value: Buffer, xattrs: Map<string, Uint8Array>): void {
  if (key.startsWith(SCHILY)) {
    xattrs.set(key.slice(SCHILY.length), Uint8Array.from(value));
    return;
  }
  if (!key.startsWith(LIBARCHIVE)) return;
  const name = fromUrl(key.slice(LIBARCHIVE.length));
  if (!xattrs.has(name)) {
    xattrs.set(name, Uint8Array.from(Buffer.from(value.toString('latin1'), 'base64')));
  }
}

function fromUrl(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // A percent sign that stands for itself.
    return name;
  }
}
