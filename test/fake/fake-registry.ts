import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Digest, parseDigest } from '../../src/spec/digest.ts';
import { type Descriptor, type Manifest, parseManifest } from '../../src/spec/manifest.ts';
import { MEDIA_TYPES } from '../../src/spec/media-types.ts';
import {
  answerAnything,
  answerSlowly,
  FakeExchange,
  type Misbehaviour,
  type ReceivedRequest,
} from './fake-exchange.ts';
import { FakeTokenServer } from './fake-token-server.ts';

export interface FakeRegistryOptions {
  /** In PEM; HTTP without them. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly auth?: FakeAuth;
}

/** `none` lets everybody do all. */
export type FakeAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** Pulling is free for all, pushing and `private/…` only for the user. */
  | { readonly kind: 'token'; readonly username: string; readonly password: string };

interface Rule {
  readonly method: string | undefined;
  readonly url: RegExp;
  readonly does: Misbehaviour;
  times: number;
}

interface Upload {
  readonly path: string;
  bytes: Buffer;
}

/**
 * A registry in this process, on loopback, with all of its content in memory: enough of the
 * distribution-spec for pulling and pushing. It records what it is asked, and misbehaves when it is
 * told to.
 *
 * ```ts
 * await using registry = await FakeRegistry.start();
 * const image = registry.addImage('team/app', 'latest', [layerBytes]);
 * registry.misbehave({ url: /blobs/, does: { kind: 'break', afterBytes: 10 } });
 * await client.fetchManifest(`${registry.host}/team/app`, 'latest', {});
 * ```
 */
export class FakeRegistry implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  /** By `path digest`: a registry has blobs by repository. */
  readonly blobs = new Map<string, Buffer>();
  /** By `path digest` and `path tag`. */
  readonly manifests = new Map<string, { readonly mediaType: string; readonly bytes: Buffer }>();
  readonly #rules: Rule[] = [];
  readonly #uploads = new Map<string, Upload>();
  readonly #server;
  readonly #scheme: string;
  readonly tokens: FakeTokenServer | undefined;
  readonly #auth: FakeAuth;
  #uploadCount = 0;
  /** Of pages of tags and of the catalog. */
  pageSize = 100;
  /** Answers blobs by redirecting there (an origin, whose content is that of another fake). */
  blobStorage: string | undefined;
  /** Said in the answer to the start of an upload. */
  minChunkBytes: number | undefined;
  /** What `/v1/search` has; undefined: there is none. */
  searchResults: readonly unknown[] | undefined;

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry(options);
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  private constructor({ tls, auth = { kind: 'none' } }: FakeRegistryOptions) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch(() => response.destroy());
    };
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.#scheme = tls ? 'https' : 'http';
    this.#auth = auth;
    this.tokens = auth.kind === 'token' ? new FakeTokenServer(auth) : undefined;
  }

  /** `127.0.0.1:PORT`: the registry's part of a repository's name. */
  get host(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  get origin(): string {
    return `${this.#scheme}://${this.host}`;
  }

  addBlob(path: string, bytes: Uint8Array): Digest {
    const digest = sha256(bytes);
    this.blobs.set(`${path} ${digest}`, Buffer.from(bytes));
    return digest;
  }

  addManifest(path: string, tag: string, mediaType: string, content: string | Uint8Array): Digest {
    const bytes = Buffer.from(content);
    const digest = sha256(bytes);
    for (const name of [tag, digest]) this.manifests.set(`${path} ${name}`, { mediaType, bytes });
    return digest;
  }

  /** An image of these layers (as they are; uncompressed tar by their type), with its blobs. */
  addImage(path: string, tag: string, layers: readonly Uint8Array[], config: object = {}) {
    const configBytes = Buffer.from(
      JSON.stringify({
        architecture: 'wasm',
        os: 'wasi',
        rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
        ...config,
      }),
    );
    const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
      mediaType,
      digest: this.addBlob(path, bytes),
      size: bytes.length,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: describe(MEDIA_TYPES.ociConfig, configBytes),
      layers: layers.map((layer) => describe(MEDIA_TYPES.ociLayer, layer)),
    };
    const bytes = JSON.stringify(manifest);
    const digest = this.addManifest(path, tag, MEDIA_TYPES.ociManifest, bytes);
    return { digest, config: manifest.config, layers: manifest.layers };
  }

  /** What was pushed under the tag or digest. */
  manifest(path: string, reference: string): Manifest | undefined {
    const found = this.manifests.get(`${path} ${reference}`);
    return found && parseManifest(found.bytes, found.mediaType);
  }

  /** The next `times` requests (1 by default) that match are dealt with so. */
  misbehave(rule: {
    readonly method?: string;
    readonly url: RegExp;
    readonly does: Misbehaviour;
    readonly times?: number;
  }): void {
    const { method, url, does, times = 1 } = rule;
    this.#rules.push({ method, url, does, times });
  }

  /** Of the requests so far: `GET /v2/…`. */
  get log(): readonly string[] {
    return this.requests.map(({ method, url }) => `${method} ${url}`);
  }

  get openUploadCount(): number {
    return this.#uploads.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, url, headers });
    const misbehaviour = this.#misbehaviourFor(method, url);
    if (misbehaviour?.kind === 'silence') return;
    if (misbehaviour?.kind === 'trickle') return answerSlowly(request, misbehaviour.part);
    if (misbehaviour?.kind === 'answer') {
      await answerAnything(request, response, misbehaviour);
      return;
    }
    const exchange = new FakeExchange(request, response, misbehaviour);
    const target = new URL(url, this.origin);
    if (target.pathname === '/token' && this.tokens) {
      await this.tokens.serve(exchange, target, this.host);
    } else if (this.#admits(exchange, target)) {
      await this.#route(exchange, target);
    }
  }

  #misbehaviourFor(method: string, url: string): Misbehaviour | undefined {
    const rule = this.#rules.find(
      (each) => each.times > 0 && (each.method ?? method) === method && each.url.exec(url) !== null,
    );
    if (rule) rule.times--;
    return rule?.does;
  }

  #admits(exchange: FakeExchange, target: URL): boolean {
    if (this.#auth.kind === 'none' || target.pathname.startsWith('/v1/')) return true;
    if (this.tokens) return this.tokens.admits(exchange, target, this.origin);
    const { username, password } = this.#auth;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (exchange.header('authorization') === expected) return true;
    exchange.refuse(401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': 'Basic realm="fake"',
    });
    return false;
  }

  async #route(exchange: FakeExchange, target: URL): Promise<void> {
    const { pathname } = target;
    if (pathname === '/v2/') return exchange.answer(200, {}, '{}');
    if (pathname === '/v2/_catalog') return this.#page(exchange, target, 'repositories');
    if (pathname === '/v1/search' && this.searchResults) {
      return exchange.answer(200, {}, JSON.stringify({ results: this.searchResults }));
    }
    const found = /^\/v2\/(.+)\/(manifests|blobs|tags)\/(?:(uploads)\/)?([^/]*)$/.exec(pathname);
    if (!found) return exchange.refuse(404, 'NOT_FOUND', 'no such page');
    const [, path = '', kind, uploads, name = ''] = found;
    if (kind === 'tags') return this.#page(exchange, target, 'tags', path);
    if (kind === 'manifests') return await this.#manifest(exchange, path, name);
    if (uploads) return await this.#upload(exchange, target, path, name);
    this.#blob(exchange, path, name);
  }

  async #manifest(exchange: FakeExchange, path: string, reference: string): Promise<void> {
    if (exchange.method === 'PUT') {
      const bytes = await exchange.body();
      const mediaType = exchange.header('content-type') ?? '';
      const manifest = parseManifest(bytes, mediaType);
      if (manifest.kind === 'manifest') {
        const absent = [manifest.config, ...manifest.layers].find(
          ({ digest }) => !this.blobs.has(`${path} ${digest}`),
        );
        if (absent) {
          return exchange.refuse(404, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry');
        }
      }
      const digest = this.addManifest(path, reference, mediaType, bytes);
      return exchange.answer(201, { 'docker-content-digest': digest, location: '/' });
    }
    const manifest = this.manifests.get(`${path} ${reference}`);
    if (!manifest) return exchange.refuse(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    exchange.answer(
      200,
      {
        'content-type': manifest.mediaType,
        'docker-content-digest': sha256(manifest.bytes),
      },
      manifest.bytes,
    );
  }

  #blob(exchange: FakeExchange, path: string, digest: string) {
    const bytes = this.blobs.get(`${path} ${digest}`);
    if (!bytes) return exchange.refuse(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    if (this.blobStorage !== undefined) {
      const location = `${this.blobStorage}/v2/${path}/blobs/${digest}?signature=secret`;
      return exchange.answer(307, { location });
    }
    const range = /^bytes=(\d+)-$/.exec(exchange.header('range') ?? '')?.[1];
    const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
    if (range === undefined || exchange.ignoresRange) return exchange.answer(200, headers, bytes);
    if (Number(range) >= bytes.length) return exchange.refuse(416, 'RANGE_INVALID', 'no range');
    const contentRange = `bytes ${range}-${bytes.length - 1}/${bytes.length}`;
    const part = bytes.subarray(Number(range));
    exchange.answer(206, { ...headers, 'content-range': contentRange }, part);
  }

  async #upload(exchange: FakeExchange, target: URL, path: string, id: string): Promise<void> {
    if (exchange.method === 'POST') return this.#startUpload(exchange, target, path);
    const upload = this.#uploads.get(id);
    if (!upload) return exchange.refuse(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown');
    if (exchange.method === 'DELETE') {
      this.#uploads.delete(id);
      return exchange.answer(204);
    }
    if (exchange.method === 'GET') return exchange.answer(204, uploadHeaders(path, id, upload));
    const start = /^(\d+)-\d+$/.exec(exchange.header('content-range') ?? '')?.[1];
    if (start !== undefined && Number(start) !== upload.bytes.length) {
      return exchange.refuse(416, 'BLOB_UPLOAD_INVALID', 'chunks out of order');
    }
    await exchange.readInto((chunk) => {
      upload.bytes = Buffer.concat([upload.bytes, chunk]);
    });
    if (exchange.method === 'PATCH') return exchange.answer(202, uploadHeaders(path, id, upload));
    const digest = target.searchParams.get('digest') ?? '';
    this.#uploads.delete(id);
    if (sha256(upload.bytes) !== digest) {
      return exchange.refuse(400, 'DIGEST_INVALID', 'provided digest did not match');
    }
    this.addBlob(path, upload.bytes);
    exchange.answer(201, { location: `/v2/${path}/blobs/${digest}` });
  }

  #startUpload(exchange: FakeExchange, target: URL, path: string) {
    const mount = target.searchParams.get('mount') ?? '';
    const from = target.searchParams.get('from') ?? '';
    const mounted = this.blobs.get(`${from} ${mount}`);
    if (mounted) {
      this.blobs.set(`${path} ${mount}`, mounted);
      return exchange.answer(201, { location: `/v2/${path}/blobs/${mount}` });
    }
    const id = `upload-${++this.#uploadCount}`;
    const upload = { path, bytes: Buffer.alloc(0) };
    this.#uploads.set(id, upload);
    exchange.answer(202, {
      ...uploadHeaders(path, id, upload),
      ...(this.minChunkBytes === undefined
        ? {}
        : { 'oci-chunk-min-length': String(this.minChunkBytes) }),
    });
  }

  /** Pages as distribution-spec has them: `n`, `last`, and a link to the next. */
  #page(exchange: FakeExchange, target: URL, kind: 'tags' | 'repositories', path = '') {
    const keys = [...this.manifests.keys()].map((key) => key.split(' '));
    const names = new Set(
      kind === 'repositories'
        ? keys.map(([each = '']) => each)
        : keys
            .filter(([each, tag = '']) => each === path && !parseDigest(tag))
            .map(([, tag = '']) => tag),
    );
    if (kind === 'tags' && names.size === 0) {
      return exchange.refuse(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    }
    const last = target.searchParams.get('last') ?? '';
    const rest = [...names].sort().filter((name) => name > last);
    const page = rest.slice(0, this.pageSize);
    const next = `${target.pathname}?n=${this.pageSize}&last=${page.at(-1)}`;
    const link = { link: `<${next}>; rel="next"` };
    const body = JSON.stringify({ ...(path ? { name: path } : {}), [kind]: page });
    exchange.answer(200, page.length < rest.length ? link : {}, body);
  }
}

function uploadHeaders(path: string, id: string, upload: Upload): Record<string, string> {
  return {
    // Relative, and with a query: both are allowed.
    location: `/v2/${path}/blobs/uploads/${id}?_state=x`,
    range: `0-${Math.max(upload.bytes.length - 1, 0)}`,
    'docker-upload-uuid': id,
  };
}

export function sha256(bytes: Uint8Array): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  if (!digest) throw new Error('sha256 gave no digest');
  return digest;
}
