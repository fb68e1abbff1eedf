import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { parseListenAddress } from '../../src/api/registry/listen-address.ts';
import {
  RegistryServer,
  type RegistryServerOptions,
} from '../../src/api/registry/registry-server.ts';
import { createLog } from '../../src/base/log.ts';
import { digestOf } from '../../src/image/content-store.ts';
import type { ImageService } from '../../src/image/image-service.ts';
import type { Digest } from '../../src/spec/digest.ts';
import { MEDIA_TYPES } from '../../src/spec/media-types.ts';
import type { AccessLine } from '../../src/wire/registry-serve.ts';
import { archiveOf, gzippedArchiveOf, ImageFixture } from './image-fixture.ts';

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RegistryRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in these pieces; without a length when there are several. */
  readonly body?: Uint8Array | string | readonly Uint8Array[];
}

/** A registry on loopback over a store in a folder of its own. */
export class ServedRegistry implements AsyncDisposable {
  readonly images: ImageService;
  readonly fixture: ImageFixture;
  readonly accessLines: AccessLine[] = [];
  /** What went into the log as an error. */
  readonly bugs: string[] = [];
  readonly usedImages = new Set<Digest>();
  #server: RegistryServer | undefined;

  private constructor(fixture: ImageFixture, images: ImageService) {
    this.fixture = fixture;
    this.images = images;
  }

  static async open(options: Partial<RegistryServerOptions> = {}): Promise<ServedRegistry> {
    const fixture = new ImageFixture();
    const served = new ServedRegistry(fixture, await fixture.open());
    try {
      served.#server = await RegistryServer.open({
        images: served.images,
        isUsed: (id) => served.usedImages.has(id),
        address: parseListenAddress('127.0.0.1:0'),
        isReadOnly: false,
        auth: undefined,
        tls: undefined,
        clock: fixture.clock,
        log: createLog(
          (line) => served.bugs.push(line),
          () => '',
          'error',
        ),
        tellAccess: (line) => served.accessLines.push(line),
        ...options,
      });
    } catch (thrown) {
      fixture[Symbol.dispose]();
      throw thrown;
    }
    return served;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  send(method: string, path: string, request: RegistryRequest = {}): Promise<RegistryAnswer> {
    const { headers = {}, body } = request;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(new URL(path, this.url), { method, headers, agent: false });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        const chunks: Uint8Array[] = [];
        response.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, headers: answered } = response;
          resolve({ status: statusCode, headers: answered, body: Buffer.concat(chunks) });
        });
      });
      if (Array.isArray(body)) {
        for (const piece of body) outgoing.write(piece);
        outgoing.end();
      } else outgoing.end(body);
    });
  }

  async pushBlob(name: string, bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
    const { status, body } = await this.send('POST', path, { body: bytes });
    if (status === 201) return digest;
    throw new Error(`the blob was refused: ${status} ${body}`);
  }

  putManifest(name: string, reference: string, manifest: object): Promise<RegistryAnswer> {
    const type = 'mediaType' in manifest ? String(manifest.mediaType) : MEDIA_TYPES.ociManifest;
    return this.send('PUT', `/v2/${name}/manifests/${reference}`, {
      headers: { 'Content-Type': type },
      body: JSON.stringify(manifest),
    });
  }

  /** Pushes the blobs of an image with one file, and answers its manifest. */
  async pushContents(name: string, text: string): Promise<{ manifest: object; digest: Digest }> {
    const layer = await gzippedArchiveOf({ file: text });
    const diffId = digestOf(await archiveOf({ file: text }));
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'wasm',
        os: 'wasi',
        config: { Cmd: ['/file'] },
        rootfs: { type: 'layers', diff_ids: [diffId] },
      }),
    );
    await this.pushBlob(name, layer);
    await this.pushBlob(name, config);
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: descriptorOf(MEDIA_TYPES.ociConfig, config),
      layers: [descriptorOf(MEDIA_TYPES.ociLayerGzip, layer)],
    };
    return { manifest, digest: digestOf(Buffer.from(JSON.stringify(manifest))) };
  }

  /** Pushes an image with one file; answers its manifest's digest. */
  async pushImage(name: string, tag: string, text: string): Promise<Digest> {
    const { manifest, digest } = await this.pushContents(name, text);
    const { status, body } = await this.putManifest(name, tag, manifest);
    if (status === 201) return digest;
    throw new Error(`the manifest was refused: ${status} ${body}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.fixture[Symbol.dispose]();
  }
}

export function descriptorOf(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** The codes of an error's answer. */
export function codesOf({ body }: RegistryAnswer): readonly string[] {
  const { errors } = JSON.parse(body.toString()) as { errors: readonly { code: string }[] };
  return errors.map(({ code }) => code);
}
