import type { FakeExchange } from './fake-exchange.ts';

interface Grant {
  /** `pull,push` by the thing: `repository:team/app`. */
  readonly actions: ReadonlyMap<string, readonly string[]>;
}

export const IDENTITY_TOKEN = 'an-identity-token';

/**
 * The token server of a fake registry, at its `/token`: gives Bearer tokens by GET with Basic and by
 * POST with the identity token. Anonymous ones allow pulling of what is not `private/…`.
 */
export class FakeTokenServer {
  readonly #username: string;
  readonly #password: string;
  readonly #grants = new Map<string, Grant>();
  /** Said in answers. */
  lifetimeS = 300;

  constructor(user: { readonly username: string; readonly password: string }) {
    this.#username = user.username;
    this.#password = user.password;
  }

  get tokenCount(): number {
    return this.#grants.size;
  }

  /** Tokens that were given before are refused. */
  revokeAll(): void {
    for (const token of this.#grants.keys()) this.#grants.set(token, { actions: new Map() });
  }

  admits(exchange: FakeExchange, target: URL, origin: string): boolean {
    const needed = neededFor(exchange.method, target);
    const [, token = ''] = /^Bearer (.+)$/.exec(exchange.header('authorization') ?? '') ?? [];
    const grant = this.#grants.get(token);
    const allowed = needed && grant?.actions.get(needed.thing);
    if (grant && (!needed || needed.actions.every((action) => allowed?.includes(action)))) {
      return true;
    }
    const scope = needed ? `,scope="${needed.thing}:${needed.actions.join(',')}"` : '';
    const error = grant ? ',error="insufficient_scope"' : '';
    exchange.refuse(401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': `Bearer realm="${origin}/token",service="fake"${scope}${error}`,
    });
    return false;
  }

  async serve(exchange: FakeExchange, target: URL, host: string): Promise<void> {
    const form = new URLSearchParams((await exchange.body()).toString());
    const parameters = exchange.method === 'POST' ? form : target.searchParams;
    const basic = Buffer.from(`${this.#username}:${this.#password}`).toString('base64');
    const shown = exchange.header('authorization');
    const isUser = shown === `Basic ${basic}` || parameters.get('refresh_token') === IDENTITY_TOKEN;
    if (!isUser && (shown !== undefined || exchange.method === 'POST')) {
      const body = JSON.stringify({ details: 'incorrect username or password' });
      return exchange.answer(401, {}, body);
    }
    const actions = new Map<string, readonly string[]>();
    for (const scope of parameters.getAll('scope').flatMap((each) => each.split(' '))) {
      const thing = scope.slice(0, scope.lastIndexOf(':'));
      const wanted = scope.slice(scope.lastIndexOf(':') + 1).split(',');
      const isFree = thing.startsWith('repository:') && !thing.startsWith('repository:private/');
      const granted = isUser ? wanted : wanted.filter((action) => isFree && action === 'pull');
      actions.set(thing, granted);
    }
    const token = `token-${this.#grants.size + 1}-of-${host}`;
    this.#grants.set(token, { actions });
    const isOffline = parameters.get('offline_token') === 'true';
    const identity = isOffline ? { refresh_token: IDENTITY_TOKEN } : {};
    exchange.answer(200, {}, JSON.stringify({ token, expires_in: this.lifetimeS, ...identity }));
  }
}

function neededFor(method: string, { pathname }: URL) {
  if (pathname === '/v2/_catalog') return { thing: 'registry:catalog', actions: ['*'] };
  const path = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(pathname)?.[1];
  if (path === undefined) return undefined;
  const isReading = method === 'GET' || method === 'HEAD';
  return { thing: `repository:${path}`, actions: isReading ? ['pull'] : ['pull', 'push'] };
}
