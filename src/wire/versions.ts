import { EngineError } from '../base/engine-error.ts';

/** The version told to clients, who take the lower of it and their own (Docker 28's). */
export const API_VERSION = '1.51';
/** The newest that is let in: what Docker 29's clients speak. */
export const MAX_API_VERSION = '1.55';
export const MIN_API_VERSION = '1.24';

/** Answered with every response; clients read it from `HEAD /_ping`. */
export const API_VERSION_HEADER = 'Api-Version';

export interface VersionedPath {
  /** The version asked for, or `API_VERSION` where the path has none. */
  readonly version: string;
  /** The path without the version, starting with a slash. */
  readonly path: string;
}

/**
 * Splits `/v1.43/containers/json` into version and path.
 *
 * # Errors
 * - invalid-argument: the version is outside of what we speak (Docker's own words)
 */
export function splitVersion(path: string): VersionedPath {
  const match = /^\/v(\d{1,4}\.\d{1,4})(\/.*)$/.exec(path);
  const [, version, rest] = match ?? [];
  if (version === undefined || rest === undefined) return { version: API_VERSION, path };
  if (compareVersions(version, MAX_API_VERSION) > 0) {
    throw new EngineError(
      'invalid-argument',
      `client version ${version} is too new. Maximum supported API version is ${MAX_API_VERSION}`,
    );
  }
  if (compareVersions(version, MIN_API_VERSION) < 0) {
    throw new EngineError(
      'invalid-argument',
      `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  return { version, path: rest };
}

/** Negative when `a` is older than `b`, 0 when they are the same. */
export function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
