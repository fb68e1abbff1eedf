/**
 * The control plane's error. Its kind decides what every edge answers (HTTP status, CLI exit code);
 * its message is for a person: lower case, no full stop, names the object and the way out.
 *
 * The kinds are containerd's (`errdefs`), so that each has a meaning the field already knows.
 */
export const ERROR_KINDS = [
  'invalid-argument',
  'not-found',
  'already-exists',
  'conflict',
  'failed-precondition',
  'unauthenticated',
  'permission-denied',
  'resource-exhausted',
  'unavailable',
  'cancelled',
  'not-implemented',
  'not-modified',
  'data-loss',
  'internal',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/** The message of anything that was thrown, for a log line or a wrapped error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
