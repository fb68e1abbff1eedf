import { EngineError } from '../base/engine-error.ts';
import type { Descriptor } from '../spec/manifest.ts';
import { ConnectionFailure } from './connection-failure.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { RegistrySession } from './registry-session.ts';
import { pullScope } from './scope.ts';

/**
 * One request for a blob from `offset` on: its bytes until they end, break or stall. All that is
 * yielded lies within the blob's size.
 *
 * # Errors
 * ConnectionFailure when it ended too early; RegistryFault; invalid-argument when what comes is not
 * as large as the descriptor says, or begins elsewhere than it was asked to
 */
export async function* downloadBlob(
  session: RegistrySession,
  path: string,
  descriptor: Descriptor,
  offset: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size } = descriptor;
  const answer = await session.expect(
    {
      method: 'GET',
      target: `v2/${path}/blobs/${digest}`,
      scopes: [pullScope(path)],
      headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
    },
    [200, 206],
  );
  const start = startOf(answer, descriptor, offset);
  if (start === undefined) {
    await answer.discard();
    const { host } = answer.url;
    throw new EngineError(
      'invalid-argument',
      `${host} answers for ${digest} with ${rangeOf(answer)}`,
    );
  }
  let position = start;
  for await (const chunk of answer.chunks()) {
    const end = position + chunk.length;
    if (end > size) {
      throw new EngineError(
        'invalid-argument',
        `${answer.url.host} sends more of ${digest} than the ${size} bytes that it has`,
      );
    }
    // A server that knows no ranges sends what we have, too.
    if (end > offset) yield position < offset ? chunk.subarray(offset - position) : chunk;
    position = end;
  }
  if (position < size) {
    const words = `ended after ${position} of ${size} bytes of ${digest}`;
    throw new ConnectionFailure(answer.url.host, words, { isTransient: true });
  }
}

/** Where the answer's body begins; undefined when it is not of that blob or leaves out bytes. */
function startOf(answer: HttpAnswer, { size }: Descriptor, offset: number): number | undefined {
  if (answer.status === 200) {
    return answer.contentLength === undefined || answer.contentLength === size ? 0 : undefined;
  }
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(
    answer.header('content-range') ?? '',
  );
  const [, first = '', , total = ''] = range ?? [];
  if (!range || (total !== '*' && Number(total) !== size)) return undefined;
  return Number(first) <= offset ? Number(first) : undefined;
}

function rangeOf(answer: HttpAnswer): string {
  if (answer.status === 200) return `${answer.contentLength} bytes`;
  return `the range ${JSON.stringify(answer.header('content-range') ?? '')}`;
}
