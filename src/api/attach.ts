import { EngineError } from '../base/engine-error.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import type { Engine } from '../engine/engine.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../wire/detach-keys.ts';
import { streamContentType } from '../wire/stream-types.ts';
import type { Exchange } from './exchange.ts';
import { HijackedStream, type WantedStreams } from './hijacked-stream.ts';

/**
 * `POST /containers/{id}/attach`.
 *
 * The connection is taken over at once, also before the container starts (again). With `logs` what it wrote
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
  // Without a terminal any bytes may be input, and no keys.
  const keys = exchange.query.get('detachKeys') || DEFAULT_DETACH_KEYS;
  const detachKeys = parseDetachKeys(config.hasTerminal ? keys : '');
  const wants = {
    stdin: exchange.flag('stdin') && exchange.flag('stream') && config.opensStdin,
    stdout: exchange.flag('stdout'),
    stderr: exchange.flag('stderr'),
  };
  const contentType = streamContentType(config.hasTerminal, exchange.apiVersion);
  const client = new HijackedStream(exchange.hijack(contentType), config.hasTerminal, wants);
  if (exchange.flag('stream')) {
    let replay: Promise<void> | undefined;
    const leave = engine.lifecycle.outputOf(id).add({
      write: (stream, bytes) =>
        replay ? replay.then(() => client.send(stream, bytes)) : client.send(stream, bytes),
      end: () => client.end(),
    });
    client.gone.addEventListener('abort', leave);
    // A terminal has no end of input, and a client that goes away may come back.
    const closesStdin = config.closesStdinOnce && !config.hasTerminal;
    void client.forwardInput(engine.lifecycle.nextTask(id), { detachKeys, closesStdin });
    if (exchange.flag('logs')) {
      const done = (): void => {
        replay = undefined;
      };
      // A log that cannot be read breaks the connection, and holds nobody up.
      replay = replayLog(engine, record, wants, client).then(done, () => {
        done();
        client.end();
      });
    }
    return;
  }
  if (exchange.flag('logs')) await replayLog(engine, record, wants, client);
  client.end();
}

async function replayLog(
  engine: Engine,
  { id }: ContainerRecord,
  { stdout, stderr }: WantedStreams,
  client: HijackedStream,
): Promise<void> {
  const selection = { stdout, stderr, sinceNs: undefined, untilNs: undefined };
  const options = { tail: undefined, follow: false, signal: client.gone };
  for await (const { stream, bytes } of engine.readLog(id, selection, options)) {
    if (client.gone.aborted) return;
    await client.send(stream, bytes);
  }
}
