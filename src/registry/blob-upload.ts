import { EngineError } from '../base/engine-error.ts';
import type { PushedBlob } from './contract.ts';
import type { HttpAnswer } from './http-answer.ts';
import { RegistryFault } from './registry-fault.ts';
import type { RegistrySession } from './registry-session.ts';
import { pushScope } from './scope.ts';
import type { RequestBody } from './transport.ts';

/**
 * Sent by one request; larger ones in chunks of this size, below what proxies before registries
 * take at once (100 MB and more), and so large that a request more each costs next to nothing.
 */
export const CHUNK_BYTES = 32 * 1024 * 1024;
/** A registry that wants larger chunks than this is not listened to. */
const MAX_CHUNK_BYTES = 1024 * 1024 * 1024;

/** A blob that is being sent to a repository: distribution-spec, "pushing a blob in chunks". */
export class BlobUpload {
  readonly #path: string;
  readonly #blob: PushedBlob;
  readonly #chunkBytes: number;
  #location: URL;
  #offset = 0;

  /** `answer` is the registry's to the beginning of an upload. */
  constructor(
    session: RegistrySession,
    answer: HttpAnswer,
    content: { readonly path: string; readonly blob: PushedBlob; readonly chunkBytes: number },
  ) {
    const { path, blob, chunkBytes } = content;
    this.#path = path;
    this.#blob = blob;
    this.#location = session.locationOf(answer);
    const least = Number(answer.header('oci-chunk-min-length') ?? 0);
    this.#chunkBytes = least > chunkBytes && least <= MAX_CHUNK_BYTES ? least : chunkBytes;
  }

  /** Bytes that the registry has. */
  get offset(): number {
    return this.#offset;
  }

  /** `advanced` is told when the registry has got more. Throws as `RegistrySession.expect`. */
  async send(session: RegistrySession, advanced: () => void): Promise<void> {
    const { sizeBytes } = this.#blob;
    while (sizeBytes > this.#chunkBytes && this.#offset < sizeBytes) {
      await this.#sendChunk(session);
      advanced();
    }
    const answer = await session.expect(
      {
        method: 'PUT',
        target: withQuery(this.#location, `digest=${encodeURIComponent(this.#blob.digest)}`),
        scopes: this.#scopes,
        ...this.#content(this.#offset, sizeBytes),
      },
      // 201 by the specification; some answer otherwise.
      [200, 201, 202, 204],
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
    return answer.status === 204 && this.#advance(session, answer);
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

  async #sendChunk(session: RegistrySession): Promise<void> {
    const start = this.#offset;
    const end = Math.min(start + this.#chunkBytes, this.#blob.sizeBytes);
    const answer = await session.expect(
      {
        method: 'PATCH',
        target: this.#location,
        scopes: this.#scopes,
        ...this.#content(start, end),
      },
      [202],
    );
    await answer.discard();
    const isSound = this.#advance(session, answer, end);
    if (isSound && this.#offset > start && this.#offset <= end) return;
    const { host } = answer.url;
    const words = `${host} took bytes ${start}-${end - 1}, and has ${this.#offset} now`;
    throw new RegistryFault(host, answer.status, '', words);
  }

  /**
   * Where the registry says that it is, and where to go on; `assumed` when it does not say how far.
   */
  #advance(session: RegistrySession, answer: HttpAnswer, assumed?: number): boolean {
    const range = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.header('range') ?? '')?.[1];
    const last = range === undefined ? undefined : Number(range);
    // `0-0` is one byte, and what registries say that have none, or do not know.
    const offset = last === undefined ? assumed : last === 0 ? (assumed ?? 0) : last + 1;
    if (offset === undefined || offset > this.#blob.sizeBytes) return false;
    if (answer.header('location') !== undefined) this.#location = session.locationOf(answer);
    this.#offset = offset;
    return true;
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
