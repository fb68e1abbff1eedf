import * as v from 'valibot';

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
  /** Text for the terminal as it is (builds). */
  stream: v.optional(v.string()),
  error: v.optional(v.string()),
  errorDetail: v.optional(v.object({ message: v.string(), code: v.optional(v.number()) })),
});

export type JsonMessage = v.InferOutput<typeof jsonMessage>;

/** A line longer than this is no progress message. */
export const MAX_JSON_MESSAGE_BYTES = 64 * 1024;

export function encodeJsonMessage(message: JsonMessage): string {
  return `${JSON.stringify(message)}\r\n`;
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
