import type { Clock } from '../base/clock.ts';
import type { ContainerId } from '../engine/container-id.ts';
import { isLive } from '../engine/container-state.ts';
import type { Engine } from '../engine/engine.ts';
import type { ContainerStatsResponse } from '../wire/container-usage.ts';
import type { Exchange } from './exchange.ts';
import {
  idleStatsResponse,
  type Machine,
  NO_SAMPLE,
  type StatsSample,
  statsResponse,
  takeSample,
} from './usage-views.ts';

/** As Docker's: a second between samples. */
const INTERVAL_MS = 1_000;

/**
 * `GET /containers/{id}/stats`.
 *
 * As a stream: an answer a second until the client goes or the container is removed; while it does
 * not run, an empty one. Else one answer: after two samples a second apart, so that clients can
 * tell its share of the CPU, or after one with `one-shot`.
 */
export async function sendStats(
  exchange: Exchange,
  engine: Engine,
  machine: Machine,
): Promise<void> {
  const { id, state } = engine.containers.find(exchange.parameter(0));
  const sampler = new StatsSampler(engine, machine, id);
  if (!exchange.flagOr('stream', true)) {
    if (!exchange.flag('one-shot') && isLive(state)) {
      await sampler.next();
      await pause(engine.clock, exchange.gone);
    }
    const answer = await sampler.next();
    if (answer) exchange.json(200, answer);
    else exchange.json(404, { message: `No such container: ${id}` });
    return;
  }
  exchange.begin('application/json');
  for (;;) {
    const answer = await sampler.next();
    if (!answer || exchange.gone.aborted) break;
    await exchange.send(`${JSON.stringify(answer)}\n`);
    await pause(engine.clock, exchange.gone);
  }
  exchange.end();
}

/** Samples of one container; each tells the one before it, too. */
class StatsSampler {
  readonly #engine: Engine;
  readonly #machine: Machine;
  readonly #id: ContainerId;
  #previous: StatsSample = NO_SAMPLE;

  constructor(engine: Engine, machine: Machine, id: ContainerId) {
    this.#engine = engine;
    this.#machine = machine;
    this.#id = id;
  }

  /** Undefined when the container is gone. */
  async next(): Promise<ContainerStatsResponse | undefined> {
    const { containers, lifecycle, clock } = this.#engine;
    const usage = await lifecycle.usageOf(this.#id);
    if (!containers.has(this.#id)) return undefined;
    const record = containers.get(this.#id);
    if (!usage || !isLive(record.state)) {
      this.#previous = NO_SAMPLE;
      return idleStatsResponse(record);
    }
    const previous = this.#previous;
    this.#previous = takeSample(usage, clock.realtimeNs(), this.#machine);
    return statsResponse(record, usage, this.#previous, previous, this.#machine);
  }
}

/** Resolves after the interval, or when the client goes. */
function pause(clock: Clock, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      timer.cancel();
      gone.removeEventListener('abort', settle);
      resolve();
    };
    const timer = clock.startTimer(INTERVAL_MS, settle);
    gone.addEventListener('abort', settle);
    if (gone.aborted) settle();
  });
}
