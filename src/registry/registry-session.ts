import type { Clock } from '../base/clock.ts';
import type { Asker, Authenticator } from './authenticator.ts';
import { parseChallenges } from './challenge.ts';
import type { RegistryAccess } from './contract.ts';
import type { Endpoint } from './endpoints.ts';
import type { HttpAnswer } from './http-answer.ts';
import { faultOf, RegistryFault } from './registry-fault.ts';
import type { HttpRequest, RequestBody, Transport } from './transport.ts';

export interface SessionRequest {
  readonly method: HttpRequest['method'];
  /** Below the endpoint's base (`v2/…`), or what the registry gave as a location. */
  readonly target: string | URL;
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
}

/** The registry, its storage, and what that has before it. */
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Somebody's requests to one endpoint: authenticated, and redirected where they only read. */
export class RegistrySession {
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal | undefined;
  readonly #access: RegistryAccess;
  readonly #transport: Transport;
  readonly #authenticator: Authenticator;
  readonly #clock: Clock;

  constructor(
    endpoint: Endpoint,
    access: RegistryAccess,
    services: {
      readonly transport: Transport;
      readonly authenticator: Authenticator;
      readonly clock: Clock;
    },
  ) {
    this.endpoint = endpoint;
    // A mirror is another host than the one that they are for.
    this.#access = endpoint.isMirror ? { signal: access.signal } : access;
    this.signal = access.signal;
    this.#transport = services.transport;
    this.#authenticator = services.authenticator;
    this.#clock = services.clock;
  }

  /** The same under another signal: to clean up after an abort. */
  with(signal: AbortSignal): RegistrySession {
    return new RegistrySession(
      this.endpoint,
      { credentials: this.#access.credentials, signal },
      { transport: this.#transport, authenticator: this.#authenticator, clock: this.#clock },
    );
  }

  get host(): string {
    return this.endpoint.base.host;
  }

  /**
   * The answer, whatever its status.
   *
   * # Errors
   * ConnectionFailure, EngineError of kind cancelled; of the token server: RegistryFault,
   * TransientFailure
   */
  async send(request: SessionRequest): Promise<HttpAnswer> {
    const asker = this.askerFor(request.scopes);
    const shown = this.#authenticator.cached(asker);
    const answer = await this.#follow(request, shown);
    if (answer.status !== 401 || answer.url.origin !== this.endpoint.base.origin) return answer;
    const challenges = parseChallenges(answer.header('www-authenticate') ?? '');
    const token = await this.#authenticator.authorize(challenges, asker);
    if (token === undefined || token.authorization === shown) return answer;
    await answer.discard();
    return await this.#follow(request, token.authorization);
  }

  /**
   * Proves the credentials anew, whatever was proved before. Answers the token that is as good as
   * they are, where the registry has such.
   *
   * # Errors: as `expect`
   */
  async logIn(): Promise<string | undefined> {
    const request = { method: 'GET', target: 'v2/', scopes: [] } as const;
    const answer = await this.#follow(request, undefined);
    const { status, url } = answer;
    if (status !== 200 && status !== 401) throw await this.fault(answer);
    await answer.discard();
    if (status === 200) return undefined;
    const { credentials } = this.#access;
    if (credentials === undefined) {
      throw new RegistryFault(url.host, status, '', 'no basic auth credentials');
    }
    const challenges = parseChallenges(answer.header('www-authenticate') ?? '');
    const asker = this.askerFor([]);
    const token = await this.#authenticator.authorize(challenges, asker, { isLogin: true });
    const shown = token?.authorization ?? this.#authenticator.cached(asker);
    const second = await this.#follow(request, shown);
    if (second.status !== 200) throw await this.fault(second);
    await second.discard();
    return token?.identityToken;
  }

  /** As `send`; an answer of another status than one of these becomes an error. */
  async expect(request: SessionRequest, statuses: readonly number[]): Promise<HttpAnswer> {
    const answer = await this.send(request);
    if (statuses.includes(answer.status)) return answer;
    throw await this.fault(answer);
  }

  /** What the answer says went wrong, its body read. */
  async fault(answer: HttpAnswer): Promise<Error> {
    return await faultOf(answer, this.#clock);
  }

  askerFor(scopes: readonly string[]): Asker {
    const { credentials, signal } = this.#access;
    return { endpoint: this.endpoint, scopes, credentials, signal };
  }

  /**
   * Where the answer says to go on.
   *
   * # Errors: RegistryFault, when that is no place to go to
   */
  locationOf(answer: HttpAnswer): URL {
    const text = answer.header('location') ?? '';
    const url = URL.canParse(text, answer.url) ? new URL(text, answer.url) : undefined;
    if (text === '' || !url || !/^https?:$/.test(url.protocol)) {
      throw this.#misled(answer, 'without a location that can be used');
    }
    const isDowngrade = answer.url.protocol === 'https:' && url.protocol === 'http:';
    if (isDowngrade && !this.endpoint.isInsecure) {
      throw this.#misled(answer, `and sends on from HTTPS to HTTP (${url.host})`);
    }
    url.username = '';
    url.password = '';
    return url;
  }

  async #follow(request: SessionRequest, authorization: string | undefined): Promise<HttpAnswer> {
    const { method, target, headers, body } = request;
    let url = new URL(target, this.endpoint.base);
    for (let count = 0; ; count++) {
      const isOwn = url.origin === this.endpoint.base.origin;
      const answer = await this.#transport.send({
        method,
        url,
        headers: { ...headers, ...(isOwn && authorization ? { authorization } : {}) },
        body,
        signal: this.signal,
      });
      const isReading = method === 'GET' || method === 'HEAD';
      if (!isReading || !REDIRECTS.has(answer.status)) return answer;
      await answer.discard();
      if (count === MAX_REDIRECTS) throw this.#misled(answer, 'again: too many redirects');
      url = this.locationOf(answer);
    }
  }

  #misled(answer: HttpAnswer, how: string): RegistryFault {
    const { host } = answer.url;
    return new RegistryFault(host, answer.status, '', `${host} answers ${answer.status} ${how}`);
  }
}
