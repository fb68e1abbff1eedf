import { type TarEntry, TarReader } from './tar-reader.ts';

/** One entry of an archive, with what is in it. */
export interface TarFile {
  readonly entry: TarEntry;
  /** To be read, if at all, before the next entry is asked for. Of a sparse file, its pieces. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The entries of a tar archive in its order. Pulls from `source` only as fast as it is pulled from.
 *
 * # Errors
 * those of `TarReader` and of `source`
 */
export async function* tarFiles(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const cursor = new ArchiveCursor(source);
  try {
    for (;;) {
      const entry = cursor.nextEntry();
      if (entry) yield { entry, content: cursor.contentOf(entry) };
      else if (!(await cursor.advance())) return;
    }
  } finally {
    await cursor.close();
  }
}

/** Where the reading of an archive is: in one chunk of it, whose entries are known. */
class ArchiveCursor {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #reader = new TarReader((entry) => this.#entries.push(entry));
  readonly #entries: TarEntry[] = [];
  #chunk: Uint8Array = new Uint8Array();
  #chunkStart = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Undefined when the chunk has no more; then `advance`. */
  nextEntry(): TarEntry | undefined {
    return this.#entries.shift();
  }

  /** Takes the next chunk; false at the end of the archive. */
  async advance(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) {
      this.#reader.end();
      return false;
    }
    this.#chunkStart += this.#chunk.length;
    this.#chunk = next.value;
    this.#reader.push(this.#chunk);
    return true;
  }

  async *contentOf({ kind, offset, sizeBytes, extents }: TarEntry): AsyncGenerator<Uint8Array> {
    if (kind !== 'regular') return;
    const storedBytes = extents?.reduce((sum, extent) => sum + extent.sizeBytes, 0) ?? sizeBytes;
    const end = offset + storedBytes;
    for (let position = offset; position < end; ) {
      const inChunk = position - this.#chunkStart;
      const piece = this.#chunk.subarray(inChunk, end - this.#chunkStart);
      position += piece.length;
      if (piece.length > 0) yield piece;
      else if (!(await this.advance())) return;
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
