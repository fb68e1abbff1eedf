import { ERRNO } from '../base/errno.ts';

/** Linux's NAME_MAX: what every guest and nearly every host file system holds. */
const MAX_NAME_BYTES = 255;

/** A UTF-16 code unit takes at most this many bytes in UTF-8, so short strings need no counting. */
const MAX_BYTES_PER_CODE_UNIT = 3;

const FORBIDDEN = /[\0/]/;

/** True when `text` takes more than `maxBytes` in UTF-8. */
export function isLongerThan(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  if (text.length * MAX_BYTES_PER_CODE_UNIT <= maxBytes) return false;
  return new TextEncoder().encode(text).length > maxBytes;
}

/**
 * Proves that `name` is one component of a path, so that it cannot lead anywhere but into its
 * directory. Throws ENAMETOOLONG past 255 bytes, else EINVAL.
 */
export function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || FORBIDDEN.test(name)) throw ERRNO.EINVAL;
  if (isLongerThan(name, MAX_NAME_BYTES)) throw ERRNO.ENAMETOOLONG;
}
