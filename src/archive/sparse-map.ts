import type { EngineError } from '../base/engine-error.ts';
import type { LayerExtent } from './layer-index.ts';
import { BLOCK_BYTES, checkSize, invalidTar, numberField } from './tar-header.ts';

/**
 * Pieces of one file. A file of more is not sparse but scattered, and such a map would be larger
 * than most indexes.
 */
export const MAX_EXTENTS = 1 << 18;

/** A sparse file of more has no place on most hosts (ext4's bound). */
const MAX_SPARSE_BYTES = 2 ** 44;

/**
 * The pieces of a sparse file out of `numbers`, an offset and a size for each. Their contents stand
 * in the archive one after another from `offset` on. Empty pieces, which mark the end, are left
 * out, and neighbours made one.
 *
 * # Errors
 * invalid-argument: pieces that overlap, are out of order or beyond `sizeBytes`, or are not as many
 * bytes as the `storedBytes` that the archive has
 */
export function extentsOf(
  numbers: readonly number[],
  file: { readonly sizeBytes: number; readonly storedBytes: number; readonly offset: number },
): readonly LayerExtent[] {
  if (numbers.length % 2 !== 0) throw invalidTar('a sparse file without sizes');
  if (numbers.length / 2 > MAX_EXTENTS) throw tooScattered();
  if (file.sizeBytes > MAX_SPARSE_BYTES) {
    throw invalidTar(`a sparse file of more than ${MAX_SPARSE_BYTES} bytes`);
  }
  const extents: LayerExtent[] = [];
  let end = 0;
  let stored = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    const position = numbers[index] ?? 0;
    const sizeBytes = numbers[index + 1] ?? 0;
    const isValid = position >= end && sizeBytes >= 0 && position + sizeBytes <= file.sizeBytes;
    if (!isValid) throw invalidTar('a sparse file whose pieces are out of order');
    const last = extents.at(-1);
    if (last && position === end && sizeBytes > 0) {
      extents[extents.length - 1] = { ...last, sizeBytes: last.sizeBytes + sizeBytes };
    } else if (sizeBytes > 0) {
      extents.push({ position, sizeBytes, offset: file.offset + stored });
    }
    end = position + sizeBytes;
    stored += sizeBytes;
  }
  if (stored !== file.storedBytes) throw invalidTar('a sparse file with another size than its map');
  return extents;
}

/** An offset and a size of 12 bytes each; a pair that begins with NUL ends them. */
const PAIR_BYTES = 24;

/**
 * Pairs of GNU's own form, from `start` on. Answers what the byte at `end` says: whether a block
 * with more follows.
 */
export function readSparsePairs(
  bytes: Uint8Array,
  start: number,
  end: number,
  numbers: number[],
): boolean {
  for (let at = start; at < end && bytes[at] !== 0; at += PAIR_BYTES) {
    if (numbers.length >= 2 * MAX_EXTENTS) throw tooScattered();
    numbers.push(numberField(bytes, at, at + 12), numberField(bytes, at + 12, at + PAIR_BYTES));
  }
  return bytes[end] !== 0;
}

const NEWLINE = 0x0a;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * The map of PAX's version 1.0, in front of the content: the number of pieces, then offset and size
 * of each, every number on a line; filled up to a whole block.
 */
export class SparseMapReader {
  #count: number | undefined;
  #number = 0;
  #sizeBytes = 0;

  /** Of the blocks so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds to `numbers` what the block has. Answers whether that was the last block. */
  take(block: Uint8Array, numbers: number[]): boolean {
    this.#sizeBytes += BLOCK_BYTES;
    for (const byte of block) {
      if (byte === NEWLINE) {
        if (this.#count === undefined) this.#count = this.#number;
        else numbers.push(this.#number);
        this.#number = 0;
        if (this.#count > MAX_EXTENTS) throw tooScattered();
        if (numbers.length === 2 * this.#count) return true;
      } else {
        if (byte < ZERO || byte > NINE) throw invalidTar('a sparse file without a map');
        this.#number = checkSize(this.#number * 10 + byte - ZERO);
      }
    }
    return false;
  }
}

function tooScattered(): EngineError {
  return invalidTar(`a sparse file of more than ${MAX_EXTENTS} pieces`);
}
