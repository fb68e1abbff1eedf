import * as v from 'valibot';
import { progressBar } from './progress-bar.ts';

/**
 * Progress as Docker's clients show it: one JSON object a line (`application/json`), over a
 * response that has status 200 long before it is known how things end. A failure is the last line,
 * with `error`.
 */
const jsonMessage = v.object({
  status: v.optional(v.string()),
  /**
   * What the status is about (a layer, a file); later lines of the same id replace earlier ones.
   */
  id: v.optional(v.string()),
  progressDetail: v.optional(
    v.object({ current: v.optional(v.number()), total: v.optional(v.number()) }),
  ),
  /** The same as a bar, for clients that draw none. */
  progress: v.optional(v.string()),
  /** Text for the terminal as it is (builds, loads). */
  stream: v.optional(v.string()),
  /** For programs: never shown. */
  aux: v.optional(v.unknown()),
  error: v.optional(v.string()),
  errorDetail: v.optional(v.object({ message: v.string(), code: v.optional(v.number()) })),
});

export type JsonMessage = v.InferOutput<typeof jsonMessage>;

/** A line longer than this is no progress message. */
export const MAX_JSON_MESSAGE_BYTES = 64 * 1024;

/** What Docker's daemon draws for: it does not know its clients' terminals. */
const ASSUMED_WIDTH = 200;

export function encodeJsonMessage(message: JsonMessage): string {
  return `${JSON.stringify(message)}\r\n`;
}

/** A line about the thing with that id; `detail` is empty where there is nothing to count. */
export function progressMessage(
  id: string,
  status: string,
  detail: { readonly current?: number | undefined; readonly total?: number | undefined },
): JsonMessage {
  const { current, total } = detail;
  const progress = progressBar(detail, ASSUMED_WIDTH);
  return {
    status,
    progressDetail: {
      ...(current === undefined ? {} : { current }),
      ...(total === undefined ? {} : { total }),
    },
    ...(progress === '' ? {} : { progress }),
    id,
  };
}

export function errorMessage(text: string): JsonMessage {
  return { errorDetail: { message: text }, error: text };
}

/** One line as a message; undefined when it is none. */
export function parseJsonMessage(line: string): JsonMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not JSON: the caller decides what a stray line means.
    return undefined;
  }
  const result = v.safeParse(jsonMessage, value);
  return result.success ? result.output : undefined;
}
