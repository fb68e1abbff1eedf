import type { Clock, Timer } from '../../base/clock.ts';
import type { Lease, Leases } from '../../image/leases.ts';
import type { Digest } from '../../spec/digest.ts';

/** A push sends blob by blob, the manifest last: so long may it take between the two, at least. */
const HOLD_MS = 15 * 60 * 1000;

/**
 * Keeps what clients have just sent, or were told to be here, from being removed as content that no
 * image needs: each for one to two times `HOLD_MS`. Two leases take turns, so that it costs one
 * timer however much is held.
 */
export class PushLeases implements Disposable {
  readonly #leases: Leases;
  readonly #clock: Clock;
  #current: Lease;
  #previous: Lease;
  #turn: Timer | undefined;

  constructor(leases: Leases, clock: Clock) {
    this.#leases = leases;
    this.#clock = clock;
    this.#current = leases.take();
    this.#previous = leases.take();
  }

  /** For somebody who needs content for the time of a request. */
  take(): Lease {
    return this.#leases.take();
  }

  /** Of what is here. Idempotent. */
  hold(digest: Digest): void {
    this.#current.hold(digest);
    this.#turn ??= this.#clock.startTimer(HOLD_MS, () => this.#rotate());
  }

  release(digest: Digest): void {
    this.#current.release(digest);
    this.#previous.release(digest);
  }

  [Symbol.dispose](): void {
    this.#turn?.cancel();
    this.#current[Symbol.dispose]();
    this.#previous[Symbol.dispose]();
  }

  #rotate(): void {
    this.#previous[Symbol.dispose]();
    this.#previous = this.#current;
    this.#current = this.#leases.take();
    const isEmpty = this.#previous.isEmpty;
    this.#turn = isEmpty ? undefined : this.#clock.startTimer(HOLD_MS, () => this.#rotate());
  }
}
