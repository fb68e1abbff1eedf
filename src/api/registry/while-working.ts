import type { Clock, Timer } from '../../base/clock.ts';
import type { RegistryCall } from './registry-call.ts';

/** A connection on which nothing happens for so long is closed. */
export const IDLE_CONNECTION_MS = 60_000;

/** When somebody who waits is told that it goes on; Go's clients bear no more than five times. */
const WORDS_AFTER_MS = [10_000, 20_000, 60_000, 300_000];

/**
 * Does something that takes its time before a request is answered: the connection is not idle
 * meanwhile, and the client hears of it (102, Processing), so that it does not give up.
 */
export async function whileWorking<Answer>(
  { request, response }: RegistryCall,
  clock: Clock,
  act: () => Promise<Answer>,
): Promise<Answer> {
  let timer: Timer | undefined;
  let count = 0;
  const arm = (): void => {
    const delayMs = WORDS_AFTER_MS[count];
    if (delayMs === undefined) return;
    timer = clock.startTimer(delayMs, () => {
      count += 1;
      response.writeProcessing();
      arm();
    });
  };
  request.socket.setTimeout(0);
  arm();
  try {
    return await act();
  } finally {
    timer?.cancel();
    request.socket.setTimeout(IDLE_CONNECTION_MS);
  }
}
