import {
  type JsonMessage,
  MAX_JSON_MESSAGE_BYTES,
  parseJsonMessage,
} from '../wire/json-message.ts';
import { ProgressDisplay } from './progress-display.ts';
import type { OutputStream } from './terminal.ts';

/** Shows progress messages to their end. Errors: an Error for a message that tells one. */
export function showProgress(
  response: AsyncIterable<Uint8Array>,
  output: OutputStream,
): Promise<void> {
  const display = new ProgressDisplay(output);
  return readProgress(response, (message) => display.show(message));
}

/** Reads progress messages to their end. Errors: an Error for a message that tells one. */
export async function readProgress(
  response: AsyncIterable<Uint8Array>,
  take: (message: JsonMessage) => void,
): Promise<void> {
  for await (const line of readLines(response, MAX_JSON_MESSAGE_BYTES)) {
    const message = parseJsonMessage(line);
    if (!message) continue;
    if (message.error !== undefined) throw new Error(message.error);
    take(message);
  }
}

/** Errors: an Error for a line that is longer. */
export async function* readLines(
  response: AsyncIterable<Uint8Array>,
  maxLength: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLength) throw new Error('the daemon sent a line that has no end');
    yield* lines;
  }
  if (rest !== '') yield rest;
}
