/** What bytes are, as their beginning tells. */
export type ContentKind = 'gzip' | 'zstd' | 'wasm' | 'tar' | 'unknown';

/** So many bytes tell: a tar archive says what it is at 257 (POSIX ustar). */
export const CONTENT_HEAD_BYTES = 512;

const USTAR_OFFSET = 257;

export function contentKindOf(head: Uint8Array): ContentKind {
  if (startsWith(head, [0x1f, 0x8b])) return 'gzip';
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd]) || isSkippableFrame(head)) return 'zstd';
  if (startsWith(head, [0x00, 0x61, 0x73, 0x6d])) return 'wasm';
  const isTar = Buffer.from(head.subarray(USTAR_OFFSET, USTAR_OFFSET + 5)).toString() === 'ustar';
  // An archive without files has nothing but zeros.
  const isEmptyTar = head.length === CONTENT_HEAD_BYTES && head.every((byte) => byte === 0);
  return isTar || isEmptyTar ? 'tar' : 'unknown';
}

/**
 * Looks at the beginning of what a source is going to give: at least `length` bytes, unless it ends
 * before. `whole` gives everything, the head included, and must be used in the source's stead.
 */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ readonly head: Uint8Array; readonly whole: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let count = 0;
  while (count < length) {
    const next = await iterator.next();
    if (next.done) break;
    chunks.push(next.value);
    count += next.value.length;
  }
  return { head: Buffer.concat(chunks).subarray(0, length), whole: resumed(chunks, iterator) };
}

async function* resumed(
  chunks: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** A frame of zstd that is to be passed over, by which some writers begin (RFC 8878, 3.1.2). */
function isSkippableFrame([first = 0, ...rest]: Uint8Array): boolean {
  return (first & 0xf0) === 0x50 && startsWith(rest, [0x2a, 0x4d, 0x18]);
}

function startsWith(bytes: ArrayLike<number>, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
