import type { ErrorKind } from '../base/engine-error.ts';

/**
 * The one place where an error's kind becomes an HTTP status, as Docker's daemon maps the same
 * kinds.
 */
export const HTTP_STATUS = {
  'invalid-argument': 400,
  'not-found': 404,
  'already-exists': 409,
  conflict: 409,
  'failed-precondition': 409,
  unauthenticated: 401,
  'permission-denied': 403,
  'resource-exhausted': 503,
  unavailable: 503,
  cancelled: 499,
  'not-implemented': 501,
  'not-modified': 304,
  'data-loss': 500,
  internal: 500,
} as const satisfies Record<ErrorKind, number>;
