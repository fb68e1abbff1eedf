import type { Clock } from '../base/clock.ts';
import { parseJson } from '../base/parse-json.ts';
import { parseChallenges } from './challenge.ts';
import type { HttpAnswer } from './http-answer.ts';
import { parseRetryAfter, TransientFailure } from './retry.ts';

/**
 * A registry (or its token server) said no. The message is Docker's: `code: message`, as
 * `denied: requested access to the resource is denied`.
 */
export class RegistryFault extends Error {
  override readonly name = 'RegistryFault';
  readonly host: string;
  readonly status: number;
  /** Of distribution-spec, "error codes": `MANIFEST_UNKNOWN`; empty when the answer has none. */
  readonly code: string;

  constructor(host: string, status: number, code: string, message: string) {
    super(message);
    this.host = host;
    this.status = status;
    this.code = code;
  }
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_SHOWN = 1_000;
const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/** What a bare status means, in the words that registries use for it. */
const BY_STATUS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  401: ['UNAUTHORIZED', 'authentication required'],
  403: ['DENIED', 'requested access to the resource is denied'],
  405: ['UNSUPPORTED', 'The operation is unsupported.'],
  429: ['TOOMANYREQUESTS', 'too many requests'],
};

/**
 * Reads the answer's body and makes an error of it: a TransientFailure around the RegistryFault
 * when the same request may go well later.
 */
export async function faultOf(answer: HttpAnswer, clock: Clock): Promise<Error> {
  const { host } = answer.url;
  const { status } = answer;
  const text = await bodyText(answer);
  const [code, message] = oauthError(answer) ??
    jsonError(text) ??
    detailsError(status, text) ??
    BY_STATUS[status] ?? ['', `received unexpected HTTP status: ${answer.statusText}`];
  const words = code === '' ? message : `${code.toLowerCase().replaceAll('_', ' ')}: ${message}`;
  const fault = new RegistryFault(host, status, code, printable(words));
  if (!TRANSIENT_STATUSES.has(status)) return fault;
  const retryAfter = answer.header('retry-after');
  return new TransientFailure(
    fault,
    retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, clock.realtimeNs()),
  );
}

async function bodyText(answer: HttpAnswer): Promise<string> {
  try {
    const bytes = await answer.bytes(MAX_BODY_BYTES, 'an error message');
    return new TextDecoder().decode(bytes);
  } catch {
    // The status says enough.
    return '';
  }
}

/** What Bearer's challenge says of it (RFC 6750, section 3.1) counts for more than the body. */
function oauthError(answer: HttpAnswer): readonly [string, string] | undefined {
  const header = answer.header('www-authenticate') ?? '';
  const bearer = parseChallenges(header).find(({ scheme }) => scheme === 'bearer');
  const error = bearer?.parameters.get('error');
  const status = error === 'invalid_token' ? 401 : error === 'insufficient_scope' ? 403 : 0;
  return BY_STATUS[status];
}

/** `{"errors":[{"code","message"}]}`: the first of them. */
function jsonError(text: string): readonly [string, string] | undefined {
  const errors = fieldOf(jsonOf(text), 'errors');
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const code = fieldOf(first, 'code');
  const message = fieldOf(first, 'message');
  if (typeof code !== 'string') return undefined;
  return [code, typeof message === 'string' && message !== '' ? message : code.toLowerCase()];
}

/** `{"details":"incorrect username or password"}`, as token servers have it. */
function detailsError(status: number, text: string): readonly [string, string] | undefined {
  const value = jsonOf(text);
  const details = fieldOf(value, 'details') ?? fieldOf(value, 'message');
  if (typeof details !== 'string') return undefined;
  return [BY_STATUS[status]?.[0] ?? '', details];
}

/** Undefined when it is no JSON: callers say what is missing. */
export function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** A field of what may be an object. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** One line for a terminal, whatever a stranger wrote. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, MAX_SHOWN);
}
