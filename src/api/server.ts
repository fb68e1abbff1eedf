import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { EngineError, messageOf } from '../base/engine-error.ts';
import type { Log } from '../base/log.ts';
import { API_VERSION, API_VERSION_HEADER, splitVersion } from '../wire/versions.ts';
import { Exchange } from './exchange.ts';
import { HTTP_STATUS } from './http-status.ts';
import { findRoute, type Route } from './route.ts';

export interface ApiServerOptions {
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly serverName: string;
}

/** Serves the Engine API on a socket of the file system. */
export class ApiServer implements AsyncDisposable {
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ApiServerOptions) {
    this.#options = options;
    // Requests that wait (wait, attach, logs -f) have no deadline; whoever sends a head has a
    // minute for it.
    this.#server = createServer({
      requestTimeout: 0,
      headersTimeout: 60_000,
      keepAliveTimeout: 5_000,
    });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      // Node leaves the answer to us; a response bound to the socket lets routes answer errors as
      // ever.
      const response = new ServerResponse(request);
      response.assignSocket(request.socket);
      // Nobody parses what comes after on this connection: a client must not reuse it for more.
      response.shouldKeepAlive = false;
      response.once('finish', () => socket.end());
      socket.on('error', () => socket.destroy());
      if (head.length > 0) socket.unshift(head);
      void this.#serve(request, response, socket);
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * Listens, for this user alone.
   *
   * # Errors
   * - failed-precondition: another daemon answers on the socket
   * - permission-denied, internal: the host refuses
   */
  async listen(socketPath: string): Promise<void> {
    if (process.platform !== 'win32') {
      mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
      await removeStaleSocket(socketPath);
    }
    // The folder may be open to others; the socket is ours alone from its first moment.
    const umask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(socketPath, resolve);
      });
    } catch (thrown) {
      throw new EngineError('internal', `cannot listen on ${socketPath}: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    } finally {
      process.umask(umask);
    }
    if (process.platform !== 'win32') chmodSync(socketPath, 0o600);
  }

  /** Stops listening and closes what is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    upgraded?: Duplex,
  ): Promise<void> {
    response.setHeader(API_VERSION_HEADER, API_VERSION);
    response.setHeader('Server', this.#options.serverName);
    response.setHeader('Docker-Experimental', 'false');
    response.setHeader('Ostype', 'linux');
    const url = request.url ?? '/';
    const [rawPath = '/', rawQuery = ''] = splitOnce(url, '?');
    const query = new URLSearchParams(rawQuery);
    const nowhere = { query, parameters: [], apiVersion: API_VERSION, upgraded };
    let exchange = new Exchange(request, response, nowhere);
    try {
      const { version: apiVersion, path } = splitVersion(rawPath);
      const found = findRoute(this.#options.routes, request.method ?? 'GET', path);
      if (!found) throw new EngineError('not-found', 'page not found');
      const { parameters } = found;
      exchange = new Exchange(request, response, { query, parameters, apiVersion, upgraded });
      await found.route.handle(exchange);
    } catch (thrown) {
      this.#answerError(exchange, thrown);
    }
  }

  #answerError(exchange: Exchange, thrown: unknown): void {
    const { method, url } = exchange.request;
    const isExpected = thrown instanceof EngineError;
    if (!isExpected) {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      this.#options.log.error('bug in a request', { method, url, stack: stack ?? String(thrown) });
    }
    // The head is out already: all that is left is to break the connection, so that the client sees
    // that something is missing.
    if (exchange.hasBegun) {
      exchange.request.socket.destroy();
      return;
    }
    const status = isExpected ? HTTP_STATUS[thrown.kind] : 500;
    if (status === 304) exchange.empty(304);
    else exchange.json(status, { message: messageOf(thrown) });
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** A socket that nobody answers on is left over from a daemon that was killed. */
async function removeStaleSocket(socketPath: string): Promise<void> {
  const stat = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket()) {
    throw new EngineError(
      'failed-precondition',
      `${socketPath} is there already and is no socket: remove it, or give another --host`,
    );
  }
  if (await answers(socketPath)) {
    throw new EngineError(
      'failed-precondition',
      `another daemon listens on ${socketPath}: stop it with 'wolffia system stop', or give another --host`,
    );
  }
  rmSync(socketPath, { force: true });
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (isAnswered: boolean) => (): void => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.once('connect', settle(true));
    socket.once('error', settle(false));
  });
}
