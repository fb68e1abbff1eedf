import { EngineError, type ErrorKind } from '../base/engine-error.ts';
import { parseDigest } from '../spec/digest.ts';
import { familiarName, familiarRepository } from '../spec/reference.ts';
import { ConnectionFailure } from './connection-failure.ts';
import { RegistryFault } from './registry-fault.ts';
import { TransientFailure } from './retry.ts';

/** What was being done when it failed. */
export type Doing =
  | { readonly kind: 'pull'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'pull-blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'push'; readonly repository: string }
  | { readonly kind: 'list-tags'; readonly repository: string }
  | { readonly kind: 'search'; readonly registry: string }
  | { readonly kind: 'log-in'; readonly registry: string };

/** What callers of the registry client get to see. What is no failure of a registry stays. */
export function engineErrorOf(thrown: unknown, doing: Doing): unknown {
  if (thrown instanceof TransientFailure) return engineErrorOf(thrown.cause, doing);
  if (thrown instanceof ConnectionFailure) {
    const words = `${subjectOf(doing)}: ${thrown.host}: ${thrown.message}`;
    return new EngineError('unavailable', words, { cause: thrown });
  }
  if (!(thrown instanceof RegistryFault)) return thrown;
  return new EngineError(kindOf(thrown), messageFor(thrown, doing), { cause: thrown });
}

function kindOf({ status, code }: RegistryFault): ErrorKind {
  if (status === 404) return 'not-found';
  if (code === 'DENIED' || status === 403) return 'permission-denied';
  if (status === 401) return 'unauthenticated';
  return status === 429 || status >= 500 ? 'unavailable' : 'invalid-argument';
}

/** The words of Docker's daemon. */
function messageFor(fault: RegistryFault, doing: Doing): string {
  const isDenied = fault.status === 401 || fault.status === 403;
  switch (doing.kind) {
    case 'pull':
    case 'pull-blob': {
      const name = familiarRepository(doing.repository);
      if (isDenied) {
        return `pull access denied for ${name}, repository does not exist or may require 'docker login': ${fault.message}`;
      }
      if (fault.code === 'NAME_UNKNOWN') return `repository ${name} not found: ${fault.message}`;
      if (fault.status === 404) {
        return doing.kind === 'pull'
          ? `manifest for ${nameOf(doing)} not found: ${knownOr(fault, 'manifest unknown: manifest unknown')}`
          : `blob ${doing.digest} of ${name} not found: ${knownOr(fault, 'blob unknown: blob unknown to registry')}`;
      }
      break;
    }
    case 'log-in':
      return isDenied
        ? `login attempt to ${doing.registry} failed: ${fault.message}`
        : `${subjectOf(doing)}: ${wordsOf(fault)}`;
    default:
      if (isDenied && fault.code !== '') return fault.message;
  }
  return fault.code === 'TOOMANYREQUESTS'
    ? fault.message
    : `${subjectOf(doing)}: ${wordsOf(fault)}`;
}

/** A bare 404 has no words of its own. */
function knownOr(fault: RegistryFault, words: string): string {
  return fault.code === '' ? words : fault.message;
}

function wordsOf(fault: RegistryFault): string {
  return fault.message.includes(fault.host) ? fault.message : `${fault.host}: ${fault.message}`;
}

function subjectOf(doing: Doing): string {
  switch (doing.kind) {
    case 'pull':
      return `cannot pull ${nameOf(doing)}`;
    case 'pull-blob':
      return `cannot pull ${familiarRepository(doing.repository)}`;
    case 'push':
      return `cannot push to ${familiarRepository(doing.repository)}`;
    case 'list-tags':
      return `cannot list the tags of ${familiarRepository(doing.repository)}`;
    case 'search':
      return `cannot search ${doing.registry}`;
    case 'log-in':
      return `cannot log in to ${doing.registry}`;
  }
}

/** `python:3`, or `python@sha256:…` */
function nameOf({ repository, reference }: Extract<Doing, { kind: 'pull' }>): string {
  const digest = parseDigest(reference);
  return familiarName({ repository, ...(digest ? { digest } : { tag: reference }) });
}
