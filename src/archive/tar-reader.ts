import { type LayerEntryKind, type LayerExtent, NO_LAYER_XATTRS } from './layer-index.ts';
import { clampTime, PaxHeader } from './pax-header.ts';
import { extentsOf, readSparsePairs, SparseMapReader } from './sparse-map.ts';
import {
  BLOCK_BYTES,
  invalidTar,
  readTarHeader,
  sizeField,
  TarBlock,
  type TarHeader,
  textField,
} from './tar-header.ts';

/** One file of an archive, all its headers taken together. */
export interface TarEntry {
  /** As the archive has it; never empty. */
  readonly path: string;
  readonly kind: LayerEntryKind | 'hard-link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedNs: bigint;
  /** Of a regular file as its readers see it, holes included; else 0. */
  readonly sizeBytes: number;
  /** Where its content begins in the archive. */
  readonly offset: number;
  /** Of a sparse file: what of it is in the archive, in order. Undefined: all of it. */
  readonly extents: readonly LayerExtent[] | undefined;
  /** Of a symbolic or hard link; else empty. */
  readonly linkTarget: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Of all namespaces. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** An extended header of more is an attack on memory (Go's reader, and so Docker, has the same). */
const MAX_EXTENDED_BYTES = 1 << 20;

const KINDS: ReadonlyMap<string, TarEntry['kind']> = new Map<string, TarEntry['kind']>([
  ['0', 'regular'],
  ['\0', 'regular'],
  ['7', 'regular'],
  ['S', 'regular'],
  ['1', 'hard-link'],
  ['2', 'symlink'],
  ['3', 'character-device'],
  ['4', 'block-device'],
  ['5', 'directory'],
  ['6', 'fifo'],
]);

/** Headers that speak of others, and are followed by bytes that are to be read. */
const EXTENDED = new Set(['x', 'X', 'g', 'L', 'K']);

/** An entry whose map of pieces is not read to its end. */
interface SparseEntry {
  readonly entry: TarEntry;
  readonly numbers: number[];
  /** Of content and, where it stands before it, map. */
  readonly storedBytes: number;
}

/**
 * Reads a tar archive as it comes, in chunks of any size: ustar, PAX, GNU, star and V7, with sparse
 * files in all forms that GNU tar writes. Contents are passed over, not looked at.
 *
 * # What is allowed
 * An archive may lack the two blocks of zeros at its end; what comes behind them is not looked at.
 * Types that have no content have none, whatever size they give. A checksum that is wrong, a number
 * that is none, an end in the middle, and types of which nobody knows what they are, are refused.
 *
 * # Errors
 * `push` and `end` throw invalid-argument (`no valid tar archive: …`), and what `onEntry` throws.
 * After that the reader is of no use any more.
 */
export class TarReader {
  readonly #onEntry: (entry: TarEntry) => void;
  /** Of what was taken from all chunks so far. */
  #position = 0;
  /** The block that is to be looked at next, as far as it has come. */
  readonly #block = new TarBlock();
  #blockBytes = 0;
  /** What is to be passed over: content, then what fills up its last block. */
  #contentBytes = 0;
  #paddingBytes = 0;
  /** An extended header whose bytes are being collected. */
  #extended: { readonly type: string; readonly bytes: Buffer; filled: number } | undefined;
  #sparse: SparseEntry | undefined;
  #map: SparseMapReader | undefined;
  /** What the next block is. */
  #next: 'header' | 'more of a sparse header' | 'map of a sparse file' = 'header';
  #hasSeenZeroBlock = false;
  #isOver = false;
  // What the headers before the next file say of it.
  #global: PaxHeader | undefined;
  #local: PaxHeader | undefined;
  #longPath: string | undefined;
  #longLinkTarget: string | undefined;

  constructor(onEntry: (entry: TarEntry) => void) {
    this.#onEntry = onEntry;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      if (this.#contentBytes > 0 || this.#paddingBytes > 0) {
        at += this.#passOver(bytes.length - at);
      } else if (this.#extended) {
        at += this.#collect(this.#extended, bytes, at);
      } else {
        const count = bytes.copy(this.#block.bytes, this.#blockBytes, at);
        this.#blockBytes += count;
        at += count;
        if (this.#blockBytes === BLOCK_BYTES) this.#takeBlock(this.#block);
      }
    }
  }

  /** To be called when there are no more chunks. */
  end(): void {
    const isBetweenFiles =
      this.#contentBytes === 0 &&
      this.#blockBytes === 0 &&
      this.#next === 'header' &&
      !this.#extended &&
      !this.#local &&
      this.#longPath === undefined &&
      this.#longLinkTarget === undefined;
    if (!this.#isOver && !isBetweenFiles) throw invalidTar('unexpected end');
  }

  #passOver(available: number): number {
    const content = Math.min(this.#contentBytes, available);
    const padding = Math.min(this.#paddingBytes, available - content);
    this.#contentBytes -= content;
    this.#paddingBytes -= padding;
    this.#position += content + padding;
    return content + padding;
  }

  #expectContent(sizeBytes: number): void {
    this.#contentBytes = sizeBytes;
    this.#paddingBytes = paddingOf(sizeBytes);
  }

  #takeBlock(block: TarBlock): void {
    this.#position += BLOCK_BYTES;
    this.#blockBytes = 0;
    if (this.#next === 'more of a sparse header') this.#takeSparseHeader(block.bytes);
    else if (this.#next === 'map of a sparse file') this.#takeSparseMap(block.bytes);
    else if (block.isZero()) {
      this.#isOver = this.#hasSeenZeroBlock;
      this.#hasSeenZeroBlock = true;
    } else if (this.#hasSeenZeroBlock) throw invalidTar('a block of zeros between files');
    else this.#takeHeader(readTarHeader(block), block.bytes);
  }

  #takeHeader(header: TarHeader, bytes: Buffer): void {
    const { typeFlag, sizeBytes } = header;
    if (EXTENDED.has(typeFlag)) {
      if (sizeBytes > MAX_EXTENDED_BYTES) {
        throw invalidTar(`an extended header of more than ${MAX_EXTENDED_BYTES} bytes`);
      }
      this.#extended = { type: typeFlag, bytes: Buffer.allocUnsafe(sizeBytes), filled: 0 };
      if (sizeBytes === 0) this.#takeExtended(typeFlag, this.#extended.bytes);
      return;
    }
    const entry = this.#entryOf(header);
    const storedBytes = this.#local?.sizeBytes ?? sizeBytes;
    if (typeFlag === 'S') {
      const numbers: number[] = [];
      const isMore = readSparsePairs(bytes, 386, 482, numbers);
      const realBytes = sizeField(bytes, 483, 495);
      this.#sparse = { entry: { ...entry, sizeBytes: realBytes }, numbers, storedBytes };
      if (isMore) this.#next = 'more of a sparse header';
      else this.#finishSparse(storedBytes);
    } else if (this.#local?.sparse && entry.kind === 'regular') {
      const { isMapInContent, numbers, sizeBytes: realBytes } = this.#local.sparse;
      const whole = { ...entry, sizeBytes: realBytes ?? storedBytes };
      this.#sparse = { entry: whole, numbers: isMapInContent ? [] : numbers, storedBytes };
      if (isMapInContent) this.#next = 'map of a sparse file';
      else this.#finishSparse(storedBytes);
    } else {
      if (entry.kind === 'regular') this.#expectContent(storedBytes);
      this.#tell(entry);
    }
  }

  #entryOf(header: TarHeader): TarEntry {
    const { typeFlag, deviceMajor, deviceMinor } = header;
    const pax = this.#local ?? this.#global;
    const path = this.#longPath ?? pax?.sparse?.path ?? pax?.path ?? header.path;
    const isOldDirectory = typeFlag === '\0' && path.endsWith('/');
    const kind = isOldDirectory ? 'directory' : KINDS.get(typeFlag);
    if (path === '') throw invalidTar('a file without a name');
    if (kind === undefined) {
      throw invalidTar(
        `${JSON.stringify(path.slice(0, 200))} is of the unknown type '${typeFlag}'`,
      );
    }
    const isLink = kind === 'symlink' || kind === 'hard-link';
    return {
      path,
      kind,
      mode: header.mode,
      uid: pax?.uid ?? header.uid,
      gid: pax?.gid ?? header.gid,
      modifiedNs: pax?.modifiedNs ?? nanosecondsOf(header.modifiedSeconds),
      sizeBytes: kind === 'regular' ? (pax?.sizeBytes ?? header.sizeBytes) : 0,
      offset: this.#position,
      extents: undefined,
      linkTarget: isLink ? (this.#longLinkTarget ?? pax?.linkTarget ?? header.linkTarget) : '',
      deviceMajor,
      deviceMinor,
      xattrs: pax?.xattrs ?? NO_LAYER_XATTRS,
    };
  }

  #tell(entry: TarEntry): void {
    this.#local = undefined;
    this.#longPath = undefined;
    this.#longLinkTarget = undefined;
    this.#onEntry(entry);
  }

  #collect(
    extended: { readonly type: string; readonly bytes: Buffer; filled: number },
    bytes: Buffer,
    at: number,
  ): number {
    const count = bytes.copy(extended.bytes, extended.filled, at);
    extended.filled += count;
    this.#position += count;
    if (extended.filled === extended.bytes.length) {
      this.#takeExtended(extended.type, extended.bytes);
    }
    return count;
  }

  #takeExtended(type: string, bytes: Buffer): void {
    this.#extended = undefined;
    this.#paddingBytes = paddingOf(bytes.length);
    if (type === 'L') this.#longPath = textField(bytes, 0, bytes.length);
    else if (type === 'K') this.#longLinkTarget = textField(bytes, 0, bytes.length);
    else if (type === 'g') this.#global = PaxHeader.read(bytes, this.#global).asGlobal();
    else this.#local = PaxHeader.read(bytes, this.#global);
  }

  /** GNU's own form: blocks of pairs behind the header, then the content. */
  #takeSparseHeader(bytes: Buffer): void {
    const { numbers, storedBytes } = this.#requireSparse();
    const isMore = readSparsePairs(bytes, 0, 504, numbers);
    if (!isMore) this.#finishSparse(storedBytes);
  }

  #takeSparseMap(bytes: Buffer): void {
    const { numbers, storedBytes } = this.#requireSparse();
    this.#map ??= new SparseMapReader();
    const isWhole = this.#map.take(bytes, numbers);
    const contentBytes = storedBytes - this.#map.sizeBytes;
    if (contentBytes < 0) throw invalidTar('a sparse file without a map');
    if (!isWhole) return;
    this.#map = undefined;
    this.#finishSparse(contentBytes);
  }

  #requireSparse(): SparseEntry {
    if (!this.#sparse) throw new Error('no sparse file is being read');
    return this.#sparse;
  }

  #finishSparse(storedBytes: number): void {
    const { entry, numbers } = this.#requireSparse();
    const offset = this.#position;
    const extents = extentsOf(numbers, { sizeBytes: entry.sizeBytes, storedBytes, offset });
    this.#sparse = undefined;
    this.#next = 'header';
    this.#expectContent(storedBytes);
    this.#tell({ ...entry, offset, extents });
  }
}

function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** No clock that counts nanoseconds in 64 bits comes so far. */
const FAR_SECONDS = 9_000_000_000;

function nanosecondsOf(seconds: number): bigint {
  const nanoseconds = BigInt(seconds) * 1_000_000_000n;
  return Math.abs(seconds) < FAR_SECONDS ? nanoseconds : clampTime(nanoseconds);
}
