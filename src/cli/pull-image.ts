import type { Writable } from 'node:stream';
import { familiarRepository, parseTagged } from '../spec/reference.ts';
import { MAX_JSON_MESSAGE_BYTES, parseJsonMessage } from '../wire/json-message.ts';
import type { EngineClient } from './engine-client.ts';

/**
 * Lets the daemon pull an image, and shows how it goes.
 *
 * # Errors
 * an Error with what the daemon said in the stream; those of the engine
 */
export async function pullImage(
  engine: EngineClient,
  reference: string,
  output: Writable,
): Promise<void> {
  const response = await engine.stream('POST', '/images/create', {
    query: pullQuery(reference),
  });
  await showProgress(response, (line) => output.write(`${line}\n`));
}

/** Reads progress messages to their end. Errors: an Error for a message that tells one. */
export async function showProgress(
  response: AsyncIterable<Uint8Array>,
  show: (line: string) => void,
): Promise<void> {
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_JSON_MESSAGE_BYTES)
      throw new Error('the daemon sent no progress messages');
    for (const line of lines) {
      const message = parseJsonMessage(line);
      if (message?.error !== undefined) throw new Error(message.error);
      if (message?.status === undefined) continue;
      show(message.id === undefined ? message.status : `${message.id}: ${message.status}`);
    }
  }
}

/** What a registry has under that name, `latest` where it says nothing. */
export function pullQuery(reference: string): { fromImage: string; tag: string } {
  const { repository, tag, digest } = parseTagged(reference);
  return { fromImage: familiarRepository(repository), tag: digest ?? tag ?? '' };
}
