import type { Digest } from '../spec/digest.ts';
import type { Descriptor } from '../spec/manifest.ts';

/**
 * Registries of images, as a client sees them (OCI distribution-spec).
 *
 * # Terms
 * - A **registry** is a host; a **repository** is a path on it with manifests and blobs; a **tag**
 *   or a digest names a manifest there.
 * - A repository is given in its long form, the registry first: `docker.io/library/python`.
 * - A **mirror** answers in a registry's stead for reading; when it fails, the registry is asked.
 *
 * # Promises
 * Connections, redirects, retries and answers are bounded, in number, size and time. What is
 * fetched by digest is *not* hashed here but for manifests: whoever stores a blob verifies it. An
 * abort ends the call at once with an `EngineError` of kind cancelled.
 *
 * # Errors
 * EngineErrors that name the repository or the host:
 * - not-found: no such manifest or blob (`manifest for x:y not found: manifest unknown`)
 * - unauthenticated, permission-denied: in Docker's words for a pull or push that is denied
 * - unavailable: cannot be reached, timed out, keeps failing, or limits its clients (429)
 * - data-loss: a manifest that is not what its digest says
 * - invalid-argument: an answer that makes no sense, or is larger than it may be
 */
export interface Registry {
  /** What a tag or digest names. */
  fetchManifest(
    repository: string,
    reference: string,
    access: RegistryAccess,
  ): Promise<FetchedManifest>;

  /** Only what it is, without its bytes; undefined when there is none. */
  headManifest(
    repository: string,
    reference: string,
    access: RegistryAccess,
  ): Promise<Descriptor | undefined>;

  /**
   * A blob's bytes from `offset` on, each once and in order: a connection that breaks or stalls is
   * taken up again where it broke. Pulls only as fast as it is pulled from.
   */
  fetchBlob(
    repository: string,
    descriptor: Descriptor,
    options: RegistryAccess & { readonly offset: number },
  ): AsyncIterable<Uint8Array>;

  /**
   * Makes the repository have a blob: not sent when it is there; mounted from one of
   * `mountFrom` (repositories of the same registry) where the registry can; sent otherwise. After a
   * break only what the registry has not kept is sent again.
   */
  pushBlob(repository: string, blob: PushedBlob, access: RegistryAccess): Promise<PushOutcome>;

  /** `reference` is a tag, or the manifest's own digest. */
  pushManifest(
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    access: RegistryAccess,
  ): Promise<void>;

  /** Of a repository, in the registry's order; at most `limit`. */
  listTags(repository: string, limit: number, access: RegistryAccess): Promise<readonly string[]>;

  /**
   * Repositories whose name or description has the term: by the registry's search (Docker Hub's
   * `/v1/search`) where it has one, else out of its catalog. Named as people write them, with the
   * registry unless that is Docker Hub.
   *
   * # Errors: unavailable, when the registry offers neither
   */
  search(
    registry: string,
    term: string,
    limit: number,
    access: RegistryAccess,
  ): Promise<readonly FoundRepository[]>;

  /**
   * Whether the credentials are good; a registry that asks nobody takes any. The answer is a token
   * to be kept instead of the password where the registry hands out such.
   *
   * # Errors: unauthenticated in Docker's words
   */
  logIn(registry: string, access: RegistryAccess): Promise<{ readonly identityToken?: string }>;
}

/** Who asks, and for how long. */
export interface RegistryAccess {
  readonly credentials?: Credentials | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Never shown, logged, or sent to another host than the registry and its token server. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** OAuth2 refresh token; instead of the two above. */
  readonly identityToken?: string;
  /** Sent as it is to the registry; instead of all of the above. */
  readonly registryToken?: string;
}

export interface FetchedManifest {
  readonly mediaType: string;
  /** Computed here from the bytes. */
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export interface PushedBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly mountFrom: readonly string[];
  /** Its bytes from there on; may be called several times. */
  readonly open: (offset: number) => AsyncIterable<Uint8Array>;
  /** Told how many bytes have been sent: less than before when it has to begin anew. */
  readonly progress?: (sentBytes: number) => void;
}

export type PushOutcome =
  | { readonly kind: 'present' }
  | { readonly kind: 'mounted'; readonly from: string }
  | { readonly kind: 'pushed' };

export interface FoundRepository {
  readonly name: string;
  readonly description: string;
  readonly starCount: number;
  readonly isOfficial: boolean;
}

/** How registries are reached; all lists hold hosts, `host[:port]`. */
export interface RegistrySettings {
  /** `https://host[:port][/path]`, asked before `docker.io`, in this order. */
  readonly mirrors: readonly string[];
  /**
   * Reached by HTTP when HTTPS fails, and without checking certificates. A CIDR range names all
   * addresses in it. Loopback is always among them.
   */
  readonly insecureRegistries: readonly string[];
  /**
   * Directories with a folder per registry, as Docker's `certs.d`: `ca.crt`, `client.cert`,
   * `client.key`. The first that has one for the host counts.
   */
  readonly certificateDirectories: readonly string[];
  /** For the proxies' variables (HTTPS_PROXY, HTTP_PROXY, NO_PROXY). */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userAgent: string;
}
