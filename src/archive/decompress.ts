import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { EngineError } from '../base/engine-error.ts';
import { CONTENT_HEAD_BYTES, contentKindOf, peek } from './content-kind.ts';

/**
 * What is decompressed at once. Each piece costs a turn through Node's thread pool and streams: at
 * 16 KiB, Node's own size, that takes three times as long.
 */
const PIECE_BYTES = 1024 * 1024;

/**
 * The bytes of an archive that may be compressed by gzip or zstd, as its first bytes tell: all
 * members or frames of it, one after another. Pulls from `source` only as fast as it is pulled
 * from, and to its end.
 *
 * Behind gzip's last member, what begins by a zero is padding, and anything else damage, as for
 * Go's reader. Behind zstd's last frame nothing is looked at.
 *
 * # Errors
 * - invalid-argument: the compressed data is damaged, or wants a window of more than 128 MiB
 *   (libzstd's own bound, and so that of most readers)
 * - those of `source`
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, whole } = await peek(source, CONTENT_HEAD_BYTES);
  const options = { chunkSize: PIECE_BYTES, readableHighWaterMark: 2 * PIECE_BYTES };
  const kind = contentKindOf(head);
  if (kind === 'gzip') yield* through(whole, createGunzip(options));
  else if (kind === 'zstd') yield* through(whole, createZstdDecompress(options));
  else yield* whole;
}

async function* through(
  source: AsyncGenerator<Uint8Array>,
  decompressor: Gunzip | ZstdDecompress,
): AsyncGenerator<Uint8Array> {
  try {
    // What it fails with, iterating tells, too.
    const feeding = pipeline(inPieces(source), decompressor).catch(() => {});
    try {
      for await (const chunk of decompressor) if (chunk instanceof Uint8Array) yield chunk;
    } catch (thrown) {
      throw translated(thrown);
    } finally {
      decompressor.destroy();
      await feeding;
    }
    // What is behind the compressed data is read, too: it belongs to what the source is.
    for await (const _ of source);
  } finally {
    await source.return(undefined);
  }
}

/** What a network brings in small chunks goes to the thread pool in larger ones. Leaves it open. */
async function* inPieces(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = await source.next();
    if (!next.done) {
      chunks.push(next.value);
      bytes += next.value.length;
      if (bytes < PIECE_BYTES) continue;
    }
    const [only, ...others] = chunks;
    if (only) yield others.length === 0 ? only : Buffer.concat(chunks, bytes);
    if (next.done) return;
    chunks = [];
    bytes = 0;
  }
}

function translated(thrown: unknown): unknown {
  if (!isDamage(thrown)) return thrown;
  const reason =
    thrown.code === 'ZSTD_error_frameParameter_windowTooLarge'
      ? 'wants a window of more than 128 MiB'
      : 'is damaged';
  return new EngineError('invalid-argument', `the compressed data of the archive ${reason}`, {
    cause: thrown,
  });
}

/** zlib's own errors, as opposed to those of the source. */
function isDamage(thrown: unknown): thrown is Error & { readonly code: unknown } {
  return thrown instanceof Error && 'code' in thrown && /^Z(?:STD)?_/.test(String(thrown.code));
}
