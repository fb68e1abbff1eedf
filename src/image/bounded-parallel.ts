import { EngineError } from '../base/engine-error.ts';

/**
 * Does the same to each item, at most so many at a time, begun in order; answers the results in
 * order. The first failure aborts the others, and is thrown when all have ended: nothing goes on
 * behind its caller's back.
 */
export async function inOrder<Item, Result>(
  items: readonly Item[],
  maxAtOnce: number,
  signal: AbortSignal | undefined,
  act: (item: Item, index: number, signal: AbortSignal) => Promise<Result>,
): Promise<readonly Result[]> {
  const failure = new AbortController();
  const either = AbortSignal.any(signal ? [signal, failure.signal] : [failure.signal]);
  const results: Result[] = [];
  let first: { readonly thrown: unknown } | undefined;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !either.aborted) {
      const index = next++;
      const item = items[index];
      if (item === undefined) return;
      try {
        results[index] = await act(item, index, either);
      } catch (thrown) {
        first ??= { thrown };
        failure.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxAtOnce, items.length) }, worker));
  if (first) throw first.thrown;
  if (signal?.aborted) throw new EngineError('cancelled', 'stopped: whoever asked for it has gone');
  return results;
}
