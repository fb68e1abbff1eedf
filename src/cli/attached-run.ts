import type { Duplex } from 'node:stream';
import type { ContainerWaitResponse } from '../wire/container.ts';
import { FrameDecoder } from '../wire/stdcopy.ts';
import { MULTIPLEXED_STREAM } from '../wire/stream-types.ts';
import type { Attachment } from './create-flags.ts';
import type { EngineClient } from './engine-client.ts';
import { type Terminal, writeAll } from './terminal.ts';

/** What goes on to the container, as docker run does with --sig-proxy. */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** So many interrupts in a row mean that the user wants to be gone, whatever the container does. */
const INTERRUPTS_TO_LEAVE = 3;
const EXIT_CODE_OF_LEAVING = 1;

export interface AttachedRunOptions {
  readonly id: string;
  readonly attachment: Attachment;
  readonly isRemovedAtEnd: boolean;
  /** Makes the container run; everything is attached by then. */
  readonly start: () => Promise<void>;
}

/**
 * Attaches to a container, starts it, passes streams and signals, and answers its exit code.
 *
 * # Errors
 * those of `start`, and of the engine
 */
export async function runAttached(
  engine: EngineClient,
  terminal: Terminal,
  { id, attachment, isRemovedAtEnd, start }: AttachedRunOptions,
): Promise<number> {
  const { connection, contentType } = await engine.hijack(`/containers/${id}/attach`, {
    query: { stream: true, ...attachment },
  });
  try {
    const waiting = await engine.stream('POST', `/containers/${id}/wait`, {
      query: { condition: isRemovedAtEnd ? 'removed' : 'next-exit' },
    });
    const output = pumpOutput(connection, contentType, terminal);
    // Before the start: output may be here, and a signal as its answer, before `start` resolves.
    const left = new Promise<number>((resolve) => {
      forwardSignals(engine, terminal, id, () => resolve(EXIT_CODE_OF_LEAVING));
    });
    await start();
    if (attachment.stdin) void pumpInput(terminal, connection);
    const ended = (async () => {
      await output;
      const chunks: Uint8Array[] = [];
      for await (const chunk of waiting) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      if (text === '') throw new Error(`the daemon ended before container ${id.slice(0, 12)} did`);
      return (JSON.parse(text) as ContainerWaitResponse).StatusCode;
    })();
    return await Promise.race([ended, left]);
  } finally {
    connection.destroy();
  }
}

/** Resolves when all output is written. */
async function pumpOutput(
  connection: Duplex,
  contentType: string,
  { stdout, stderr }: Terminal,
): Promise<void> {
  let full: Promise<void> | undefined;
  const decoder = new FrameDecoder((stream, payload) => {
    full = writeAll(stream === 'stderr' ? stderr : stdout, payload) ?? full;
  });
  const isFramed = contentType === MULTIPLEXED_STREAM;
  for await (const chunk of connection) {
    if (isFramed) decoder.feed(chunk);
    else full = writeAll(stdout, chunk);
    if (full) await full;
    full = undefined;
  }
}

async function pumpInput({ stdin }: Terminal, connection: Duplex): Promise<void> {
  connection.on('error', () => stdin.destroy());
  for await (const chunk of stdin) {
    if (!connection.writable) return;
    const hasRoom = writeAll(connection, chunk);
    if (hasRoom) await hasRoom;
  }
  if (connection.writable) connection.end();
}

function forwardSignals(
  engine: EngineClient,
  terminal: Terminal,
  id: string,
  leave: () => void,
): void {
  let interrupts = 0;
  for (const signal of FORWARDED_SIGNALS) {
    terminal.onSignal(signal, () => {
      if (signal === 'SIGINT') interrupts += 1;
      if (interrupts >= INTERRUPTS_TO_LEAVE) {
        terminal.stderr.write(`got ${interrupts} SIGINTs, forcefully exiting\n`);
        leave();
        return;
      }
      // A container that has just ended takes no signal any more.
      engine.call('POST', `/containers/${id}/kill`, { query: { signal } }).catch(() => {});
    });
  }
}
