import { createHash, type Hash } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import { renameDurably } from './durable-file.ts';

/**
 * How much is written before it is sent to the disk while more comes in, so that little is left to
 * wait for at the end.
 */
const FLUSH_BYTES = 16 * 1024 * 1024;

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
  #unflushedBytes = 0;
  /** Of the bytes before; at most one at a time. */
  #flushing: Promise<void> = Promise.resolve();
  #flushFailure: unknown;
  #isCommitted = false;

  private constructor(path: string, file: FileHandle, keepsPartial: boolean) {
    this.#path = path;
    this.#file = file;
    this.#keepsPartial = keepsPartial;
  }

  /** `path` must be on the store's file system, and nobody else's. */
  static async open(path: string, keepsPartial: boolean): Promise<BlobWriter> {
    // What is there already is taken up by `resume`, or overwritten.
    return new BlobWriter(path, await open(path, keepsPartial ? 'a+' : 'w+', 0o600), keepsPartial);
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
        yield chunk;
      }
    }
  }

  /** Forgets all that was written. */
  async restart(): Promise<void> {
    await this.#flushing;
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
    await writeWhole(this.#file, chunk, this.#keepsPartial ? null : this.#sizeBytes - chunk.length);
    this.#unflushedBytes += chunk.length;
    if (this.#unflushedBytes < FLUSH_BYTES) return;
    this.#unflushedBytes = 0;
    await this.#flushing;
    this.#flushing = this.#file.datasync().catch((thrown: unknown) => {
      this.#flushFailure ??= thrown;
    });
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
      await this.#file.truncate(0);
      throw new EngineError(
        'data-loss',
        `content ${expected} is not what its digest says: it has ${actual} (${this.#sizeBytes} bytes)`,
      );
    }
    await this.#flushing;
    if (this.#flushFailure !== undefined) throw this.#flushFailure;
    await this.#file.sync();
    renameDurably(this.#path, path);
    this.#isCommitted = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing;
    await this.#file.close();
    if (this.#isCommitted) return;
    if (!this.#keepsPartial || this.#sizeBytes === 0) rmSync(this.#path, { force: true });
  }
}

/** `position` null: at the end. */
async function writeWhole(
  file: FileHandle,
  chunk: Uint8Array,
  position: number | null,
): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await file.write(
      chunk,
      written,
      chunk.length - written,
      position === null ? null : position + written,
    );
    written += bytesWritten;
  }
}
