import type { Duplex } from 'node:stream';
import { EngineError } from '../base/engine-error.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import type { Engine } from '../engine/engine.ts';
import type { OutputStream } from '../runtime/contract.ts';
import { frameHeader } from '../wire/stdcopy.ts';
import { streamContentType } from '../wire/stream-types.ts';
import type { Exchange } from './exchange.ts';

/** A piece of output as it goes over the connection. */
export function framed(isRaw: boolean, stream: OutputStream, bytes: Uint8Array): Uint8Array[] {
  return isRaw ? [bytes] : [frameHeader(stream, bytes.length), bytes];
}

/**
 * `POST /containers/{id}/attach`.
 *
 * The connection is taken over at once, also before the container starts. With `logs` what it wrote
 * so far comes first; what it writes meanwhile waits, and with it the container, so that nothing is
 * lost or told twice. A client that does not read slows the container, as in Docker; one that goes
 * away is forgotten.
 */
export async function attach(
  exchange: Exchange,
  engine: Engine,
  record: ContainerRecord,
): Promise<void> {
  const { id, config, state } = record;
  if (state.status === 'paused') {
    throw new EngineError(
      'conflict',
      `container ${exchange.parameter(0)} is paused, unpause the container before attach`,
    );
  }
  const wants = {
    stdin: exchange.flag('stdin'),
    stdout: exchange.flag('stdout'),
    stderr: exchange.flag('stderr'),
  };
  const connection = exchange.hijack(streamContentType(config.hasTerminal, exchange.apiVersion));
  const gone = new AbortController();
  connection.once('close', () => gone.abort());
  // A broken connection is a closed one; 'close' follows.
  connection.on('error', () => connection.destroy());
  const send = (stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined =>
    wants[stream]
      ? writeAll(connection, framed(config.hasTerminal, stream, bytes), gone.signal)
      : undefined;

  let replay: Promise<void> = Promise.resolve();
  if (exchange.flag('stream')) {
    let isReplaying = exchange.flag('logs');
    const leave = engine.lifecycle.outputOf(id).add({
      write: (stream, bytes) =>
        isReplaying ? replay.then(() => send(stream, bytes)) : send(stream, bytes),
      end: () => connection.end(),
    });
    gone.signal.addEventListener('abort', leave);
    if (wants.stdin && config.opensStdin)
      void forwardInput(connection, engine, record, gone.signal);
    else connection.resume();
    if (isReplaying) {
      replay = replayLog(engine, record, wants, send, gone.signal).then(() => {
        isReplaying = false;
      });
    }
    // Attached to a container that is over: there is nothing to wait for.
    if (engine.containers.get(id).state.status === 'exited')
      void replay.then(() => connection.end());
    return;
  }
  if (exchange.flag('logs')) await replayLog(engine, record, wants, send, gone.signal);
  connection.end();
}

async function replayLog(
  engine: Engine,
  { id }: ContainerRecord,
  wants: { readonly stdout: boolean; readonly stderr: boolean },
  send: (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const selection = { ...wants, sinceNs: undefined, untilNs: undefined };
  const options = { tail: undefined, follow: false, signal };
  for await (const { stream, bytes } of engine.readLog(id, selection, options)) {
    if (signal.aborted) return;
    await send(stream, bytes);
  }
}

/** Passes what the client sends to the container, as fast as the container takes it. */
async function forwardInput(
  connection: Duplex,
  engine: Engine,
  { id, config }: ContainerRecord,
  gone: AbortSignal,
): Promise<void> {
  connection.pause();
  const task = await engine.lifecycle.nextTask(id);
  if (!task || gone.aborted) return;
  connection.on('data', (chunk: Uint8Array) => {
    connection.pause();
    void task.writeStdin(chunk).then(() => connection.resume());
  });
  // A client that only half closes has said all, and still listens.
  const finish = (): void => {
    if (config.closesStdinOnce) task.closeStdin();
  };
  connection.once('end', finish);
  connection.once('close', finish);
  connection.resume();
}

/**
 * Resolves when the connection takes more, or is gone; answers nothing when it takes more already.
 */
function writeAll(
  connection: Duplex,
  parts: readonly Uint8Array[],
  gone: AbortSignal,
): Promise<void> | undefined {
  if (gone.aborted || !connection.writable) return undefined;
  connection.cork();
  let hasRoom = true;
  for (const part of parts) hasRoom = connection.write(part);
  connection.uncork();
  if (hasRoom) return undefined;
  return new Promise((resolve) => {
    const settle = (): void => {
      connection.off('drain', settle);
      gone.removeEventListener('abort', settle);
      resolve();
    };
    connection.once('drain', settle);
    gone.addEventListener('abort', settle);
  });
}
