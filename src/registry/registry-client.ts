import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Descriptor } from '../spec/manifest.ts';
import { isTag, pathOf, registryOf } from '../spec/reference.ts';
import { Authenticator } from './authenticator.ts';
import { downloadBlob } from './blob-download.ts';
import { BlobPush, CHUNK_BYTES } from './blob-push.ts';
import { ConnectionFailure } from './connection-failure.ts';
import type {
  FetchedManifest,
  FoundRepository,
  PushedBlob,
  PushOutcome,
  Registry,
  RegistryAccess,
  RegistrySettings,
} from './contract.ts';
import {
  DOCKER_HUB,
  DOCKER_HUB_HOSTS,
  DOCKER_HUB_SEARCH,
  type DockerHubHosts,
  type Endpoint,
  Endpoints,
} from './endpoints.ts';
import { HostTrust, type LookUp } from './host-trust.ts';
import { fetchManifest, headManifest, pushManifest } from './manifest-requests.ts';
import { listNames } from './pages.ts';
import { type Doing, engineErrorOf } from './registry-errors.ts';
import { RegistryFault } from './registry-fault.ts';
import { RegistrySession } from './registry-session.ts';
import { type Attempts, type RandomBytes, Retrier, TransientFailure } from './retry.ts';
import { pullScope } from './scope.ts';
import { searchCatalog, searchIndex } from './search.ts';
import { DEFAULT_PATIENCE, type Patience, Transport } from './transport.ts';

export interface RegistryClientOptions {
  readonly settings: RegistrySettings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly patience?: Patience;
  /** Of this size are chunks where blobs cannot be pushed as a whole. */
  readonly chunkBytes?: number;
  readonly dockerHub?: DockerHubHosts;
  readonly lookUp?: LookUp;
}

/** `Registry` over HTTP. Owns its connections: dispose of it. */
export class RegistryClient implements Registry, AsyncDisposable {
  readonly #trust: HostTrust;
  readonly #transport: Transport;
  readonly #endpoints: Endpoints;
  readonly #authenticator: Authenticator;
  readonly #retrier: Retrier;
  readonly #clock: Clock;
  readonly #chunkBytes: number;
  readonly #closing = new AbortController();
  readonly #cleanups = new Set<Promise<void>>();

  /** # Errors: invalid-argument: settings that make no sense. */
  constructor(options: RegistryClientOptions) {
    const { settings, clock, patience = DEFAULT_PATIENCE, dockerHub = DOCKER_HUB_HOSTS } = options;
    this.#clock = clock;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    const trust = new HostTrust(settings, options.lookUp);
    const { userAgent } = settings;
    const transport = new Transport({ trust, clock, patience, userAgent });
    this.#trust = trust;
    this.#transport = transport;
    this.#authenticator = new Authenticator(transport, trust, clock);
    this.#retrier = new Retrier(clock, options.random);
    this.#endpoints = new Endpoints({
      settings,
      trust,
      hub: dockerHub,
      monotonicMs: () => clock.monotonicMs(),
      ping: async (url, signal) => {
        const answer = await transport.send({ method: 'GET', url, headers: {}, signal });
        await answer.discard();
      },
    });
  }

  async fetchManifest(
    repository: string,
    reference: string,
    access: RegistryAccess,
  ): Promise<FetchedManifest> {
    const doing: Doing = { kind: 'pull', repository, reference };
    return await this.#read(doing, repository, access, (session, path) =>
      fetchManifest(session, path, reference),
    );
  }

  async headManifest(
    repository: string,
    reference: string,
    access: RegistryAccess,
  ): Promise<Descriptor | undefined> {
    const doing: Doing = { kind: 'pull', repository, reference };
    try {
      return await this.#read(doing, repository, access, (session, path) =>
        headManifest(session, path, reference),
      );
    } catch (thrown) {
      if (thrown instanceof EngineError && thrown.kind === 'not-found') return undefined;
      throw thrown;
    }
  }

  async *fetchBlob(
    repository: string,
    descriptor: Descriptor,
    options: RegistryAccess & { readonly offset: number },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const [registry, path] = [registryOf(repository), pathOf(repository)];
    const doing: Doing = { kind: 'pull-blob', repository, digest: descriptor.digest };
    const attempts = this.#retrier.begin(options.signal);
    const mirrors = [...this.#endpoints.mirrorsOf(registry)];
    let { offset } = options;
    while (offset < descriptor.size) {
      const mirror = mirrors.shift();
      try {
        const session = await this.#session(mirror ?? registry, options);
        for await (const chunk of downloadBlob(session, path, descriptor, offset)) {
          offset += chunk.length;
          attempts.progressed(chunk.length);
          yield chunk;
        }
      } catch (thrown) {
        if (mirror) this.#passMirror(mirror, thrown);
        else await this.#failed(thrown, doing, (reason) => attempts.failed(reason));
      }
    }
  }

  async pushBlob(
    repository: string,
    blob: PushedBlob,
    access: RegistryAccess,
  ): Promise<PushOutcome> {
    const [registry, path] = [registryOf(repository), pathOf(repository)];
    const push = new BlobPush(path, blob, this.#chunkBytes);
    let last: RegistrySession | undefined;
    try {
      return await this.#attempt(
        { kind: 'push', repository },
        registry,
        access,
        (session, tries) => {
          last = session;
          return push.attempt(session, tries);
        },
      );
    } catch (thrown) {
      if (last) this.#cleanUp(push, last);
      throw thrown;
    }
  }

  async pushManifest(
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    access: RegistryAccess,
  ): Promise<void> {
    const [registry, path] = [registryOf(repository), pathOf(repository)];
    await this.#attempt({ kind: 'push', repository }, registry, access, (session) =>
      pushManifest(session, path, reference, manifest),
    );
  }

  async listTags(
    repository: string,
    limit: number,
    access: RegistryAccess,
  ): Promise<readonly string[]> {
    const doing: Doing = { kind: 'list-tags', repository };
    const path = pathOf(repository);
    const list = { target: `v2/${path}/tags/list`, field: 'tags', scopes: [pullScope(path)] };
    return await this.#attempt(doing, registryOf(repository), access, async (session) => {
      const tags: string[] = [];
      for await (const name of listNames(session, list)) {
        if (tags.length >= limit) break;
        if (isTag(name)) tags.push(name);
      }
      return tags;
    });
  }

  async search(
    registry: string,
    term: string,
    limit: number,
    access: RegistryAccess,
  ): Promise<readonly FoundRepository[]> {
    const doing: Doing = { kind: 'search', registry };
    const isHub = registry === DOCKER_HUB;
    const found = await this.#attempt(
      doing,
      isHub ? DOCKER_HUB_SEARCH : registry,
      access,
      async (session) =>
        (await searchIndex(session, term, limit)) ?? (await searchCatalog(session, term, limit)),
    );
    return isHub ? found : found.map((one) => ({ ...one, name: `${registry}/${one.name}` }));
  }

  async logIn(
    registry: string,
    access: RegistryAccess,
  ): Promise<{ readonly identityToken?: string }> {
    const doing: Doing = { kind: 'log-in', registry };
    const identityToken = await this.#attempt(doing, registry, access, (session) =>
      session.logIn(),
    );
    return identityToken === undefined ? {} : { identityToken };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#cleanups);
    this.#trust.close();
  }

  /** Nobody waits for it: an abort ends a push at once. */
  #cleanUp(push: BlobPush, session: RegistrySession): void {
    const cleanup = push.cancel(session.with(this.#closing.signal)).finally(() => {
      this.#cleanups.delete(cleanup);
    });
    this.#cleanups.add(cleanup);
  }

  /** From a mirror, else from the registry. */
  async #read<Value>(
    doing: Doing,
    repository: string,
    access: RegistryAccess,
    read: (session: RegistrySession, path: string) => Promise<Value>,
  ): Promise<Value> {
    const [registry, path] = [registryOf(repository), pathOf(repository)];
    for (const mirror of this.#endpoints.mirrorsOf(registry)) {
      try {
        return await read(await this.#session(mirror, access), path);
      } catch (thrown) {
        this.#passMirror(mirror, thrown);
      }
    }
    return await this.#attempt(doing, registry, access, (session) => read(session, path));
  }

  /** Tries until it goes well, or until it is of no use. */
  async #attempt<Value>(
    doing: Doing,
    registry: string,
    access: RegistryAccess,
    attempt: (session: RegistrySession, attempts: Attempts) => Promise<Value>,
  ): Promise<Value> {
    const attempts = this.#retrier.begin(access.signal);
    for (;;) {
      try {
        return await attempt(await this.#session(registry, access), attempts);
      } catch (thrown) {
        await this.#failed(thrown, doing, (reason) => attempts.failed(reason));
      }
    }
  }

  async #session(where: string | Endpoint, access: RegistryAccess): Promise<RegistrySession> {
    const endpoint =
      typeof where === 'string' ? await this.#endpoints.registry(where, access.signal) : where;
    return new RegistrySession(endpoint, access, {
      transport: this.#transport,
      authenticator: this.#authenticator,
      clock: this.#clock,
    });
  }

  /** The registry is asked next; a mirror that does not work is not asked again for a while. */
  #passMirror(mirror: Endpoint, thrown: unknown): void {
    if (thrown instanceof RegistryFault) return;
    if (thrown instanceof EngineError && thrown.kind === 'cancelled') throw thrown;
    const isFailure = thrown instanceof ConnectionFailure || thrown instanceof TransientFailure;
    if (!isFailure && !(thrown instanceof EngineError)) throw thrown;
    this.#forget(thrown);
    this.#endpoints.rest(mirror);
  }

  /** How a host that does not answer is reached may have changed, or its certificates. */
  #forget(thrown: unknown): void {
    if (!(thrown instanceof ConnectionFailure)) return;
    this.#endpoints.forget(thrown.host);
    this.#trust.forget(thrown.host);
  }

  async #failed(
    thrown: unknown,
    doing: Doing,
    wait: (thrown: unknown) => Promise<void>,
  ): Promise<void> {
    this.#forget(thrown);
    try {
      await wait(thrown);
    } catch (last) {
      throw engineErrorOf(last, doing);
    }
  }
}
