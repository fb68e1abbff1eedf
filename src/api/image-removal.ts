import { EngineError } from '../base/engine-error.ts';
import { isLive } from '../engine/container-state.ts';
import type { Image, RemovedImage } from '../image/contract.ts';
import { booleanFilter, type Filters, parseFilters } from '../wire/filters.ts';
import {
  IMAGE_PRUNE_FILTERS,
  type ImageDeleteItem,
  type ImagePruneResponse,
} from '../wire/image.ts';
import type { Exchange } from './exchange.ts';
import type { ImageBackend } from './image-backend.ts';
import { matchesImageDetails } from './image-filters.ts';

/** `DELETE /images/{name}`. What a container is made of stays, by force, too. */
export function removeImage(exchange: Exchange, backend: ImageBackend): void {
  const reference = exchange.parameter(0);
  const image = imageOf(reference, backend);
  if (image) checkUnused(image, reference, backend);
  const force = exchange.flag('force');
  exchange.json(200, deleteItems(backend.images.remove(reference, { force })));
}

/** Undefined for what has a name and is no image, as a signature; or nothing at all. */
function imageOf(reference: string, { images }: ImageBackend): Image | undefined {
  try {
    return images.get(reference);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.kind === 'not-found') return undefined;
    throw thrown;
  }
}

/** # Errors: conflict, when a container would lose its image. */
function checkUnused(image: Image, reference: string, backend: ImageBackend): void {
  const user = backend.containers.all().find(({ config }) => config.imageId === image.id);
  // Taking away one of several names hurts nobody.
  const isById = !image.repoTags.some((tag) => tag === reference || tag === `${reference}:latest`);
  if (user && (isById || image.repoTags.length <= 1)) {
    const state = isLive(user.state) ? 'running' : 'stopped';
    const remedy = state === 'running' ? 'cannot be forced' : 'remove the container first';
    throw new EngineError(
      'conflict',
      `conflict: unable to remove repository reference "${reference}" (${remedy}) - container ${user.id.slice(0, 12)} is using its referenced image ${image.id.slice('sha256:'.length, 'sha256:'.length + 12)} (${state})`,
    );
  }
}

/**
 * `POST /images/prune`: images without a name, with `dangling=false` all that no container is made
 * of; and what is left of pulls that nobody went on with.
 */
export function pruneImages(exchange: Exchange, backend: ImageBackend): void {
  const filters = parseFilters(exchange.query.get('filters'), IMAGE_PRUNE_FILTERS);
  const removed = prunable(filters, backend).map(({ id }) =>
    backend.images.remove(id, { force: true }),
  );
  const reclaimed = removed.reduce((sum, { reclaimedBytes }) => sum + reclaimedBytes, 0);
  const items = removed.flatMap(deleteItems);
  exchange.json(200, {
    ImagesDeleted: items.length > 0 ? items : null,
    SpaceReclaimed: reclaimed + backend.images.sweep(),
  } satisfies ImagePruneResponse);
}

function prunable(filters: Filters, backend: ImageBackend): readonly Image[] {
  const isDanglingOnly = booleanFilter(filters, 'dangling') ?? true;
  const used = new Set(backend.containers.all().map(({ config }) => config.imageId));
  const world = {
    find: (reference: string) => backend.images.get(reference),
    nowNs: backend.clock.realtimeNs(),
  };
  return backend.images
    .list()
    .filter(({ id }) => !used.has(id))
    .filter(({ repoTags }) => !isDanglingOnly || repoTags.length === 0)
    .filter((image) => matchesImageDetails(image, filters, world));
}

function deleteItems({ untagged, deleted }: RemovedImage): readonly ImageDeleteItem[] {
  return [
    ...untagged.map((name): ImageDeleteItem => ({ Untagged: name })),
    ...deleted.map((id): ImageDeleteItem => ({ Deleted: id })),
  ];
}
