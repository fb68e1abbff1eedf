import { EngineError } from '../base/engine-error.ts';
import type { FetchedManifest, Registry, RegistryAccess } from '../registry/contract.ts';
import type { Digest } from '../spec/digest.ts';
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  isAttestation,
  parseManifest,
} from '../spec/manifest.ts';
import { isIndex } from '../spec/media-types.ts';
import {
  DEFAULT_PLATFORM,
  type Platform,
  platformText,
  satisfies,
  wasmPreference,
} from '../spec/platform.ts';
import { DEFAULT_TAG, familiarName, pathOf, type Reference } from '../spec/reference.ts';
import { inOrder } from './bounded-parallel.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer, TellProgress } from './contract.ts';
import {
  checkHasModule,
  checkLayerTypes,
  type ImageForm,
  MAX_CONFIG_BYTES,
  modulePathOf,
  promisedDiffId,
} from './image-form.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { ImageTable } from './image-table.ts';
import type { LayerFetcher } from './layer-fetcher.ts';
import type { LayerStore } from './layer-store.ts';
import type { Lease, Leases } from './leases.ts';

export interface PullParts {
  readonly registry: Pick<Registry, 'fetchManifest' | 'fetchBlob'>;
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly table: ImageTable;
  readonly leases: Leases;
  readonly registrar: ImageRegistrar;
  readonly fetcher: LayerFetcher;
}

export interface PullRequest {
  /** With a tag or a digest. */
  readonly reference: Reference;
  readonly platform: Platform | undefined;
  readonly access: RegistryAccess;
  readonly tell: TellProgress;
}

/** As Docker's daemon: how many layers of one pull come at a time. */
const MAX_CONCURRENT_LAYERS = 3;

/**
 * Gets an image from a registry: its manifest (out of an index, the one that fits here), its
 * configuration, and the layers that are not here, each indexed while it comes. Names are given
 * when all is on disk. Answers the image's id, and the digest of what the reference names.
 */
export async function pullFromRegistry(
  parts: PullParts,
  request: PullRequest,
): Promise<{ readonly id: Digest; readonly digest: Digest }> {
  const { reference, access, tell } = request;
  const { repository, tag } = reference;
  const named = await parts.registry.fetchManifest(
    repository,
    reference.digest ?? tag ?? DEFAULT_TAG,
    access,
  );
  // Not before somebody has it: a failure until here is the answer, and no line of it.
  tell({
    id: reference.digest ?? tag ?? DEFAULT_TAG,
    status: `Pulling from ${pathOf(repository)}`,
  });
  using lease = parts.leases.take();
  const { fetched, manifest } = await imageManifest(parts, named, request);
  checkLayerTypes(manifest);
  lease.hold(fetched.digest);
  await fetchConfig(parts, manifest, request, lease);
  const form = parts.registrar.formOf(manifest);
  checkPlatform(form, request);
  const layers = await fetchLayers(parts, form, manifest, request, lease);
  checkHasModule(form, manifest, layers);
  parts.content.put(fetched.bytes);
  const id = parts.registrar.addImage(
    { mediaType: manifest.mediaType, digest: fetched.digest, size: fetched.bytes.length },
    manifest,
    layers,
    {
      tag: tag !== undefined && reference.digest === undefined ? { repository, tag } : undefined,
      repoDigest: { repository, digest: named.digest },
    },
  );
  return { id, digest: named.digest };
}

/** The manifest of the image to be pulled, which may be one of several in an index. */
async function imageManifest(
  { registry }: PullParts,
  named: FetchedManifest,
  request: PullRequest,
): Promise<{ readonly fetched: FetchedManifest; readonly manifest: ImageManifest }> {
  const { reference, access } = request;
  let fetched = named;
  let manifest = parseManifest(named.bytes, named.mediaType);
  // An index may hold an index, but nobody nests them deeper than this.
  for (let depth = 0; manifest.kind === 'index' && depth < MAX_INDEX_DEPTH; depth++) {
    const chosen = chooseManifest(manifest, request);
    fetched = await registry.fetchManifest(reference.repository, chosen.digest, access);
    manifest = parseManifest(fetched.bytes, fetched.mediaType);
  }
  if (manifest.kind === 'manifest') return { fetched, manifest };
  throw new EngineError(
    'invalid-argument',
    `invalid image ${familiarName(reference)}: indexes within indexes`,
  );
}

const MAX_INDEX_DEPTH = 3;
const MAX_SHOWN_PLATFORMS = 20;

/** What marks an image for another system whose program is WebAssembly all the same (crun's rule). */
export function isCompatible({ annotations }: Pick<Descriptor, 'annotations'>): boolean {
  return (
    annotations?.['module.wasm.image/variant']?.startsWith('compat') === true ||
    annotations?.['run.oci.handler'] === 'wasm'
  );
}

function chooseManifest(index: ImageIndex, { platform, reference }: PullRequest): Descriptor {
  const candidates = index.manifests.filter((descriptor) => !isAttestation(descriptor));
  const chosen = platform === undefined ? bestFor(candidates) : candidates.find(isFor(platform));
  if (chosen) return chosen;
  const offered = candidates
    .map((descriptor) => platformText(descriptor.platform ?? NO_PLATFORM))
    .slice(0, MAX_SHOWN_PLATFORMS);
  throw new EngineError(
    'not-found',
    `no matching manifest for ${platformText(platform ?? DEFAULT_PLATFORM)} in the manifest list entries of ${familiarName(reference)}: it has ${offered.join(', ') || 'none'} (--platform takes one of them)`,
  );
}

const NO_PLATFORM: Platform = { os: 'unknown', architecture: 'unknown' };

function isFor(wanted: Platform): (descriptor: Descriptor) => boolean {
  return ({ platform }) => platform !== undefined && satisfies(platform, wanted);
}

function bestFor(candidates: readonly Descriptor[]): Descriptor | undefined {
  const rank = ({ platform, mediaType }: Descriptor): number | undefined =>
    // An entry that says no platform may be an index again, or the only image.
    platform ? wasmPreference(platform) : isIndex(mediaType) ? 0 : NO_PREFERENCE;
  let best: { readonly descriptor: Descriptor; readonly rank: number } | undefined;
  for (const descriptor of candidates) {
    const found = rank(descriptor) ?? (isCompatible(descriptor) ? NO_PREFERENCE : undefined);
    if (found === undefined) continue;
    if (best === undefined || found < best.rank) best = { descriptor, rank: found };
  }
  return best?.descriptor;
}

const NO_PREFERENCE = 1_000;

/** An image that comes without an index says in its configuration what it is for. */
function checkPlatform({ config }: ImageForm, { platform, reference }: PullRequest): void {
  const own = { os: config.os ?? '', architecture: config.architecture ?? '' };
  if (platform === undefined || satisfies({ ...platform, ...own }, platform)) return;
  throw new EngineError(
    'not-found',
    `image with reference ${familiarName(reference)} was found but its platform (${platformText(own)}) does not match the specified platform (${platformText(platform)})`,
  );
}

async function fetchConfig(
  { registry, content }: PullParts,
  { config }: ImageManifest,
  { reference, access }: PullRequest,
  lease: Lease,
): Promise<void> {
  lease.hold(config.digest);
  if (content.has(config.digest)) return;
  if (config.size > MAX_CONFIG_BYTES) {
    throw new EngineError(
      'invalid-argument',
      `image configuration of ${familiarName(reference)} is larger than ${MAX_CONFIG_BYTES} bytes`,
    );
  }
  await using writer = await content.writer();
  const options = { ...access, offset: 0 };
  for await (const chunk of registry.fetchBlob(reference.repository, config, options)) {
    await writer.write(chunk);
  }
  await writer.commit(content.pathOf(config.digest), config.digest);
}

async function fetchLayers(
  parts: PullParts,
  form: ImageForm,
  manifest: ImageManifest,
  request: PullRequest,
  lease: Lease,
): Promise<readonly ImageLayer[]> {
  const { tell } = request;
  for (const { digest } of manifest.layers) {
    tell({ id: shortOf(digest), status: 'Pulling fs layer' });
  }
  for (const { digest } of manifest.layers.slice(MAX_CONCURRENT_LAYERS)) {
    tell({ id: shortOf(digest), status: 'Waiting' });
  }
  return inOrder(
    manifest.layers,
    MAX_CONCURRENT_LAYERS,
    request.access.signal,
    (_, index, signal) =>
      fetchLayer(parts, { form, manifest, index }, withSignal(request, signal), lease),
  );
}

function withSignal(request: PullRequest, signal: AbortSignal): PullRequest {
  return { ...request, access: { ...request.access, signal } };
}

async function fetchLayer(
  parts: PullParts,
  place: { readonly form: ImageForm; readonly manifest: ImageManifest; readonly index: number },
  { reference, access, tell }: PullRequest,
  lease: Lease,
): Promise<ImageLayer> {
  const { form, manifest, index } = place;
  const descriptor = manifest.layers[index];
  if (!descriptor) throw new Error('a layer outside its manifest');
  const id = shortOf(descriptor.digest);
  const { digest, size, mediaType } = descriptor;
  const diffId = promisedDiffId(form, manifest, index);
  lease.hold(digest);
  if (diffId) lease.hold(diffId);
  const isHere =
    diffId !== undefined && parts.content.has(digest) && parts.table.unpacksTo(digest, diffId);
  if (isHere && parts.layers.isReady({ diffId })) {
    tell({ id, status: 'Already exists' });
    const sizeBytes = parts.content.sizeOf(diffId) ?? 0;
    return { descriptor: { mediaType, digest, size }, diffId, sizeBytes };
  }
  const added = await parts.fetcher.fetch({
    repository: reference.repository,
    descriptor,
    access,
    diffId,
    lease,
    progress: (current) => tell({ id, status: 'Downloading', current, total: size }),
  });
  tell({ id, status: 'Pull complete' });
  const layer = {
    descriptor: { mediaType, digest, size },
    diffId: added.diffId,
    sizeBytes: added.sizeBytes,
  };
  if (added.kind === 'archive') return layer;
  const modulePath = modulePathOf(form, manifest, index);
  parts.layers.addModuleIndex(added.digest, modulePath);
  return { ...layer, modulePath };
}

/** How a layer is shown. */
export function shortOf(digest: Digest): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}
