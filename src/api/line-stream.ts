import type { Exchange } from './exchange.ts';

/**
 * Lines that wait for a slow client: a pull tells some five a layer, and no image has more layers
 * than fit.
 */
const MAX_WAITING = 16_384;

/**
 * An answer that is written line by line by somebody who does not wait. The head goes out with the
 * first line.
 */
export class LineStream {
  readonly #exchange: Exchange;
  readonly #waiting: string[] = [];
  #sending: Promise<void> | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** A line that tells how it goes: it is dropped when the client cannot keep up. */
  tell(line: string): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#push(line);
  }

  /** A line that must not be lost; resolves when it is on its way. */
  async say(line: string): Promise<void> {
    this.#push(line);
    await this.#sending;
  }

  /** Resolves when all is sent. */
  async end(): Promise<void> {
    if (!this.#exchange.hasBegun) this.#exchange.begin('application/json');
    await this.#sending;
    this.#exchange.end();
  }

  #push(line: string): void {
    if (!this.#exchange.hasBegun) this.#exchange.begin('application/json');
    this.#waiting.push(line);
    this.#sending ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#exchange.send(this.#waiting.splice(0).join(''));
    // In the same turn in which nothing waits any more: the next line begins anew.
    this.#sending = undefined;
  }
}
