import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import { renameDurably } from './durable-file.ts';

/**
 * How much is written before it is sent to the disk while more comes in, so that little is left to
 * wait for at the end.
 */
const FLUSH_BYTES = 16 * 1024 * 1024;
/** What is written at once: a write costs a turn through Node's thread pool, however small it is. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Content on its way into the store: a file that is hashed as it is written, and gets its name only
 * when it is whole and on disk.
 *
 * # Lifecycle
 * `write` any number of times, then `commit` or nothing; disposed in either case. What was written
 * but not committed is removed, unless `keepsPartial`: then the next writer goes on with it.
 */
export class BlobWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #keepsPartial: boolean;
  #hash: Hash = createHash('sha256');
  #sizeBytes = 0;
  /** Hashed, and not yet on their way to the file. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** At most one at a time; never rejects. */
  #writing: Promise<void> = Promise.resolve();
  #writtenBytes = 0;
  #unflushedBytes = 0;
  /** Of the bytes before; at most one at a time; never rejects. */
  #flushing: Promise<void> = Promise.resolve();
  /** The first of those in the background. */
  #failure: { readonly thrown: unknown } | undefined;
  #isCommitted = false;

  private constructor(path: string, file: FileHandle, keepsPartial: boolean) {
    this.#path = path;
    this.#file = file;
    this.#keepsPartial = keepsPartial;
  }

  /** `path` must be on the store's file system, and nobody else's. */
  static async open(path: string, keepsPartial: boolean): Promise<BlobWriter> {
    // What is there already is taken up by `resume`, or overwritten.
    return new BlobWriter(
      path,
      await open(path, keepsPartial ? constants.O_RDWR | constants.O_CREAT : 'w+', 0o600),
      keepsPartial,
    );
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Takes what an earlier writer has left as written, up to `limitBytes`, and hands it out again.
   * Before the first `write`.
   */
  async *resume(limitBytes: number): AsyncGenerator<Uint8Array> {
    const { size } = await this.#file.stat();
    // More than there can be: it is not what is wanted.
    if (size > limitBytes) await this.#file.truncate(0);
    else if (size > 0) {
      for await (const chunk of createReadStream(this.#path, { highWaterMark: 1024 * 1024 })) {
        this.#hash.update(chunk);
        this.#sizeBytes += chunk.length;
        this.#writtenBytes = this.#sizeBytes;
        yield chunk;
      }
    }
  }

  /** Forgets all that was written. */
  async restart(): Promise<void> {
    this.#pending = [];
    await this.#settle();
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
    this.#pendingBytes = 0;
    this.#writtenBytes = 0;
  }

  /**
   * The chunk is the writer's from then on. Resolves before it is on disk; what fails on its way
   * there, the next call tells.
   */
  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes >= WRITE_BYTES) await this.#writePending();
  }

  /** The digest of all that was written so far. */
  digest(): Digest {
    return `sha256:${this.#hash.copy().digest('hex')}` as Digest;
  }

  /**
   * Gives the content its place in the store.
   *
   * # Errors
   * data-loss, when it is not what it should be: then nothing of it is kept
   */
  async commit(path: string, expected: Digest): Promise<void> {
    const actual = this.digest();
    if (actual !== expected) {
      const words = `it has ${actual} (${this.#sizeBytes} bytes)`;
      await this.restart();
      throw new EngineError(
        'data-loss',
        `content ${expected} is not what its digest says: ${words}`,
      );
    }
    await this.#writePending();
    await this.#settle();
    if (this.#failure) throw this.#failure.thrown;
    // What an earlier writer left behind the end, if nobody resumed it.
    await this.#file.truncate(this.#sizeBytes);
    await this.#file.sync();
    renameDurably(this.#path, path);
    this.#isCommitted = true;
  }

  /** What is left of a partial download is kept down to its last byte. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isCommitted && this.#keepsPartial) await this.#writePending().catch(() => {});
    await this.#settle();
    await this.#file.close();
    if (this.#isCommitted) return;
    if (!this.#keepsPartial || this.#sizeBytes === 0) rmSync(this.#path, { force: true });
  }

  /** Begins to write what is pending once what was before it is written. */
  async #writePending(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.thrown;
    const chunks = this.#pending;
    if (chunks.length === 0) return;
    const position = this.#writtenBytes;
    this.#pending = [];
    this.#writtenBytes += this.#pendingBytes;
    this.#unflushedBytes += this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#writing = this.#inBackground(() => writeAll(this.#file, chunks, position));
    if (this.#unflushedBytes < FLUSH_BYTES) return;
    this.#unflushedBytes = 0;
    await this.#flushing;
    this.#flushing = this.#inBackground(() => this.#file.datasync());
  }

  async #inBackground(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.#failure ??= { thrown };
    }
  }

  async #settle(): Promise<void> {
    await this.#writing;
    await this.#flushing;
  }
}

async function writeAll(
  file: FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = [...chunks];
  for (let at = position; left.length > 0; ) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = behind(left, bytesWritten);
  }
}

/** What of the chunks is behind their first bytes. */
function behind(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = 0;
  return chunks.flatMap((chunk) => {
    const start = Math.min(Math.max(bytes - skipped, 0), chunk.length);
    skipped += chunk.length;
    return start < chunk.length ? [chunk.subarray(start)] : [];
  });
}
