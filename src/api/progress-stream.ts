import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/engine-error.ts';
import type { Progress } from '../image/contract.ts';
import {
  encodeJsonMessage,
  errorMessage,
  type JsonMessage,
  progressMessage,
} from '../wire/json-message.ts';
import type { Exchange } from './exchange.ts';
import { LineStream } from './line-stream.ts';

/** No eye sees more of a bar. */
const BAR_INTERVAL_MS = 100;

/**
 * An answer that tells how something goes while it does, as Docker's clients show it. What fails
 * before there was anything to tell is answered with its status; what fails later is the last line.
 */
export class ProgressStream {
  readonly #exchange: Exchange;
  readonly #lines: LineStream;
  readonly #clock: Clock;
  readonly #lastBars = new Map<string, { readonly status: string; readonly shownMs: number }>();

  constructor(exchange: Exchange, clock: Clock) {
    this.#exchange = exchange;
    this.#lines = new LineStream(exchange);
    this.#clock = clock;
  }

  /** Runs `act`, and ends the answer with what became of it. */
  async run(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      if (!this.#exchange.hasBegun) throw thrown;
      await this.say(errorMessage(messageOf(thrown)));
    }
    await this.#lines.end();
  }

  /** For whoever does the work: never waits. */
  readonly tell = ({ id, status, current, total }: Progress): void => {
    if (id === undefined) {
      this.#lines.tell(encodeJsonMessage({ status }));
      return;
    }
    const isBar = current !== undefined && current !== total;
    if (isBar && !this.#isDue(id, status)) return;
    this.#lines.tell(encodeJsonMessage(progressMessage(id, status, { current, total })));
  };

  /** What must not be lost: how things end. */
  async say(...messages: readonly JsonMessage[]): Promise<void> {
    await this.#lines.say(messages.map(encodeJsonMessage).join(''));
  }

  #isDue(id: string, status: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const last = this.#lastBars.get(id);
    if (last?.status === status && nowMs - last.shownMs < BAR_INTERVAL_MS) return false;
    this.#lastBars.set(id, { status, shownMs: nowMs });
    return true;
  }
}
