import type { IncomingMessage } from 'node:http';
import { EngineError } from '../base/engine-error.ts';
import { ConnectionFailure, connectionFailure } from './connection-failure.ts';
import type { Exchange, Patience } from './transport.ts';

/** Less than this in the time of `idleTimeoutMs` is a stall: a trickle holds nobody for years. */
const MIN_BYTES_PER_IDLE_TIME = 1_024;
/** An answer that nobody wants is read this far, for the sake of its connection. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/** The answer to a request. Its body is read once, or discarded. */
export class HttpAnswer {
  readonly status: number;
  readonly #incoming: IncomingMessage;
  readonly #hasBody: boolean;
  readonly #exchange: Exchange;
  readonly #patience: Patience;

  constructor(incoming: IncomingMessage, hasBody: boolean, exchange: Exchange, patience: Patience) {
    this.status = incoming.statusCode ?? 0;
    this.#hasBody = hasBody;
    this.#incoming = incoming;
    this.#exchange = exchange;
    this.#patience = patience;
  }

  /** Where it came from. */
  get url(): URL {
    return this.#exchange.url;
  }

  get statusText(): string {
    return `${this.status} ${this.#incoming.statusMessage ?? ''}`.trim();
  }

  /** `name` in lower case; several of the same name joined by commas. */
  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  /** Undefined when it is not said; of HEAD, what GET would give. */
  get contentLength(): number | undefined {
    const value = this.header('content-length');
    return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  }

  /**
   * The body as it comes. Leaving the loop closes the connection.
   *
   * # Errors
   * ConnectionFailure: it broke, or stalled; EngineError of kind cancelled
   */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const { idleTimeoutMs } = this.#patience;
    const iterator: AsyncIterator<Uint8Array> = this.#incoming[Symbol.asyncIterator]();
    const stalled = `sends next to nothing for ${idleTimeoutMs / 1_000} s`;
    let leftMs = idleTimeoutMs;
    let receivedBytes = 0;
    try {
      for (;;) {
        const startedMs = this.#exchange.monotonicMs;
        // Runs only while we wait: a slow reader is no stall.
        const timer = this.#exchange.startTimer(leftMs, stalled);
        const step = await iterator.next();
        timer.cancel();
        if (step.done === true) return;
        leftMs = Math.max(leftMs - (this.#exchange.monotonicMs - startedMs), 1);
        receivedBytes += step.value.length;
        if (receivedBytes >= MIN_BYTES_PER_IDLE_TIME) {
          leftMs = idleTimeoutMs;
          receivedBytes = 0;
        }
        yield step.value;
      }
    } catch (thrown) {
      if (thrown instanceof EngineError || thrown instanceof ConnectionFailure) throw thrown;
      throw connectionFailure(this.url.host, thrown, true);
    } finally {
      this.#exchange.end();
    }
  }

  /**
   * The whole body.
   *
   * # Errors
   * as `chunks`; invalid-argument when it is larger than the limit, of which no more is read
   */
  async bytes(maxBytes: number, what: string): Promise<Uint8Array> {
    const tooLarge = (): EngineError =>
      new EngineError(
        'invalid-argument',
        `${this.url.host} answers with ${what} of more than ${maxBytes} bytes`,
      );
    if (this.#announcedBytes > maxBytes) {
      this.#exchange.end();
      throw tooLarge();
    }
    const deadlineMs = this.#exchange.monotonicMs + this.#patience.answerTimeoutMs;
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.chunks()) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw tooLarge();
      if (this.#exchange.monotonicMs > deadlineMs) {
        throw new ConnectionFailure(this.url.host, 'answers too slowly', { isTransient: false });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Nobody wants the body. Never throws. */
  async discard(): Promise<void> {
    try {
      if (this.#announcedBytes <= MAX_DISCARDED_BYTES) {
        await this.bytes(MAX_DISCARDED_BYTES, 'a body');
        return;
      }
    } catch {
      // Its connection is closed, which is all that follows from it.
    }
    this.#exchange.end();
  }

  get #announcedBytes(): number {
    return this.#hasBody ? (this.contentLength ?? 0) : 0;
  }
}
