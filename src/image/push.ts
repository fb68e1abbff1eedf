import { EngineError } from '../base/engine-error.ts';
import type { Registry, RegistryAccess } from '../registry/contract.ts';
import type { Digest } from '../spec/digest.ts';
import {
  contentsOf,
  type Descriptor,
  MAX_MANIFEST_BYTES,
  type Manifest,
} from '../spec/manifest.ts';
import { familiarName, pathOf, registryOf } from '../spec/reference.ts';
import { inOrder } from './bounded-parallel.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer, TellProgress } from './contract.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { ImageTable, TagName } from './image-table.ts';
import type { Lease } from './leases.ts';
import { shortOf } from './pull.ts';

export interface PushParts {
  readonly registry: Pick<Registry, 'pushBlob' | 'pushManifest'>;
  readonly content: ContentStore;
  readonly table: ImageTable;
  readonly registrar: ImageRegistrar;
}

export interface PushRequest {
  /** Holds all that is sent: the image may be removed meanwhile. */
  readonly lease: Lease;
  /** What it is to be called there; its repository tells the registry. */
  readonly name: TagName;
  readonly access: RegistryAccess;
  readonly tell: TellProgress;
}

/** As Docker's daemon: how many layers of one push go at a time. */
const MAX_CONCURRENT_BLOBS = 5;

/**
 * Sends what a tag points to: of an index all images first, of an image all blobs; what is there
 * already is not sent, what another repository of the registry has is mounted from it. The tag
 * comes last: who sees it can have all of it. Answers the manifest.
 */
export async function pushToRegistry(
  parts: PushParts,
  manifestDigest: Digest,
  request: PushRequest,
): Promise<Descriptor> {
  const { name } = request;
  const descriptor = parts.table.manifest(manifestDigest)?.descriptor;
  if (!descriptor) {
    throw new EngineError('data-loss', `the manifest of ${familiarName(name)} is missing`);
  }
  await pushManifest(parts, descriptor, name.tag, request);
  return descriptor;
}

async function pushManifest(
  parts: PushParts,
  descriptor: Descriptor,
  reference: string,
  request: PushRequest,
): Promise<void> {
  const { registry, content, registrar } = parts;
  const { name, access } = request;
  request.lease.hold(descriptor.digest);
  const manifest = registrar.readManifest(descriptor.digest, descriptor.mediaType);
  for (const { digest } of contentsOf(manifest)) request.lease.hold(digest);
  await pushContents(parts, descriptor, manifest, request);
  const bytes = content.read(descriptor.digest, MAX_MANIFEST_BYTES);
  const { mediaType } = manifest;
  await registry.pushManifest(name.repository, reference, { mediaType, bytes }, access);
}

async function pushContents(
  parts: PushParts,
  { digest: manifestDigest }: Descriptor,
  manifest: Manifest,
  request: PushRequest,
): Promise<void> {
  if (manifest.kind === 'index') {
    for (const child of manifest.manifests) {
      if (!parts.content.has(child.digest)) throw missing(child.digest, request);
      await pushManifest(parts, child, child.digest, request);
    }
    return;
  }
  const layers = layersOf(parts.table, manifestDigest);
  const labelOf = (digest: Digest): string =>
    shortOf(layers.find(({ descriptor }) => descriptor.digest === digest)?.diffId ?? digest);
  const blobs = distinct([...manifest.layers, manifest.config]);
  const shown = (blob: Descriptor): boolean => blob.digest !== manifest.config.digest;
  for (const blob of blobs.filter(shown)) {
    request.tell({ id: labelOf(blob.digest), status: 'Preparing' });
  }
  await inOrder(blobs, MAX_CONCURRENT_BLOBS, request.access.signal, (blob, _, signal) =>
    pushBlob(parts, blob, shown(blob) ? labelOf(blob.digest) : undefined, {
      ...request,
      access: { ...request.access, signal },
    }),
  );
}

/** `label` undefined: nobody wants to see it (the configuration). */
async function pushBlob(
  { registry, content, table }: PushParts,
  { digest, size }: Descriptor,
  label: string | undefined,
  { name, access, tell }: PushRequest,
): Promise<void> {
  const say = (status: string, amounts: { current?: number; total?: number } = {}): void => {
    if (label !== undefined) tell({ id: label, status, ...amounts });
  };
  if (!content.has(digest)) throw missing(digest, { name });
  const blob = {
    digest,
    sizeBytes: size,
    mountFrom: repositoriesWith(table, digest, name.repository),
    open: (offset: number) => content.open(digest, offset),
    progress: (current: number) => say('Pushing', { current, total: size }),
  };
  const outcome = await registry.pushBlob(name.repository, blob, access);
  if (outcome.kind === 'present') say('Layer already exists');
  else if (outcome.kind === 'pushed') say('Pushed');
  else say(`Mounted from ${pathOf(outcome.from)}`);
}

function missing(digest: Digest, { name }: Pick<PushRequest, 'name'>): EngineError {
  return new EngineError(
    'failed-precondition',
    `cannot push ${familiarName(name)}: content ${digest} is not here (an index can be pushed only with all of its images)`,
  );
}

function layersOf(table: ImageTable, manifestDigest: Digest): readonly ImageLayer[] {
  const imageId = table.manifest(manifestDigest)?.imageId;
  return (imageId && table.image(imageId)?.layers) ?? [];
}

function distinct(blobs: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

/** So many are tried: each costs a request. */
const MAX_MOUNT_SOURCES = 3;

/** Other repositories of the same registry that are known to have a blob. */
function repositoriesWith(
  table: ImageTable,
  digest: Digest,
  repository: string,
): readonly string[] {
  const registry = registryOf(repository);
  const found = new Set<string>();
  for (const manifest of table.manifests()) {
    if (!manifest.contents.includes(digest) || manifest.imageId === undefined) continue;
    for (const name of table.digestsOf(manifest.imageId)) {
      const isOther = name.repository !== repository && registryOf(name.repository) === registry;
      if (isOther) found.add(name.repository);
    }
  }
  return [...found].slice(0, MAX_MOUNT_SOURCES);
}
