import { EngineError } from '../base/engine-error.ts';
import type { PushedBlob } from './contract.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { RegistrySession } from './registry-session.ts';
import { pushScope } from './scope.ts';
import type { RequestBody } from './transport.ts';

/** A registry that wants larger chunks than this is not listened to. */
const MAX_CHUNK_BYTES = 1024 * 1024 * 1024;
/** By the specification 202, and 201 at the end; not all are so strict. */
const TAKEN = [200, 201, 202, 204];

/** A blob that is being sent to a repository: distribution-spec, "pushing blobs". */
export class BlobUpload {
  readonly #path: string;
  readonly #blob: PushedBlob;
  readonly #leastChunkBytes: number;
  #location: URL;
  #offset = 0;

  /** `answer` is the registry's to the beginning of an upload. */
  constructor(session: RegistrySession, answer: HttpAnswer, path: string, blob: PushedBlob) {
    this.#path = path;
    this.#blob = blob;
    this.#location = session.locationOf(answer);
    const least = Number(answer.header('oci-chunk-min-length') ?? 0);
    this.#leastChunkBytes = least > 0 && least <= MAX_CHUNK_BYTES ? least : 0;
  }

  /** Bytes that the registry has. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Sends what the registry does not have yet: all but the last chunk by PATCH, that one by PUT
   * (some take no empty PUT). `advanced` is told when the registry has got more. Throws as
   * `RegistrySession.expect`.
   */
  async send(session: RegistrySession, chunkBytes: number, advanced: () => void): Promise<void> {
    const { sizeBytes, digest } = this.#blob;
    const most = Math.max(chunkBytes, this.#leastChunkBytes);
    while (sizeBytes - this.#offset > most) {
      await this.#patch(session, this.#offset + most);
      advanced();
    }
    const answer = await session.expect(
      {
        method: 'PUT',
        target: withQuery(this.#location, `digest=${encodeURIComponent(digest)}`),
        scopes: this.#scopes,
        ...this.#content(this.#offset, sizeBytes),
      },
      TAKEN,
    );
    await answer.discard();
  }

  /** Asks how far it is; false when the registry does not know any more. */
  async resume(session: RegistrySession): Promise<boolean> {
    const answer = await session.send({
      method: 'GET',
      target: this.#location,
      scopes: this.#scopes,
    });
    if (answer.status >= 500 || answer.status === 429) throw await session.fault(answer);
    await answer.discard();
    const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.header('range') ?? '')?.[1];
    // `0-0` is one byte, and what registries say that have none.
    const offset = last === '0' ? 0 : Number(last) + 1;
    if (answer.status !== 204 || !(offset <= this.#blob.sizeBytes)) return false;
    this.#move(session, answer, offset);
    return true;
  }

  /** Never throws: what nobody finishes is dropped by the registry some day. */
  async cancel(session: RegistrySession): Promise<void> {
    try {
      const target = this.#location;
      const answer = await session.send({ method: 'DELETE', target, scopes: this.#scopes });
      await answer.discard();
    } catch {
      // See above.
    }
  }

  async #patch(session: RegistrySession, end: number): Promise<void> {
    const answer = await session.expect(
      {
        method: 'PATCH',
        target: this.#location,
        scopes: this.#scopes,
        ...this.#content(this.#offset, end),
      },
      TAKEN,
    );
    await answer.discard();
    // Some say a range that lags behind (ECR). In the end it is the digest that counts.
    this.#move(session, answer, end);
  }

  #move(session: RegistrySession, answer: HttpAnswer, offset: number): void {
    if (answer.header('location') !== undefined) this.#location = session.locationOf(answer);
    this.#offset = offset;
  }

  /** The blob's bytes from `start` to before `end`, as a request has them. */
  #content(start: number, end: number) {
    const { sizeBytes, open, progress } = this.#blob;
    const isPart = end > start && (start > 0 || end < sizeBytes);
    const body: RequestBody = {
      sizeBytes: end - start,
      open: () => take(open(start), end - start),
      progress: progress && ((sentBytes) => progress(start + sentBytes)),
    };
    return {
      headers: {
        'content-type': 'application/octet-stream',
        ...(isPart ? { 'content-range': `${start}-${end - 1}` } : {}),
      },
      body,
    };
  }

  get #scopes(): readonly string[] {
    return [pushScope(this.#path)];
  }
}

/** The first so many bytes. */
async function* take(
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let leftBytes = sizeBytes;
  if (leftBytes === 0) return;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, leftBytes);
    leftBytes -= chunk.length;
    if (leftBytes <= 0) return;
  }
  throw new EngineError('data-loss', `content ends ${leftBytes} bytes too early`);
}

/** Locations are signed by some: what they hold stays as it is. */
function withQuery(location: URL, query: string): URL {
  const url = new URL(location);
  url.search += `${url.search === '' ? '?' : '&'}${query}`;
  return url;
}
