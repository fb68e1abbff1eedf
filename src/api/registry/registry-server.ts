import { randomUUID } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { EngineError, messageOf } from '../../base/engine-error.ts';
import type { Log } from '../../base/log.ts';
import type { AccessLine } from '../../wire/registry-serve.ts';
import { type BasicAuth, CHALLENGE } from './basic-auth.ts';
import { BlobUploads } from './blob-uploads.ts';
import { findEndpoint } from './endpoints.ts';
import { isLoopbackHost, type ListenAddress } from './listen-address.ts';
import { PushLeases } from './push-leases.ts';
import { RegistryCall } from './registry-call.ts';
import { asRegistryError, RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';
import { IDLE_CONNECTION_MS } from './while-working.ts';

export interface RegistryServerOptions extends Pick<RegistryStore, 'images' | 'isUsed'> {
  readonly address: ListenAddress;
  readonly isReadOnly: boolean;
  readonly auth: BasicAuth | undefined;
  /** In PEM. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each request, once it is answered. */
  readonly tellAccess: (line: AccessLine) => void;
}

/** A few clients with a few connections each; every one may hold an upload's buffers. */
const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;
/** What is left of a body whose request has failed already is read so far, for the answer's sake. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;
const DRAIN_TIMEOUT_MS = 5_000;

/** One listener that serves the images of a store by the OCI distribution-spec, version 1.1. */
export class RegistryServer implements AsyncDisposable {
  readonly #options: RegistryServerOptions;
  readonly #server: Server;
  readonly #store: RegistryStore;
  readonly #closing = new AbortController();
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  /** What had passed through a connection when its last request ended. */
  readonly #traffic = new WeakMap<Socket, Pick<Socket, 'bytesRead' | 'bytesWritten'>>();
  #line: Promise<unknown> = Promise.resolve();

  private constructor(options: RegistryServerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    const { images, isUsed, clock } = options;
    const leases = new PushLeases(images.leases, clock);
    const { content } = images;
    this.#store = {
      images,
      isUsed,
      clock,
      leases,
      uploads: new BlobUploads({ content, leases, clock, newId: randomUUID }),
      inLine: (act) => this.#inLine(act),
      closing: this.#closing.signal,
    };
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const running = this.#serve(request, response)
        .catch((thrown: unknown) => this.#tellBug(request, thrown))
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
  }

  /**
   * # Errors
   * - failed-precondition: the address is in use
   * - invalid-argument: the certificate or key is none
   * - permission-denied, internal: the host refuses
   */
  static async open(options: RegistryServerOptions): Promise<RegistryServer> {
    const { host, port } = options.address;
    const server = createServer(options);
    const registry = new RegistryServer(options, server);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, resolve);
      });
    } catch (thrown) {
      await registry[Symbol.asyncDispose]();
      throw listenError(thrown, options.address);
    }
    server.on('error', (error) => options.log.warn('registry', { reason: error.message }));
    return registry;
  }

  /** With the port that it really has: `http://127.0.0.1:5000`. */
  get url(): string {
    // A server that listens on an address has one of these.
    const { address, family, port } = this.#server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return `${this.#options.tls ? 'https' : 'http'}://${host}:${port}`;
  }

  /** Idempotent. Requests under way are broken off, uploads given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await Promise.all(this.#running);
    await this.#store.uploads[Symbol.asyncDispose]();
    this.#store.leases[Symbol.dispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, tellAccess } = this.#options;
    const startedMs = clock.monotonicMs();
    const { socket, method = '', url = '' } = request;
    const { remoteAddress: remote = '' } = socket;
    const ended = new Promise<void>((resolve) => response.once('close', resolve));
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    try {
      await this.#answer(request, response);
    } catch (thrown) {
      await this.#answerError(request, response, thrown);
    }
    if (!response.writableEnded) socket.destroy();
    await ended;
    const before = this.#traffic.get(socket) ?? { bytesRead: 0, bytesWritten: 0 };
    const { bytesRead, bytesWritten } = socket;
    this.#traffic.set(socket, { bytesRead, bytesWritten });
    const isReading = method === 'GET' || method === 'HEAD';
    tellAccess({
      remote,
      method,
      path: url,
      status: response.statusCode,
      bytes: isReading ? bytesWritten - before.bytesWritten : bytesRead - before.bytesRead,
      milliseconds: clock.monotonicMs() - startedMs,
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#admit(request);
    const url = request.url ?? '/';
    const questionMark = url.indexOf('?');
    const path = questionMark < 0 ? url : url.slice(0, questionMark);
    const query = new URLSearchParams(questionMark < 0 ? '' : url.slice(questionMark + 1));
    const endpoint = findEndpoint(request.method ?? '', path, this.#options.isReadOnly);
    await endpoint.handle(new RegistryCall(request, response, { ...endpoint, query }), this.#store);
  }

  /** Errors: UNAUTHORIZED, DENIED. */
  #admit({ headers }: IncomingMessage): void {
    const { auth, address } = this.#options;
    if (headers.origin !== undefined) {
      throw new RegistryError('DENIED', 'pages of the web may not use the registry');
    }
    if (auth) {
      if (auth.accepts(headers.authorization)) return;
      throw new RegistryError('UNAUTHORIZED', 'authentication required', {
        headers: { 'WWW-Authenticate': CHALLENGE },
      });
    }
    // A page whose name was pointed at this machine afterwards would pass for the registry's own.
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    if (!address.isLoopback || isLoopbackHost(host)) return;
    throw new RegistryError(
      'DENIED',
      'a registry on a loopback address without a user is for localhost alone',
    );
  }

  async #answerError(
    request: IncomingMessage,
    response: ServerResponse,
    thrown: unknown,
  ): Promise<void> {
    const error = asRegistryError(thrown);
    if (!error) this.#tellBug(request, thrown);
    // The client has gone, or the head is out: that the connection breaks is all that it can see.
    if (response.headersSent || request.socket.destroyed) {
      request.socket.destroy();
      return;
    }
    const { status, entries, headers } = error ?? new RegistryError('UNKNOWN', 'unknown error');
    const body = Buffer.from(JSON.stringify({ errors: entries }));
    response.writeHead(status, {
      ...headers,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      ...(request.complete ? {} : { Connection: 'close' }),
    });
    if (request.method !== 'HEAD') response.write(body);
    if (!request.complete) await drain(request, this.#options.clock);
    response.end();
  }

  #tellBug({ method, url }: IncomingMessage, thrown: unknown): void {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    this.#options.log.error('bug in the registry', { method, url, stack: stack ?? `${thrown}` });
  }

  #inLine<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#line.then(act);
    this.#line = answer.catch(() => {});
    return answer;
  }
}

function createServer({ tls }: RegistryServerOptions): Server {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // A large blob takes as long as it takes, provided that it keeps coming.
    requestTimeout: 0,
    keepAliveTimeout: IDLE_CONNECTION_MS,
  };
  const server = tls ? createTlsServer(options, tls) : createHttpServer(options);
  server.timeout = IDLE_CONNECTION_MS;
  return server;
}

function createTlsServer(
  options: ServerOptions,
  { certificate, key }: NonNullable<RegistryServerOptions['tls']>,
): Server {
  try {
    const handshakeTimeout = HEADERS_TIMEOUT_MS;
    return createHttpsServer({ ...options, handshakeTimeout, cert: certificate, key });
  } catch (thrown) {
    throw new EngineError('invalid-argument', `invalid certificate or key: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function listenError(thrown: unknown, { host, port }: ListenAddress): EngineError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const options = { cause: thrown };
  if (code === 'EADDRINUSE') {
    const words = `address ${where} is in use already: give another one with --listen`;
    return new EngineError('failed-precondition', words, options);
  }
  if (code === 'EACCES') {
    const words = `permission denied to listen on ${where}: ports below 1024 are root's`;
    return new EngineError('permission-denied', words, options);
  }
  return new EngineError('internal', `cannot listen on ${where}: ${messageOf(thrown)}`, options);
}

/** Lets a client finish what it is sending, so that it reads the answer; within bounds. */
function drain(request: IncomingMessage, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    let leftBytes = MAX_DRAINED_BYTES;
    const timer = clock.startTimer(DRAIN_TIMEOUT_MS, resolve);
    const settle = (): void => {
      timer.cancel();
      resolve();
    };
    request.on('data', (chunk: Buffer) => {
      leftBytes -= chunk.length;
      if (leftBytes < 0) settle();
    });
    request.on('error', settle);
    request.once('end', settle);
    request.once('close', settle);
  });
}
