import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './contract.ts';
import type { Endpoint } from './endpoints.ts';
import type { HostTrust } from './host-trust.ts';
import type { HttpAnswer } from './http-answer.ts';
import { faultOf, fieldOf, jsonOf, RegistryFault } from './registry-fault.ts';
import { mergeScopes } from './scope.ts';
import type { HttpRequest, Transport } from './transport.ts';

/** Who asks a registry for what. */
export interface Asker {
  readonly endpoint: Endpoint;
  /** `repository:library/python:pull` … */
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What is shown to a registry. */
export interface Token {
  /** The header's value: `Bearer …`, `Basic …`. */
  readonly authorization: string;
  readonly identityToken?: string;
}

interface CachedToken {
  readonly authorization: string;
  readonly expiresMs: number;
}

const CLIENT_ID = 'wolffia';
/** What a token server says no lifetime for (and no less, as Docker has it). */
const MIN_LIFETIME_S = 60;
const MAX_LIFETIME_S = 24 * 3_600;
/** Not used any more so shortly before its end: requests take time. */
const LEEWAY_MS = 10_000;
/** Tokens kept; beyond them the oldest goes, and is asked for again when it is needed. */
const MAX_TOKENS = 512;
/** Tokens name all that they allow: some are several KiB long. */
const MAX_TOKEN_BYTES = 256 * 1024;

/**
 * Answers registries' challenges. Credentials go to the registry (Basic) or to the token server
 * that it names (Bearer), and tokens to the registry.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export class Authenticator {
  readonly #transport: Transport;
  readonly #trust: HostTrust;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, CachedToken>();

  constructor(transport: Transport, trust: HostTrust, clock: Clock) {
    this.#transport = transport;
    this.#trust = trust;
    this.#clock = clock;
  }

  /** What the same asker was given before, while it is good. */
  cached(asker: Asker): string | undefined {
    const { registryToken } = asker.credentials ?? {};
    if (registryToken) return `Bearer ${registryToken}`;
    const token = this.#tokens.get(keyOf(asker));
    return token && token.expiresMs > this.#clock.monotonicMs() ? token.authorization : undefined;
  }

  /**
   * What to show instead of what was refused; undefined when there is nothing. `isLogin`: asks for
   * an identity token, too.
   *
   * # Errors
   * RegistryFault, TransientFailure, ConnectionFailure of the token server
   */
  async authorize(
    challenges: readonly Challenge[],
    asker: Asker,
    { isLogin = false } = {},
  ): Promise<Token | undefined> {
    if (asker.credentials?.registryToken) return undefined;
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) return await this.#fetchToken(bearer, asker, isLogin);
    const isBasic = challenges.some(({ scheme }) => scheme === 'basic');
    const authorization = basicAuthorization(asker.credentials);
    if (!isBasic || authorization === undefined) return undefined;
    this.#keep(asker, authorization, Number.POSITIVE_INFINITY);
    return { authorization };
  }

  async #fetchToken(bearer: Challenge, asker: Asker, isLogin: boolean): Promise<Token> {
    const realm = await this.#realmOf(bearer, asker);
    const service = bearer.parameters.get('service') ?? '';
    const challenged = bearer.parameters.get('scope') ?? '';
    // A mirror has repositories under names of its own.
    const known = asker.endpoint.isMirror && challenged !== '' ? [] : asker.scopes;
    const scopes = mergeScopes(known, challenged);
    const identityToken = asker.credentials?.identityToken;
    const answer = await this.#transport.send(
      identityToken
        ? refreshRequest(realm, service, scopes, identityToken, asker.signal)
        : tokenRequest(realm, service, scopes, asker, isLogin),
    );
    const { value, lifetimeS, refreshToken } = await this.#readToken(answer);
    const authorization = `Bearer ${value}`;
    const seconds = Math.min(Math.max(lifetimeS, MIN_LIFETIME_S), MAX_LIFETIME_S);
    this.#keep(asker, authorization, this.#clock.monotonicMs() + seconds * 1_000 - LEEWAY_MS);
    return { authorization, ...(refreshToken ? { identityToken: refreshToken } : {}) };
  }

  async #realmOf(bearer: Challenge, { endpoint }: Asker): Promise<URL> {
    const text = bearer.parameters.get('realm') ?? '';
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    const { host } = endpoint.base;
    if (!realm || !/^https?:$/.test(realm.protocol)) {
      throw new RegistryFault(host, 401, '', `${host} names no token server that can be used`);
    }
    const isPlain = realm.protocol === 'http:';
    if (isPlain && !(endpoint.isInsecure && (await this.#trust.isInsecure(realm.host)))) {
      const words = `token server ${realm.host} of ${host} is reached by HTTP only, where secrets would be read by others`;
      throw new RegistryFault(host, 401, '', words);
    }
    realm.username = '';
    realm.password = '';
    return realm;
  }

  async #readToken(answer: HttpAnswer) {
    const { host } = answer.url;
    if (answer.status !== 200) throw await faultOf(answer, this.#clock);
    const bytes = await answer.bytes(MAX_TOKEN_BYTES, 'a token');
    const body = jsonOf(new TextDecoder().decode(bytes));
    const value = textOf(fieldOf(body, 'token')) || textOf(fieldOf(body, 'access_token'));
    // It becomes a header.
    if (!/^[\x21-\x7e]+$/.test(value)) {
      throw new RegistryFault(host, 401, '', `token server ${host} answers without a token`);
    }
    const lifetime = fieldOf(body, 'expires_in');
    return {
      value,
      lifetimeS: typeof lifetime === 'number' && Number.isFinite(lifetime) ? lifetime : 0,
      refreshToken: textOf(fieldOf(body, 'refresh_token')),
    };
  }

  #keep(asker: Asker, authorization: string, expiresMs: number): void {
    const key = keyOf(asker);
    this.#tokens.delete(key);
    this.#tokens.set(key, { authorization, expiresMs });
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_TOKENS) break;
      this.#tokens.delete(oldest);
    }
  }
}

function tokenRequest(
  realm: URL,
  service: string,
  scopes: readonly string[],
  { credentials, signal }: Asker,
  isLogin: boolean,
): HttpRequest {
  const url = new URL(realm);
  const authorization = basicAuthorization(credentials);
  if (service !== '') url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (authorization !== undefined) url.searchParams.set('account', credentials?.username ?? '');
  if (isLogin) url.searchParams.set('offline_token', 'true');
  url.searchParams.set('client_id', CLIENT_ID);
  return {
    method: 'GET',
    url,
    headers: authorization === undefined ? {} : { authorization },
    signal,
  };
}

/** https://distribution.github.io/distribution/spec/auth/oauth/ */
function refreshRequest(
  realm: URL,
  service: string,
  scopes: readonly string[],
  identityToken: string,
  signal: AbortSignal | undefined,
): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    service,
    client_id: CLIENT_ID,
    scope: scopes.join(' '),
    refresh_token: identityToken,
  });
  const bytes = new TextEncoder().encode(form.toString());
  async function* open() {
    yield bytes;
  }
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: { sizeBytes: bytes.length, open },
    signal,
  };
}

function basicAuthorization(credentials: Credentials | undefined): string | undefined {
  if (!credentials || credentials.username === '') return undefined;
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
  return `Basic ${pair.toString('base64')}`;
}

/** Of one host, one user and one set of scopes; hashed, so that no password is kept. */
function keyOf({ endpoint, scopes, credentials }: Asker): string {
  const parts = [endpoint.base.href, scopes, credentials ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
