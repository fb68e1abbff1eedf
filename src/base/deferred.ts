/**
 * A promise that is settled from outside. `Promise.withResolvers` for the command line, which runs
 * on Node 20, too.
 */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(thrown: unknown): void;
}

export function createDeferred<Value>(): Deferred<Value> {
  let settle: Pick<Deferred<Value>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (!settle) throw new Error('a promise did not run its executor');
  return { promise, ...settle };
}
