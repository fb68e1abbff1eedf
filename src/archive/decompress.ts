import { createGunzip, createZstdDecompress } from 'node:zlib';
import { EngineError } from '../base/engine-error.ts';

const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const LONGEST_MAGIC = 4;

/**
 * The bytes of an archive that may be compressed by gzip or zstd, as its first bytes tell. Pulls
 * from `source` only as fast as it is pulled from.
 *
 * # Errors
 * invalid-argument when the compressed data is damaged; those of `source`
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let headLength = 0;
  while (headLength < LONGEST_MAGIC) {
    const next = await iterator.next();
    if (next.done) break;
    head.push(next.value);
    headLength += next.value.length;
  }
  const magic = Buffer.concat(head).subarray(0, LONGEST_MAGIC);
  const whole = resume(head, iterator);
  if (startsWith(magic, GZIP_MAGIC)) yield* through(whole, createGunzip());
  else if (startsWith(magic, ZSTD_MAGIC)) yield* through(whole, createZstdDecompress());
  else yield* whole;
}

async function* resume(
  head: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* head;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function* through(
  source: AsyncIterable<Uint8Array>,
  decompressor: NodeJS.ReadWriteStream & { destroy(error?: Error): unknown },
): AsyncGenerator<Uint8Array> {
  const feeding = (async () => {
    for await (const chunk of source) {
      if (decompressor.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        decompressor.once('drain', resolve);
        decompressor.once('close', resolve);
      });
    }
    decompressor.end();
  })().catch((thrown: Error) => {
    decompressor.destroy(thrown);
  });
  try {
    for await (const chunk of decompressor) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    throw new EngineError('invalid-argument', 'the compressed data of the archive is damaged', {
      cause: thrown,
    });
  } finally {
    decompressor.destroy();
    await feeding;
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
