import { EngineError } from '../base/engine-error.ts';
import type { RegistrySettings } from './contract.ts';
import type { HostTrust } from './host-trust.ts';

/** Where a registry is reached. */
export interface Endpoint {
  /** With a slash at its end; `v2/` follows. */
  readonly base: URL;
  readonly isMirror: boolean;
  /** Redirects from HTTPS to HTTP are followed. */
  readonly isInsecure: boolean;
}

export const DOCKER_HUB = 'docker.io';
/** Where Docker Hub is searched: what it was called before. */
export const DOCKER_HUB_SEARCH = 'index.docker.io';

/** Docker Hub's hosts, which are not its name. Another one for tests. */
export interface DockerHubHosts {
  readonly registry: string;
  readonly search: string;
}

export const DOCKER_HUB_HOSTS: DockerHubHosts = {
  registry: 'https://registry-1.docker.io/',
  search: 'https://index.docker.io/',
};

/** For whatever reason a mirror failed, it is left alone for so long. */
const MIRROR_REST_MS = 60_000;
/** Schemes that are remembered; forgotten all at once. */
const MAX_REMEMBERED = 1_024;

/** Finds where registries are: mirrors, Docker Hub's hosts, HTTP where HTTPS is not spoken. */
export class Endpoints {
  readonly #mirrors: readonly Endpoint[];
  readonly #trust: HostTrust;
  readonly #hub: DockerHubHosts;
  readonly #ping: (url: URL, signal: AbortSignal | undefined) => Promise<void>;
  readonly #monotonicMs: () => number;
  readonly #schemes = new Map<string, 'https:' | 'http:'>();
  readonly #restUntilMs = new Map<Endpoint, number>();

  /** `ping` throws when nothing answers at the URL. */
  constructor(options: {
    readonly settings: Pick<RegistrySettings, 'mirrors'>;
    readonly trust: HostTrust;
    readonly hub: DockerHubHosts;
    readonly monotonicMs: () => number;
    readonly ping: (url: URL, signal: AbortSignal | undefined) => Promise<void>;
  }) {
    this.#mirrors = options.settings.mirrors.map(parseMirror);
    this.#trust = options.trust;
    this.#hub = options.hub;
    this.#monotonicMs = options.monotonicMs;
    this.#ping = options.ping;
  }

  /** Those of the registry that are to be asked first. */
  mirrorsOf(registry: string): readonly Endpoint[] {
    if (registry !== DOCKER_HUB) return [];
    const nowMs = this.#monotonicMs();
    return this.#mirrors.filter((mirror) => (this.#restUntilMs.get(mirror) ?? 0) <= nowMs);
  }

  rest(mirror: Endpoint): void {
    this.#restUntilMs.set(mirror, this.#monotonicMs() + MIRROR_REST_MS);
  }

  /** # Errors: ConnectionFailure, when an insecure one speaks neither HTTPS nor HTTP. */
  async registry(registry: string, signal: AbortSignal | undefined): Promise<Endpoint> {
    if (registry === DOCKER_HUB) return this.#fixed(this.#hub.registry);
    if (registry === DOCKER_HUB_SEARCH) return this.#fixed(this.#hub.search);
    const host = registry.toLowerCase();
    const isInsecure = await this.#trust.isInsecure(host);
    const scheme = isInsecure ? await this.#schemeOf(host, signal) : 'https:';
    return { base: parseBase(`${scheme}//${host}/`, registry), isMirror: false, isInsecure };
  }

  /** What was found out about a host may no longer be so: it does not answer. */
  forget(host: string): void {
    this.#schemes.delete(host);
  }

  async #fixed(url: string): Promise<Endpoint> {
    const base = new URL(url);
    return { base, isMirror: false, isInsecure: await this.#trust.isInsecure(base.host) };
  }

  async #schemeOf(host: string, signal: AbortSignal | undefined): Promise<'https:' | 'http:'> {
    const known = this.#schemes.get(host);
    if (known) return known;
    const scheme = await this.#findScheme(host, signal);
    if (this.#schemes.size >= MAX_REMEMBERED) this.#schemes.clear();
    this.#schemes.set(host, scheme);
    return scheme;
  }

  async #findScheme(host: string, signal: AbortSignal | undefined): Promise<'https:' | 'http:'> {
    try {
      await this.#ping(parseBase(`https://${host}/v2/`, host), signal);
      return 'https:';
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown;
      await this.#ping(parseBase(`http://${host}/v2/`, host), signal);
      return 'http:';
    }
  }
}

function parseMirror(text: string): Endpoint {
  const base = URL.canParse(text) ? new URL(text) : undefined;
  if (!base || !/^https?:$/.test(base.protocol) || base.username || base.search || base.hash) {
    throw new EngineError(
      'invalid-argument',
      `invalid mirror ${base?.username ? '' : `${text}: `}give it as https://host[:port][/path]`,
    );
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return { base, isMirror: true, isInsecure: base.protocol === 'http:' };
}

function parseBase(url: string, registry: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new EngineError('invalid-argument', `invalid registry ${JSON.stringify(registry)}`);
}
