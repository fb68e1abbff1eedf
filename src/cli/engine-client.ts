import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createDeferred } from '../base/deferred.ts';
import { messageOf } from '../base/engine-error.ts';
import { API_VERSION } from '../wire/versions.ts';
import { drained } from './terminal.ts';

/** The daemon's own refusal, as it said it. */
export class EngineResponseError extends Error {
  override readonly name = 'EngineResponseError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(`Error response from daemon: ${message}`);
    this.status = status;
  }
}

/** Nobody answers on the socket. */
export class EngineUnreachableError extends Error {
  override readonly name = 'EngineUnreachableError';
  /** Whether a daemon may be started: there is none, as opposed to one that must not be reached. */
  readonly isAbsent: boolean;

  constructor(host: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const isDenied = code === 'EACCES' || code === 'EPERM';
    super(
      isDenied
        ? `permission denied while trying to connect to the wolffia daemon socket at ${host}`
        : `Cannot connect to the wolffia daemon at ${host}. Is the wolffia daemon running? (${messageOf(cause)})`,
      { cause },
    );
    this.isAbsent = code === 'ENOENT' || code === 'ECONNREFUSED';
  }
}

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface RequestOptions {
  readonly query?: Query;
  readonly json?: unknown;
  /** A body that is streamed, instead of JSON. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HijackedConnection {
  readonly connection: Duplex;
  readonly contentType: string;
}

/** Speaks the Engine API to the daemon behind one socket. */
export class EngineClient {
  readonly host: string;
  readonly #socketPath: string;
  readonly #revive: (() => Promise<void>) | undefined;

  /** `revive` starts a daemon when there is none; without it a call fails then. */
  constructor(host: string, socketPath: string, revive?: () => Promise<void>) {
    this.host = host;
    this.#socketPath = socketPath;
    this.#revive = revive;
  }

  /**
   * Sends a request and parses the JSON answer (undefined when there is none). The caller knows its
   * shape.
   *
   * # Errors
   * EngineResponseError, EngineUnreachableError
   */
  async call<Answer>(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.stream(method, path, options);
    const text = await readText(response);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  /** As `call`, with the body left to be read. Errors: the same, once the head is there. */
  async stream(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<IncomingMessage> {
    // A body can be sent once only: it must not be tried on a daemon that is not there.
    if (options.body) await this.call('HEAD', '/_ping');
    const response = await this.#revived(() => this.#request(method, path, options));
    if ((response.statusCode ?? 500) < 400) return response;
    throw await responseError(response);
  }

  /** Takes the connection over for raw bytes both ways (attach). The type is the answer's. */
  hijack(path: string, options: Omit<RequestOptions, 'body'>): Promise<HijackedConnection> {
    return this.#revived(() => this.#hijack(path, options));
  }

  async #revived<Answer>(attempt: () => Promise<Answer>): Promise<Answer> {
    try {
      return await attempt();
    } catch (thrown) {
      const isAbsent = thrown instanceof EngineUnreachableError && thrown.isAbsent;
      if (!isAbsent || !this.#revive) throw thrown;
      await this.#revive();
      return attempt();
    }
  }

  #request(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const { promise, resolve, reject } = createDeferred<IncomingMessage>();
    const outgoing = httpRequest(this.#target(method, path, options), resolve);
    outgoing.on('error', (thrown) => reject(new EngineUnreachableError(this.host, thrown)));
    if (options.body) void sendBody(outgoing, options.body, reject);
    else outgoing.end(options.json === undefined ? undefined : JSON.stringify(options.json));
    return promise;
  }

  #hijack(path: string, options: RequestOptions): Promise<HijackedConnection> {
    const { promise, resolve, reject } = createDeferred<HijackedConnection>();
    const body = options.json === undefined ? '' : JSON.stringify(options.json);
    const { headers, ...target } = this.#target('POST', path, options);
    const outgoing = httpRequest({
      ...target,
      headers: {
        ...headers,
        Connection: 'Upgrade',
        Upgrade: 'tcp',
        'Content-Length': Buffer.byteLength(body),
      },
    });
    outgoing.on('error', (thrown) => reject(new EngineUnreachableError(this.host, thrown)));
    outgoing.on('response', (response) => {
      void responseError(response).then(reject);
    });
    outgoing.on('upgrade', (response, connection, head) => {
      if (head.length > 0) connection.unshift(head);
      resolve({ connection, contentType: response.headers['content-type'] ?? '' });
    });
    outgoing.end(body);
    return promise;
  }

  #target(method: string, path: string, { query, json, body, headers }: RequestOptions) {
    const contentType = json !== undefined ? 'application/json' : body ? 'application/x-tar' : '';
    return {
      socketPath: this.#socketPath,
      method,
      path: `/v${API_VERSION}${path}${encodeQuery(query ?? {})}`,
      headers: {
        ...headers,
        Host: 'wolffia',
        ...(contentType ? { 'Content-Type': contentType } : {}),
      },
    };
  }
}

function encodeQuery(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '' || value === false) continue;
    const values = Array.isArray(value) ? value : [value === true ? '1' : String(value)];
    for (const one of values) parameters.append(name, one);
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

async function sendBody(
  outgoing: ReturnType<typeof httpRequest>,
  body: AsyncIterable<Uint8Array>,
  reject: (thrown: unknown) => void,
): Promise<void> {
  try {
    for await (const chunk of body) {
      if (outgoing.destroyed) return;
      outgoing.write(chunk);
      await drained(outgoing);
    }
    outgoing.end();
  } catch (thrown) {
    outgoing.destroy();
    reject(thrown);
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function responseError(response: IncomingMessage): Promise<EngineResponseError> {
  const status = response.statusCode ?? 500;
  const text = await readText(response);
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'message' in body) {
      return new EngineResponseError(status, String(body.message));
    }
  } catch {
    // An answer that is no JSON is told as it is.
  }
  return new EngineResponseError(status, text.trim() || `status ${status}`);
}
