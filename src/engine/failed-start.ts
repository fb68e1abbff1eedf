import { EngineError } from '../base/engine-error.ts';

/**
 * The exit code of a program that did not start, as Docker has it: 127 when there is no such
 * program, 126 when it cannot be run, 128 for everything else.
 */
export function exitCodeOfFailedStart(thrown: unknown): number {
  if (!(thrown instanceof EngineError)) return 128;
  if (thrown.kind === 'not-found') return 127;
  return thrown.kind === 'permission-denied' || thrown.kind === 'invalid-argument' ? 126 : 128;
}
