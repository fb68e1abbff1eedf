import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock, Timer } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import { ConnectionFailure, connectionFailure } from './connection-failure.ts';
import type { HostTrust } from './host-trust.ts';
import { HttpAnswer } from './http-answer.ts';
import { cancelled } from './retry.ts';

/** How long a server may keep us waiting. */
export interface Patience {
  /** Without a byte, in either direction: connecting included. */
  readonly idleTimeoutMs: number;
  /** For the whole of an answer that is held in memory. */
  readonly answerTimeoutMs: number;
  /** For the answer to what was sent: a registry hashes and moves it first. */
  readonly commitTimeoutMs: number;
}

export const DEFAULT_PATIENCE: Patience = {
  idleTimeoutMs: 30_000,
  answerTimeoutMs: 120_000,
  commitTimeoutMs: 300_000,
};

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestBody {
  readonly sizeBytes: number;
  /** From its beginning; called again when the request is sent again. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Told how much of it the connection has taken. */
  readonly progress?: ((sentBytes: number) => void) | undefined;
}

/** Hosts of which is remembered that they are there; forgotten all at once. */
const MAX_REMEMBERED = 1_024;

/**
 * Single HTTP requests: no redirects, no authentication, no retries. Whoever gets an answer reads
 * it to its end or discards it.
 *
 * # Errors
 * ConnectionFailure; EngineError of kind cancelled
 */
export class Transport {
  readonly #trust: HostTrust;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #userAgent: string;
  readonly #answered = new Set<string>();

  constructor(options: {
    readonly trust: HostTrust;
    readonly clock: Clock;
    readonly patience: Patience;
    readonly userAgent: string;
  }) {
    this.#trust = options.trust;
    this.#clock = options.clock;
    this.#patience = options.patience;
    this.#userAgent = options.userAgent;
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { url, body, signal } = request;
    const agent = await this.#trust.agentFor(url);
    if (signal?.aborted) throw cancelled();
    const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const outgoing = start(url, {
      method: request.method,
      agent,
      headers: {
        'user-agent': this.#userAgent,
        // Bytes are hashed and counted as they come.
        'accept-encoding': 'identity',
        ...request.headers,
        ...(body ? { 'content-length': String(body.sizeBytes) } : {}),
      },
    });
    const exchange = new Exchange(outgoing, url, this.#clock, signal);
    exchange.expect(this.#patience.idleTimeoutMs);
    if (body) await this.#sendBody(exchange, outgoing, body);
    else outgoing.end();
    try {
      const incoming = await exchange.answer;
      this.#remember(url.host);
      return new HttpAnswer(incoming, request.method !== 'HEAD', exchange, this.#patience);
    } catch (thrown) {
      exchange.end();
      throw this.#failure(thrown, url, signal);
    }
  }

  /**
   * Ends early when the answer comes early: it is a refusal. A source that takes its time is not
   * held against the server; what it throws is thrown.
   */
  async #sendBody(exchange: Exchange, outgoing: ClientRequest, body: RequestBody): Promise<void> {
    const { idleTimeoutMs, commitTimeoutMs } = this.#patience;
    let sentBytes = 0;
    try {
      for await (const chunk of body.open()) {
        sentBytes += chunk.length;
        if (sentBytes > body.sizeBytes) break;
        if (!outgoing.write(chunk)) await exchange.until('drain', idleTimeoutMs);
        if (exchange.isOver) return;
        exchange.pause();
        body.progress?.(sentBytes);
      }
      if (sentBytes !== body.sizeBytes) {
        throw new EngineError('internal', 'content has another size than it was said to have');
      }
    } catch (thrown) {
      exchange.end();
      throw thrown;
    }
    outgoing.end();
    await exchange.until('finish', idleTimeoutMs);
    exchange.expect(commitTimeoutMs);
  }

  #failure(thrown: unknown, url: URL, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return cancelled();
    if (thrown instanceof EngineError || thrown instanceof ConnectionFailure) return thrown;
    return connectionFailure(url.host, thrown, this.#answered.has(url.host));
  }

  #remember(host: string): void {
    if (this.#answered.size >= MAX_REMEMBERED) this.#answered.clear();
    this.#answered.add(host);
  }
}

/** One request and its answer: what ends them, and when. */
export class Exchange {
  readonly answer: Promise<IncomingMessage>;
  readonly url: URL;
  readonly #outgoing: ClientRequest;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#fail(cancelled());
  #incoming: IncomingMessage | undefined;
  #timer: Timer | undefined;
  #hasFailed = false;

  constructor(outgoing: ClientRequest, url: URL, clock: Clock, signal: AbortSignal | undefined) {
    this.#outgoing = outgoing;
    this.url = url;
    this.#clock = clock;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.answer = new Promise((resolve, reject) => {
      outgoing.once('response', (incoming) => {
        this.#incoming = incoming;
        // Whoever reads it is told; nobody may be reading.
        incoming.on('error', () => {});
        this.#timer?.cancel();
        resolve(incoming);
      });
      // Stays: an error after the answer reaches the answer's reader.
      outgoing.on('error', (error) => {
        this.#hasFailed = true;
        reject(error);
      });
      outgoing.once('close', () => reject(new Error('closed without an answer')));
    });
    // It is awaited when the body has been sent; until then nobody would handle it.
    this.answer.catch(() => {});
  }

  /** Whether there is no use in sending more. */
  get isOver(): boolean {
    return this.#incoming !== undefined || this.#hasFailed || this.#outgoing.destroyed;
  }

  get monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The answer has to begin in this time, or the connection is given up. */
  expect(timeoutMs: number): void {
    this.pause();
    if (!this.isOver) this.startTimer(timeoutMs, `no answer for ${timeoutMs / 1_000} s`);
  }

  /** Nothing is expected for now. */
  pause(): void {
    this.#timer?.cancel();
  }

  /** Gives the connection up after this time, for this reason. */
  startTimer(timeoutMs: number, words: string): Timer {
    this.#timer = this.#clock.startTimer(timeoutMs, () => {
      this.#fail(new ConnectionFailure(this.url.host, words, { isTransient: true }));
    });
    return this.#timer;
  }

  /** Resolves when the request comes so far, in this time, or when it is over. */
  until(event: 'drain' | 'finish', timeoutMs: number): Promise<void> {
    if (this.isOver) return Promise.resolve();
    this.expect(timeoutMs);
    return new Promise((resolve) => {
      const done = (): void => {
        this.#outgoing.off(event, done).off('response', done).off('close', done);
        resolve();
      };
      this.#outgoing.on(event, done).on('response', done).on('close', done);
    });
  }

  /** Idempotent. The connection is kept when both sides have said all. */
  end(): void {
    this.#timer?.cancel();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const isWhole = this.#incoming?.complete === true && this.#outgoing.writableFinished;
    if (!isWhole) this.#outgoing.destroy();
  }

  #fail(reason: Error): void {
    this.#hasFailed = true;
    this.#timer?.cancel();
    this.#incoming?.destroy(reason);
    this.#outgoing.destroy(reason);
  }
}
