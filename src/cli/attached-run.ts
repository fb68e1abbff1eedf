import type { ContainerWaitResponse } from '../wire/container.ts';
import { AttachedStreams } from './attached-streams.ts';
import type { Attachment } from './create-flags.ts';
import type { EngineClient } from './engine-client.ts';
import type { Terminal } from './terminal.ts';
import { followWindow } from './window-follower.ts';

/** What goes on to the container, as docker run does with --sig-proxy. */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** So many interrupts in a row mean that the user wants to be gone, whatever the container does. */
const INTERRUPTS_TO_LEAVE = 3;
const EXIT_CODE_OF_LEAVING = 1;

export interface AttachedRunOptions {
  readonly id: string;
  readonly attachment: Attachment;
  readonly hasTerminal: boolean;
  readonly isRemovedAtEnd: boolean;
  readonly detachKeys: string;
  /** Whether signals to us are for the container; with a terminal it gets them as keys. */
  readonly proxiesSignals: boolean;
  /** Makes the container run; everything is attached by then. */
  readonly start: () => Promise<void>;
}

/**
 * Attaches to a container, starts it, passes streams and signals, and answers its exit code.
 *
 * # Errors
 * those of `start`, and of the engine; DetachedError when the user leaves it by the keys
 */
export async function runAttached(
  engine: EngineClient,
  terminal: Terminal,
  options: AttachedRunOptions,
): Promise<number> {
  const { id, attachment, hasTerminal, detachKeys } = options;
  const connection = await engine.hijack(`/containers/${id}/attach`, {
    query: { stream: true, ...attachment, detachKeys },
  });
  using streams = new AttachedStreams(terminal, connection, {
    takesInput: attachment.stdin,
    hasTerminal,
    detachKeys,
  });
  const waiting = await engine.stream('POST', `/containers/${id}/wait`, {
    query: { condition: options.isRemovedAtEnd ? 'removed' : 'next-exit' },
  });
  // Before the start: output may be here, and a signal as its answer, before `start` resolves.
  const left = new Promise<number>((resolve) => {
    if (!options.proxiesSignals || hasTerminal) return;
    streams.onDispose(forwardSignals(engine, terminal, id, () => resolve(EXIT_CODE_OF_LEAVING)));
  });
  await options.start();
  if (hasTerminal) streams.onDispose(followWindow(engine, terminal, `/containers/${id}`));
  streams.beginInput();
  const ended = (async () => {
    await streams.ended;
    const chunks: Uint8Array[] = [];
    for await (const chunk of waiting) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (text === '') throw new Error(`the daemon ended before container ${id.slice(0, 12)} did`);
    return (JSON.parse(text) as ContainerWaitResponse).StatusCode;
  })();
  return await Promise.race([ended, left]);
}

/** Until the answer is called. */
function forwardSignals(
  engine: EngineClient,
  terminal: Terminal,
  id: string,
  leave: () => void,
): () => void {
  let interrupts = 0;
  const stops = FORWARDED_SIGNALS.map((signal) =>
    terminal.onSignal(signal, () => {
      if (signal === 'SIGINT') interrupts += 1;
      if (interrupts >= INTERRUPTS_TO_LEAVE) {
        terminal.stderr.write(`got ${interrupts} SIGINTs, forcefully exiting\n`);
        leave();
        return;
      }
      // A container that has just ended takes no signal any more.
      engine.call('POST', `/containers/${id}/kill`, { query: { signal } }).catch(() => {});
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
