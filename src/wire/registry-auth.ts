import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';
import { optional, parseBody } from './parse-body.ts';

/** How clients send a registry's credentials along: JSON in base64url. */
export const REGISTRY_AUTH_HEADER = 'X-Registry-Auth';

/** No password or token is near as long; Node takes 16 KiB of headers in all. */
const MAX_HEADER_LENGTH = 16_384;
const text = v.pipe(v.string(), v.maxLength(MAX_HEADER_LENGTH));

/** Docker's `AuthConfig`. Either a name with a password, or one of the tokens; or nothing. */
const registryAuth = v.object({
  username: optional(text),
  password: optional(text),
  /** `username:password` in base64. */
  auth: optional(text),
  serveraddress: optional(text),
  /** To be traded for tokens that do something, as the registry's login handed it out. */
  identitytoken: optional(text),
  registrytoken: optional(text),
});

export type RegistryAuth = v.InferOutput<typeof registryAuth>;

/** `POST /auth` answers it. */
export interface AuthResponse {
  readonly Status: string;
  /** To be kept instead of the password; empty where the registry has no such thing. */
  readonly IdentityToken: string;
}

export function encodeRegistryAuth(auth: RegistryAuth): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64url');
}

/**
 * A header's value; an absent or empty one says nothing. Its words never repeat it: it is a secret.
 *
 * # Errors
 * invalid-argument: no base64 of JSON of this form
 */
export function parseRegistryAuth(header: string | undefined): RegistryAuth {
  if (header === undefined || header === '') return {};
  if (header.length > MAX_HEADER_LENGTH) throw invalid('it is too long');
  let value: unknown;
  try {
    // Clients differ in which alphabet they use, and whether they pad; Node reads all of them.
    value = JSON.parse(Buffer.from(header, 'base64').toString());
  } catch {
    throw invalid('it is no JSON in base64url');
  }
  return value === null ? {} : parseRegistryAuthBody(value);
}

/** # Errors: invalid-argument. */
export function parseRegistryAuthBody(value: unknown): RegistryAuth {
  return parseBody(registryAuth, value);
}

function invalid(reason: string): EngineError {
  return new EngineError('invalid-argument', `invalid ${REGISTRY_AUTH_HEADER} header: ${reason}`);
}
