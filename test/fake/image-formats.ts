import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Digest } from '../../src/spec/digest.ts';
import type { Descriptor } from '../../src/spec/manifest.ts';
import { MEDIA_TYPES } from '../../src/spec/media-types.ts';

/** What an archive has at a path: a file, or a symbolic link. */
export type ArchiveContent = string | Uint8Array | { readonly link: string };

/** A tar archive of just these, in this order. */
export async function tarOf(
  files: Readonly<Record<string, ArchiveContent>> | ReadonlyMap<string, ArchiveContent>,
): Promise<Buffer> {
  const archive = pack();
  const entries = files instanceof Map ? [...files] : Object.entries(files);
  for (const [name, content] of entries) {
    const header = { name, mtime: new Date(0), mode: 0o755 };
    if (typeof content === 'string') archive.entry(header, content);
    else if (content instanceof Uint8Array) archive.entry(header, Buffer.from(content));
    else archive.entry({ ...header, type: 'symlink', linkname: content.link });
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** An OCI layout in the making: blobs by their digests, and what the index names. */
export class Layout {
  readonly blobs = new Map<Digest, Uint8Array>();
  readonly roots: Descriptor[] = [];

  blob(mediaType: string, content: Uint8Array | string | object, rest: Partial<Descriptor> = {}) {
    const bytes =
      typeof content === 'string' || content instanceof Uint8Array
        ? Buffer.from(content)
        : Buffer.from(JSON.stringify(content));
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...rest } satisfies Descriptor;
  }

  manifest(
    config: Descriptor,
    layers: readonly Descriptor[],
    rest: object = {},
    descriptorRest: Partial<Descriptor> = {},
  ): Descriptor {
    const mediaType = MEDIA_TYPES.ociManifest;
    const manifest = { schemaVersion: 2, mediaType, config, layers, ...rest };
    return this.blob(mediaType, manifest, descriptorRest);
  }

  index(manifests: readonly Descriptor[], rest: Partial<Descriptor> = {}): Descriptor {
    const mediaType = MEDIA_TYPES.ociIndex;
    return this.blob(mediaType, { schemaVersion: 2, mediaType, manifests }, rest);
  }

  add(descriptor: Descriptor, name?: string): void {
    const annotations = { 'io.containerd.image.name': name ?? '' };
    this.roots.push(name === undefined ? descriptor : { ...descriptor, annotations });
  }

  /** The layout's files, the index in front or behind the rest. */
  files(indexAt: 'first' | 'last' = 'last'): Map<string, ArchiveContent> {
    const blobs = [...this.blobs].map(
      ([digest, bytes]) => [`blobs/sha256/${digest.slice(7)}`, bytes] as const,
    );
    const index = JSON.stringify({ schemaVersion: 2, manifests: this.roots });
    const rest = [
      ['index.json', index],
      ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
    ] as const;
    return new Map<string, ArchiveContent>(
      indexAt === 'first' ? [...rest, ...blobs] : [...blobs, ...rest],
    );
  }

  archive(indexAt?: 'first' | 'last'): Promise<Buffer> {
    return tarOf(this.files(indexAt));
  }
}

/** What images of one program are made of. */
export interface ProgramImage {
  /** Of a core module for WASI. */
  readonly program: Uint8Array;
  readonly name: string;
}

const EPOCH = '1970-01-01T00:00:00Z';

function configOf(
  os: string,
  architecture: string,
  diffIds: readonly string[],
  config: object = { Entrypoint: ['/app.wasm'] },
) {
  const rootfs = { type: 'layers', diff_ids: diffIds };
  return { created: EPOCH, architecture, os, config, rootfs };
}

/** An ordinary image of one layer with the program at /app.wasm. */
async function ordinaryImage(
  { program, name }: ProgramImage,
  os: string,
  architecture: string,
  annotations?: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const layout = new Layout();
  const tar = await tarOf({ 'app.wasm': program });
  const config = layout.blob(MEDIA_TYPES.ociConfig, configOf(os, architecture, [sha256(tar)]));
  const layer = layout.blob(MEDIA_TYPES.ociLayerGzip, gzipSync(tar));
  layout.add(layout.manifest(config, [layer], annotations ? { annotations } : {}), name);
  return layout.archive();
}

/** What runwasi's tools write: the program is a layer of its own. */
async function runwasiImage(
  { program, name }: ProgramImage,
  layerType: string,
  { isCounted, command = '/app.wasm' }: { isCounted: boolean; command?: string },
): Promise<Buffer> {
  const layout = new Layout();
  const diffIds = isCounted ? [sha256(program)] : [];
  const content = configOf('wasip1', 'wasm', diffIds, { Entrypoint: [command] });
  const config = layout.blob(MEDIA_TYPES.ociConfig, content);
  const layer = layout.blob(layerType, program);
  layout.add(layout.manifest(config, [layer]), name);
  return layout.archive();
}

function artifact(
  { program, name }: ProgramImage,
  config: { readonly mediaType: string; readonly content: string | object },
  layerType: string,
  layerRest: Partial<Descriptor> = {},
): Promise<Buffer> {
  const layout = new Layout();
  const configBlob = layout.blob(config.mediaType, config.content);
  const layer = layout.blob(layerType, program, layerRest);
  layout.add(layout.manifest(configBlob, [layer]), name);
  return layout.archive();
}

/** An index with an image for another system, one for WebAssembly, and what attests to it. */
async function indexWithAttestations({ program, name }: ProgramImage): Promise<Buffer> {
  const layout = new Layout();
  const image = async (os: string, architecture: string, content: Uint8Array) => {
    const tar = await tarOf({ 'app.wasm': content });
    const config = layout.blob(MEDIA_TYPES.ociConfig, configOf(os, architecture, [sha256(tar)]));
    const layer = layout.blob(MEDIA_TYPES.ociLayer, tar);
    return layout.manifest(config, [layer], {}, { platform: { os, architecture } });
  };
  const other = await image('linux', 'amd64', Buffer.from('\x7fELF'));
  const wasm = await image('wasip1', 'wasm', program);
  const statement = layout.blob('application/vnd.in-toto+json', '{"_type":"statement"}');
  const config = layout.blob(MEDIA_TYPES.ociConfig, {
    ...configOf('unknown', 'unknown', [sha256('{"_type":"statement"}')]),
  });
  const attestation = layout.manifest(
    config,
    [statement],
    {},
    {
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': wasm.digest,
      },
    },
  );
  layout.add(layout.index([other, wasm, attestation]), name);
  return layout.archive();
}

/** As `docker save` before version 25: no manifests, a folder a layer. */
export async function olderDockerArchive(
  layers: readonly Uint8Array[],
  config: object,
  names: readonly string[],
): Promise<Map<string, ArchiveContent>> {
  const files = new Map<string, ArchiveContent>();
  const configBytes = Buffer.from(JSON.stringify(config));
  const paths: string[] = [];
  const folders = new Map<Digest, string>();
  for (const [index, layer] of layers.entries()) {
    const folder = sha256(`folder ${index}`).slice(7);
    const twin = folders.get(sha256(layer));
    files.set(`${folder}/VERSION`, '1.0');
    files.set(`${folder}/json`, JSON.stringify({ id: folder }));
    files.set(`${folder}/layer.tar`, twin ? { link: `../${twin}/layer.tar` } : layer);
    folders.set(sha256(layer), folder);
    paths.push(`${folder}/layer.tar`);
  }
  const configPath = `${sha256(configBytes).slice(7)}.json`;
  files.set(configPath, configBytes);
  const manifest = [{ Config: configPath, RepoTags: names, Layers: paths }];
  files.set('manifest.json', JSON.stringify(manifest));
  return files;
}

/** As `docker save` from version 25 on: a layout with a `manifest.json` for older ones. */
async function newerDockerArchive({ program, name }: ProgramImage): Promise<Buffer> {
  const layout = new Layout();
  const tar = await tarOf({ 'app.wasm': program });
  const config = layout.blob(MEDIA_TYPES.ociConfig, configOf('wasi', 'wasm', [sha256(tar)]));
  const layer = layout.blob(MEDIA_TYPES.ociLayer, tar);
  layout.add(layout.manifest(config, [layer]), `docker.io/library/${name}:latest`);
  const path = ({ digest }: Descriptor): string => `blobs/sha256/${digest.slice(7)}`;
  const manifest = [{ Config: path(config), RepoTags: [`${name}:latest`], Layers: [path(layer)] }];
  return tarOf(layout.files().set('manifest.json', JSON.stringify(manifest)));
}

const CNCF_CONFIG = {
  mediaType: MEDIA_TYPES.wasmConfig,
  content: { created: EPOCH, architecture: 'wasm', os: 'wasip1', layerDigests: [] },
};
const EMPTY_CONFIG = { mediaType: 'application/vnd.oci.empty.v1+json', content: '{}' };
const LEGACY_CONFIG = { mediaType: MEDIA_TYPES.legacyWasmConfig, content: '' };

/** Every form in which a program is handed on, as an archive that can be loaded. */
export const IMAGE_FORMATS: Readonly<Record<string, (image: ProgramImage) => Promise<Buffer>>> = {
  'wasi/wasm': (image) => ordinaryImage(image, 'wasi', 'wasm'),
  'wasip1/wasm': (image) => ordinaryImage(image, 'wasip1', 'wasm'),
  'wasip2/wasm': (image) => ordinaryImage(image, 'wasip2', 'wasm'),
  'wasi/wasm32': (image) => ordinaryImage(image, 'wasi', 'wasm32'),
  'wasi/wasm64': (image) => ordinaryImage(image, 'wasi', 'wasm64'),
  'crun variant': (image) =>
    ordinaryImage(image, 'linux', 'amd64', { 'module.wasm.image/variant': 'compat-smart' }),
  'crun handler': (image) => ordinaryImage(image, 'linux', 'amd64', { 'run.oci.handler': 'wasm' }),
  'runwasi, counted': (image) =>
    runwasiImage(image, MEDIA_TYPES.runwasiComponentLayer, { isCounted: true }),
  'runwasi, not counted': (image) =>
    runwasiImage(image, MEDIA_TYPES.wasmLayer, { isCounted: false }),
  'runwasi, by name': (image) =>
    runwasiImage(image, MEDIA_TYPES.wasmLayer, { isCounted: true, command: 'app.wasm' }),
  'CNCF artifact': (image) => artifact(image, CNCF_CONFIG, MEDIA_TYPES.wasmLayer),
  'legacy artifact': (image) => artifact(image, LEGACY_CONFIG, MEDIA_TYPES.legacyWasmLayer),
  'octet-stream artifact': (image) => artifact(image, EMPTY_CONFIG, 'application/octet-stream'),
  'titled artifact': (image) =>
    artifact(image, EMPTY_CONFIG, MEDIA_TYPES.ociLayer, {
      annotations: { 'org.opencontainers.image.title': 'app.wasm' },
    }),
  'index with attestations': indexWithAttestations,
  'docker save before 25': async ({ program, name }) => {
    const tar = await tarOf({ 'app.wasm': program });
    const config = configOf('wasi', 'wasm', [sha256(tar)]);
    return tarOf(await olderDockerArchive([tar], config, [`${name}:latest`]));
  },
  'docker save since 25': newerDockerArchive,
  'bare module': async ({ program }) => Buffer.from(program),
};
