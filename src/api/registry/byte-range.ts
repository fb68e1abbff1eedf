/** Both ends are part of it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What a `Range` header asks for of so many bytes (RFC 9110, section 14). Undefined when everything
 * is to be sent: there is none, it is of another unit, or it wants several ranges at once.
 */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (!found) return undefined;
  const [, from = '', to = ''] = found;
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const suffixBytes = Math.min(Number(to), sizeBytes);
    return suffixBytes === 0
      ? 'unsatisfiable'
      : { first: sizeBytes - suffixBytes, last: sizeBytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  return first > last ? 'unsatisfiable' : { first, last };
}

/**
 * What the `Content-Range` of an upload's chunk says (OCI distribution-spec, "Pushing a blob in
 * chunks": no unit, no total). Undefined when it says nothing that makes sense.
 */
export function parseChunkRange(header: string): ByteRange | undefined {
  const found = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(header.trim());
  if (!found) return undefined;
  const [first, last] = [Number(found[1]), Number(found[2])];
  return first > last ? undefined : { first, last };
}
