import type { IncomingMessage, ServerResponse } from 'node:http';
import { EngineError } from '../../base/engine-error.ts';
import { type Digest, parseDigest } from '../../spec/digest.ts';
import { RegistryError } from './registry-error.ts';
import { repositoryOf } from './repository-name.ts';

export type ResponseHeaders = Readonly<Record<string, string | number>>;

/** One request to the registry and its answer, as the endpoints see them. */
export class RegistryCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The repository as the client calls it, and as the store does. */
  readonly name: string;
  readonly repository: string;
  /** What the path ends with: a tag, a digest, an upload's id. */
  readonly reference: string;

  /** Errors: NAME_INVALID. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: {
      readonly query: URLSearchParams;
      readonly name: string | undefined;
      readonly reference: string;
    },
  ) {
    this.request = request;
    this.response = response;
    this.query = target.query;
    this.name = target.name ?? '';
    this.repository = target.name === undefined ? '' : repositoryOf(target.name);
    this.reference = target.reference;
  }

  /** What the path ends with, as a digest. Errors: DIGEST_INVALID. */
  get digest(): Digest {
    return digestIn(this.reference);
  }

  /** Answers without a body; to a HEAD request, `headers` tell the size of the one it would have. */
  answer(status: number, headers: ResponseHeaders = {}): void {
    const hasBody = status !== 204 && this.request.method !== 'HEAD';
    this.response.writeHead(status, { ...(hasBody ? { 'Content-Length': 0 } : {}), ...headers });
    this.response.end();
  }

  bytes(
    status: number,
    contentType: string,
    body: Uint8Array,
    headers: ResponseHeaders = {},
  ): void {
    this.response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': body.length,
      ...headers,
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : body);
  }

  json(status: number, value: unknown, headers: ResponseHeaders = {}): void {
    this.bytes(status, 'application/json', Buffer.from(JSON.stringify(value)), headers);
  }

  /** Errors: 413; cancelled, when the client goes away in the middle. */
  async body(maxBytes: number, tooLarge: () => RegistryError): Promise<Buffer> {
    if (Number(this.request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of bodyOf(this.request)) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Resolves when more may be sent; false when the client has gone. */
  async send(part: Uint8Array): Promise<boolean> {
    const { response } = this;
    if (response.destroyed) return false;
    if (response.write(part)) return true;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        response.off('drain', settle);
        response.off('close', settle);
        resolve();
      };
      response.on('drain', settle);
      response.on('close', settle);
    });
    return !response.destroyed;
  }
}

/** Errors: DIGEST_INVALID, also for algorithms other than sha256. */
export function digestIn(text: string): Digest {
  const digest = parseDigest(text);
  if (digest) return digest;
  throw new RegistryError('DIGEST_INVALID', 'invalid digest: it is sha256:, and 64 digits', {
    details: [{ digest: text.slice(0, MAX_SHOWN) }],
  });
}

const MAX_SHOWN = 200;

/**
 * The request's body. Who leaves off reading can still answer: the connection stays.
 *
 * # Errors
 * cancelled, when the client goes away in the middle
 */
export async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } catch (thrown) {
    throw new EngineError('cancelled', 'the request body is cut short', { cause: thrown });
  }
}
