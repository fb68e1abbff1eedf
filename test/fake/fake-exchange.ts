import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A request as it was received. */
export interface ReceivedRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a registry does instead of what it should. */
export type Misbehaviour =
  /** Any answer; `endless`: its body is repeated for ever. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
      readonly isEndless?: boolean;
    }
  /** Closes the connection after so many bytes of the body of its answer. */
  | { readonly kind: 'break'; readonly afterBytes: number }
  /** As `break`, but says nothing more instead. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Reads the request and never answers. */
  | { readonly kind: 'silence' }
  /** Answers by a byte now and then: without an end of its headers, or of its body. */
  | { readonly kind: 'trickle'; readonly part: 'headers' | 'body' }
  /** Does what it should, and closes the connection instead of saying so. */
  | { readonly kind: 'lose-answer' }
  /** Closes the connection after so many bytes of the request's body; what came is kept. */
  | { readonly kind: 'break-request'; readonly afterBytes: number }
  /** Sends all of a blob, whatever part of it was asked for. */
  | { readonly kind: 'ignore-range' }
  /** The answer's headers are replaced. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  /** The first byte of the answer's body is another one. */
  | { readonly kind: 'corrupt' };

/** One request that is served, perhaps badly. */
export class FakeExchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #misbehaviour: Misbehaviour | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    misbehaviour: Misbehaviour | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#misbehaviour = misbehaviour;
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get ignoresRange(): boolean {
    return this.#misbehaviour?.kind === 'ignore-range';
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  async body(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await this.readInto((chunk) => chunks.push(chunk));
    return Buffer.concat(chunks);
  }

  async readInto(take: (chunk: Buffer) => void): Promise<void> {
    const does = this.#misbehaviour;
    let left = does?.kind === 'break-request' ? does.afterBytes : Number.POSITIVE_INFINITY;
    for await (const chunk of this.#request) {
      take(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) continue;
      this.#request.socket.destroy();
      throw new Error('broken on purpose');
    }
  }

  refuse(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.answer(status, headers, JSON.stringify({ errors: [{ code, message }] }));
  }

  answer(
    status: number,
    headers: Readonly<Record<string, string>> = {},
    content: string | Uint8Array = '',
  ): void {
    const does = this.#misbehaviour;
    const body = Buffer.from(content);
    if (does?.kind === 'lose-answer') {
      this.#request.socket.destroy();
      return;
    }
    if (does?.kind === 'corrupt') body[0] = (body[0] ?? 0) ^ 1;
    const length = status === 204 ? {} : { 'content-length': String(body.length) };
    this.#response.writeHead(status, {
      ...headers,
      ...length,
      ...(does?.kind === 'headers' ? does.headers : {}),
    });
    if (this.method === 'HEAD') {
      this.#response.end();
    } else if (does?.kind === 'break' || does?.kind === 'stall') {
      this.#response.write(body.subarray(0, does.afterBytes), () => {
        if (does.kind === 'break') this.#request.socket.destroy();
      });
    } else {
      this.#response.end(body);
    }
  }
}

export async function answerAnything(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body = '', isEndless }: Extract<Misbehaviour, { kind: 'answer' }>,
): Promise<void> {
  request.resume();
  response.writeHead(status, headers);
  function* content() {
    do yield body;
    while (isEndless);
  }
  await pipeline(Readable.from(content()), response);
}

/** Until whoever reads it has had enough. */
export function answerSlowly(request: IncomingMessage, part: 'headers' | 'body'): void {
  const { socket } = request;
  socket.write(`HTTP/1.1 200 OK\r\n${part === 'headers' ? 'x: ' : '\r\n'}`);
  const timer = setInterval(() => socket.write('x'), 5);
  socket.once('close', () => clearInterval(timer));
}
