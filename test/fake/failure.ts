import { EngineError } from '../../src/base/engine-error.ts';

/** The EngineError that a promise fails by; anything else is a failure of the test. */
export async function failure(promise: Promise<unknown>): Promise<EngineError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown;
    throw thrown;
  }
  throw new Error('did not fail');
}
