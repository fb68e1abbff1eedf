import { EngineError } from '../base/engine-error.ts';

/** Versions of the Engine API: what we say we speak, and what we take. */
export const API_VERSION = '1.51';
export const MIN_API_VERSION = '1.24';
const MAX_ACCEPTED = '1.55';

/**
 * Takes the version off a path: `/v1.45/containers/json` → `/containers/json`. Paths without one are of our own version.
 *
 * # Errors
 * invalid-argument in Docker's words, when the version is older or newer than what is accepted.
 */
export function stripVersion(path: string): string {
  const found = /^\/v(\d+)\.(\d+)(\/.*)$/.exec(path);
  if (!found) return path;
  const [, major, minor, rest] = found;
  const version = `${major}.${minor}`;
  if (compareVersions(version, MIN_API_VERSION) < 0) {
    throw new EngineError(
      'invalid-argument',
      `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (compareVersions(version, MAX_ACCEPTED) > 0) {
    throw new EngineError(
      'invalid-argument',
      `client version ${version} is too new. Maximum supported API version is ${MAX_ACCEPTED}`,
    );
  }
  return rest ?? '/';
}

function compareVersions(one: string, other: string): number {
  const [majorOne = 0, minorOne = 0] = one.split('.').map(Number);
  const [majorOther = 0, minorOther = 0] = other.split('.').map(Number);
  return majorOne - majorOther || minorOne - minorOther;
}
