import { BlobUpload } from './blob-upload.ts';
import type { PushedBlob, PushOutcome } from './contract.ts';
import type { HttpAnswer } from './http-answer.ts';
import { RegistryFault } from './registry-fault.ts';
import type { RegistrySession } from './registry-session.ts';
import { type Attempts, TransientFailure } from './retry.ts';
import { pullScope, pushScope } from './scope.ts';

/** Repositories that are asked for the blob: each costs a request. */
const MAX_MOUNT_SOURCES = 4;

/** Of the first chunks: so large that a request more each costs next to nothing. */
export const CHUNK_BYTES = 32 * 1024 * 1024;
/**
 * How much smaller they become when they are too much. All registries take a blob of any size by
 * one request, but proxies before them may not (nginx: 1 MiB, when nobody tells it otherwise), and
 * some registries take only small chunks (GHCR: 4 MiB).
 */
const CHUNK_FRACTIONS = [1, 8, 64];

/** Too much at once; GHCR says the second. */
const TOO_LARGE = new Set([413, 416]);

/**
 * Makes a repository have a blob, over as many attempts as it takes. It is sent by one request at
 * first; when that breaks, or is too much for the registry, in chunks. What an attempt has sent is
 * not sent again by the next one if the registry kept it.
 */
export class BlobPush {
  readonly #path: string;
  readonly #blob: PushedBlob;
  readonly #firstChunkBytes: number;
  #chunkBytes = Number.POSITIVE_INFINITY;
  #upload: BlobUpload | undefined;
  /** The most that the registry ever had of it. */
  #reachedBytes = 0;
  #hasBegun = false;

  /** `path`: the repository without its registry. */
  constructor(path: string, blob: PushedBlob, firstChunkBytes: number) {
    this.#path = path;
    this.#blob = blob;
    this.#firstChunkBytes = firstChunkBytes;
  }

  /** Throws as `RegistrySession.expect`. */
  async attempt(session: RegistrySession, attempts: Attempts): Promise<PushOutcome> {
    if (this.#upload && !(await this.#upload.resume(session))) this.#upload = undefined;
    if (!this.#upload) {
      // After a commit whose answer got lost it is there, too.
      if (await this.#isPresent(session)) return { kind: this.#hasBegun ? 'pushed' : 'present' };
      const from = await this.#begin(session);
      if (from !== undefined) return { kind: 'mounted', from };
    }
    const upload = this.#upload;
    if (!upload) throw new Error('an upload begins, or the blob is mounted');
    this.#hasBegun = true;
    try {
      await upload.send(session, this.#chunkBytes, () => {
        const gainedBytes = upload.offset - this.#reachedBytes;
        if (gainedBytes <= 0) return;
        this.#reachedBytes = upload.offset;
        attempts.progressed(gainedBytes);
      });
    } catch (thrown) {
      throw await this.#reconsider(session, upload, thrown);
    }
    return { kind: 'pushed' };
  }

  /** What to send how the next time, if it is worth a try. */
  async #reconsider(
    session: RegistrySession,
    upload: BlobUpload,
    thrown: unknown,
  ): Promise<unknown> {
    const isTooLarge = thrown instanceof RegistryFault && TOO_LARGE.has(thrown.status);
    if (!isTooLarge) {
      this.#chunkBytes = Math.min(this.#chunkBytes, this.#firstChunkBytes);
      return thrown;
    }
    const wasBytes = Math.min(this.#chunkBytes, this.#blob.sizeBytes);
    const chunkBytes = CHUNK_FRACTIONS.map((by) => this.#firstChunkBytes / by).find(
      (sizeBytes) => sizeBytes < wasBytes,
    );
    if (chunkBytes === undefined) return thrown;
    this.#chunkBytes = chunkBytes;
    await upload.cancel(session);
    this.#upload = undefined;
    return new TransientFailure(thrown);
  }

  /** What the registry has of it is of no use any more. Never throws. */
  async cancel(session: RegistrySession): Promise<void> {
    await this.#upload?.cancel(session);
  }

  async #isPresent(session: RegistrySession): Promise<boolean> {
    const answer = await session.send({
      method: 'HEAD',
      target: `v2/${this.#path}/blobs/${this.#blob.digest}`,
      scopes: [pushScope(this.#path)],
    });
    if (answer.status >= 500 || answer.status === 429) throw await session.fault(answer);
    // Whatever else it says: the upload tells what is wrong, in words.
    await answer.discard();
    return answer.status === 200;
  }

  /** Begins an upload, unless the blob could be mounted: answers from where. */
  async #begin(session: RegistrySession): Promise<string | undefined> {
    const sources = this.#blob.mountFrom.slice(0, MAX_MOUNT_SOURCES);
    for (const repository of sources) {
      const from = repository.slice(repository.indexOf('/') + 1);
      if (from === this.#path) continue;
      const answer = await this.#post(session, [pullScope(from)], {
        mount: this.#blob.digest,
        from,
      });
      if (answer.status === 201) {
        await answer.discard();
        await this.#upload?.cancel(session);
        return repository;
      }
      if (answer.status === 202) await this.#keep(session, answer);
      else await answer.discard();
    }
    if (this.#upload) return undefined;
    const answer = await this.#post(session, [], {});
    if (answer.status !== 202) throw await session.fault(answer);
    await this.#keep(session, answer);
    return undefined;
  }

  /** A registry that cannot mount begins an upload instead: one of them is enough. */
  async #keep(session: RegistrySession, answer: HttpAnswer): Promise<void> {
    await answer.discard();
    const upload = new BlobUpload(session, answer, this.#path, this.#blob);
    if (this.#upload) await upload.cancel(session);
    else this.#upload = upload;
  }

  async #post(
    session: RegistrySession,
    scopes: readonly string[],
    query: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer> {
    const search = new URLSearchParams(query).toString();
    return await session.send({
      method: 'POST',
      target: `v2/${this.#path}/blobs/uploads/${search === '' ? '' : `?${search}`}`,
      scopes: [pushScope(this.#path), ...scopes],
    });
  }
}
