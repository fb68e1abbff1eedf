import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { EngineError } from '../base/engine-error.ts';

/** JSON bodies are small; what is large (an image to import) is streamed. */
const MAX_JSON_BODY_SIZE = 4 * 1024 * 1024;

/** What a request is about, taken out of its URL. */
export interface ExchangeTarget {
  readonly query: URLSearchParams;
  readonly parameters: readonly string[];
  readonly apiVersion: string;
  /**
   * What the connection carries behind the request, when the client wants to go on with something
   * else than HTTP.
   */
  readonly upgraded?: Duplex | undefined;
}

/** One request and its answer, as a route sees them. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly parameters: readonly string[];
  /** The version of the API that the client speaks. */
  readonly apiVersion: string;
  readonly #response: ServerResponse;
  readonly #upgraded: Duplex | undefined;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;

  constructor(request: IncomingMessage, response: ServerResponse, target: ExchangeTarget) {
    this.request = request;
    this.query = target.query;
    this.parameters = target.parameters;
    this.apiVersion = target.apiVersion;
    this.#response = response;
    this.#upgraded = target.upgraded;
    const controller = new AbortController();
    response.once('close', () => controller.abort());
    this.gone = controller.signal;
  }

  /** The path's parameter at that place, decoded. */
  parameter(index: number): string {
    return this.parameters[index] ?? '';
  }

  /** Docker's booleans in queries: anything but these is true. */
  flag(name: string): boolean {
    const value = this.query.get(name)?.toLowerCase();
    return value !== undefined && !['', '0', 'no', 'false', 'none'].includes(value);
  }

  /** As `flag`, where a client that says nothing means something. */
  flagOr(name: string, unsaid: boolean): boolean {
    return this.query.has(name) ? this.flag(name) : unsaid;
  }

  /** A whole number; undefined when not given. Errors: invalid-argument. */
  whole(name: string): number | undefined {
    const value = this.query.get(name);
    if (value === null || value === '') return undefined;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw new EngineError('invalid-argument', `invalid value '${value}' for '${name}'`);
    }
    return Number(value);
  }

  /** The body as JSON; an empty one is an empty object. Errors: invalid-argument. */
  async jsonBody(): Promise<unknown> {
    const text = await this.#text();
    try {
      return JSON.parse(text === '' ? '{}' : text);
    } catch (thrown) {
      throw new EngineError('invalid-argument', 'invalid JSON in the request body', {
        cause: thrown,
      });
    }
  }

  /** The body as it comes. Errors: cancelled when the client goes away in the middle. */
  body(): AsyncIterable<Uint8Array> {
    return untilCut(this.request);
  }

  get isUpgrade(): boolean {
    return this.#upgraded !== undefined;
  }

  async #text(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    const parts = isBodyUnparsed(this.request) ? bodyOnSocket(this.request) : this.request;
    for await (const chunk of untilCut(parts)) {
      size += chunk.length;
      if (size > MAX_JSON_BODY_SIZE) {
        throw new EngineError(
          'invalid-argument',
          `the request body is larger than ${MAX_JSON_BODY_SIZE} bytes`,
        );
      }
      chunks.push(chunk);
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    } catch (thrown) {
      throw new EngineError('invalid-argument', 'the request body is no UTF-8', { cause: thrown });
    }
  }

  json(status: number, value: unknown): void {
    const body = `${JSON.stringify(value)}\n`;
    this.#response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    this.#response.end(body);
  }

  bytes(contentType: string, body: Uint8Array, headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(200, {
      'Content-Type': contentType,
      'Content-Length': body.length,
      ...headers,
    });
    this.#response.end(body);
  }

  empty(status: number): void {
    this.#response.writeHead(status, status === 200 ? { 'Content-Length': 0 } : {});
    this.#response.end();
  }

  text(body: string): void {
    this.#response.writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
    });
    this.#response.end(this.request.method === 'HEAD' ? undefined : body);
  }

  /** Sends the head at once, for an answer whose body comes later. */
  begin(contentType: string): void {
    this.#response.writeHead(200, { 'Content-Type': contentType });
    this.#response.flushHeaders();
  }

  /**
   * Sends a part of the body; resolves when more may be sent, so that a slow client slows its
   * sender.
   */
  async send(part: Uint8Array | string): Promise<void> {
    if (this.gone.aborted || this.#response.write(part)) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#response.off('drain', settle);
        this.gone.removeEventListener('abort', settle);
        resolve();
      };
      this.#response.once('drain', settle);
      this.gone.addEventListener('abort', settle);
    });
  }

  end(): void {
    this.#response.end();
  }

  /**
   * Takes the connection over (Docker's "hijack"): after the head it carries raw bytes both ways.
   * With `Upgrade: tcp` the answer is 101, else 200.
   */
  hijack(contentType: string): Duplex {
    const { socket } = this.request;
    this.#response.detachSocket(socket);
    const head = this.isUpgrade
      ? `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`
      : `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n\r\n`;
    const stream = this.#upgraded ?? socket;
    stream.write(head);
    return stream;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent || this.#response.socket === null;
  }
}

/** # Errors: cancelled when the client goes away in the middle. */
async function* untilCut(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* parts;
  } catch (thrown) {
    throw new EngineError('cancelled', 'the request body is cut short', { cause: thrown });
  }
}

/** Before Node 26 only the head of a request for an upgrade is parsed; its body is left to us. */
function isBodyUnparsed({ headers, complete, readableLength }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && complete && readableLength === 0;
}

/** What stands before the other protocol. Errors: when the connection ends before. */
async function* bodyOnSocket({ headers, socket }: IncomingMessage): AsyncGenerator<Buffer> {
  let left = Number(headers['content-length'] ?? 0);
  while (left > 0) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      await readableOrOver(socket);
      continue;
    }
    if (chunk.length > left) socket.unshift(chunk.subarray(left));
    const part = chunk.subarray(0, left);
    left -= part.length;
    yield part;
  }
}

function readableOrOver(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      for (const [name, listener] of listeners) socket.off(name, listener);
      act();
    };
    const cut = settle(() => reject(new Error('the connection ended')));
    const listeners = [
      ['readable', settle(resolve)],
      ['end', cut],
      ['close', cut],
    ] as const;
    if (socket.readableEnded || socket.destroyed) cut();
    else for (const [name, listener] of listeners) socket.on(name, listener);
  });
}
