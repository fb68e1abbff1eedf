import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, hexOf } from '../spec/digest.ts';
import { writeDurably } from './durable-file.ts';

/** Small content (configurations) by its digest: one file each, checked whenever it is read. */
export class BlobStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Idempotent. */
  put(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    const path = this.#pathOf(digest);
    writeDurably(path, `${path}.incoming`, bytes);
    return digest;
  }

  /** # Errors: data-loss when the content is gone or is not what it was. */
  get(digest: Digest): Buffer {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#pathOf(digest));
    } catch (thrown) {
      throw new EngineError('data-loss', `content ${digest} cannot be read`, { cause: thrown });
    }
    if (digestOf(bytes) === digest) return bytes;
    throw new EngineError('data-loss', `content ${digest} is damaged on disk`);
  }

  /** Idempotent. */
  delete(digest: Digest): void {
    rmSync(this.#pathOf(digest), { force: true });
  }

  /** Removes all that is not in `kept`, and what a crash has left. */
  sweep(kept: ReadonlySet<Digest>): void {
    const names = new Set([...kept].map(hexOf));
    for (const name of readdirSync(this.#directory)) {
      if (!names.has(name)) rmSync(join(this.#directory, name), { force: true });
    }
  }

  #pathOf(digest: Digest): string {
    return join(this.#directory, hexOf(digest));
  }
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
