import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, hexOf, parseDigest } from '../spec/digest.ts';
import { BlobWriter } from './blob-writer.ts';
import { writeDurably } from './durable-file.ts';

/** A piece of content as the disk has it. */
export interface StoredContent {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** When it was written, in milliseconds since the epoch. */
  readonly writtenMs: number;
}

/**
 * Bytes by their digest, a file each: manifests, configurations, layers as they were sent and as
 * they are used. What has its name is whole. What is being written stands apart, without a name or
 * with one that says what it is going to be, so that a download that was cut can go on.
 */
export class ContentStore {
  readonly #directory: string;
  readonly #incoming: string;
  #writerCount = 0;

  /** Removes what writers without a name have left in an earlier life. */
  constructor(directory: string) {
    this.#directory = join(directory, 'sha256');
    this.#incoming = join(directory, 'incoming');
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    mkdirSync(this.#incoming, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#incoming)) {
      if (digestOfName(name) === undefined) rmSync(join(this.#incoming, name), { force: true });
    }
  }

  has(digest: Digest): boolean {
    return existsSync(this.pathOf(digest));
  }

  /** Undefined when the store does not have it. */
  sizeOf(digest: Digest): number | undefined {
    return statSync(this.pathOf(digest), { throwIfNoEntry: false })?.size;
  }

  pathOf(digest: Digest): string {
    return join(this.#directory, hexOf(digest));
  }

  /** Takes in something small. Idempotent. */
  put(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    if (this.sizeOf(digest) === bytes.length) return digest;
    this.#writerCount += 1;
    writeDurably(this.pathOf(digest), join(this.#incoming, `${this.#writerCount}`), bytes);
    return digest;
  }

  /**
   * Something small, whole, and checked.
   *
   * # Errors
   * data-loss: it is gone, damaged, or larger than `maxBytes`
   */
  read(digest: Digest, maxBytes: number): Buffer {
    const size = this.sizeOf(digest);
    if (size === undefined) throw new EngineError('data-loss', `content ${digest} is missing`);
    if (size > maxBytes) {
      throw new EngineError('data-loss', `content ${digest} is larger than ${maxBytes} bytes`);
    }
    const bytes = readFileSync(this.pathOf(digest));
    if (digestOf(bytes) === digest) return bytes;
    throw new EngineError('data-loss', `content ${digest} is damaged on disk`);
  }

  /** The bytes from `offset` on, unchecked. Throws the host's error when it is not there. */
  open(digest: Digest, offset = 0): AsyncIterable<Uint8Array> {
    return createReadStream(this.pathOf(digest), { start: offset, highWaterMark: READ_BYTES });
  }

  /** For content whose digest shows at its end. */
  writer(): Promise<BlobWriter> {
    this.#writerCount += 1;
    return BlobWriter.open(join(this.#incoming, `${this.#writerCount}`), false);
  }

  /**
   * For content whose digest is known: goes on with what an earlier one has left. One at a time for
   * a digest.
   */
  partialWriter(digest: Digest): Promise<BlobWriter> {
    return BlobWriter.open(join(this.#incoming, hexOf(digest)), true);
  }

  /** Idempotent. */
  delete(digest: Digest): void {
    rmSync(this.pathOf(digest), { force: true });
  }

  *list(): Iterable<StoredContent> {
    yield* contentsIn(this.#directory);
  }

  /** What has been begun and left; `writtenMs` is when the last part of it came. */
  *listPartial(): Iterable<StoredContent> {
    yield* contentsIn(this.#incoming);
  }

  deletePartial(digest: Digest): void {
    rmSync(join(this.#incoming, hexOf(digest)), { force: true });
  }
}

const READ_BYTES = 1024 * 1024;

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

function* contentsIn(directory: string): Iterable<StoredContent> {
  for (const name of readdirSync(directory)) {
    const digest = digestOfName(name);
    const stat = digest && statSync(join(directory, name), { throwIfNoEntry: false });
    if (stat) yield { digest, sizeBytes: stat.size, writtenMs: stat.mtimeMs };
  }
}

function digestOfName(name: string): Digest | undefined {
  return parseDigest(`sha256:${name}`);
}
