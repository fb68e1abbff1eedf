import { DEFAULT_TAG } from '../spec/reference.ts';
import { parseFilters } from '../wire/filters.ts';
import { IMAGE_LIST_FILTERS } from '../wire/image.ts';
import { compareVersions } from '../wire/versions.ts';
import { searchImages } from './distribution-routes.ts';
import type { Exchange } from './exchange.ts';
import { convertImage, importImage, loadImages, saveImages } from './image-archives.ts';
import type { ImageBackend } from './image-backend.ts';
import { matchesImageFilters, withNamesOnly } from './image-filters.ts';
import { pullImages } from './image-pull.ts';
import { pushImages } from './image-push.ts';
import { pruneImages, removeImage } from './image-removal.ts';
import { imageHistory, imageInspect, imageSummary } from './image-views.ts';
import { type Route, route } from './route.ts';

export function imageRoutes(backend: ImageBackend): readonly Route[] {
  const { images } = backend;
  return [
    route('GET', '/images/json', (exchange) => listImages(exchange, backend)),
    route('GET', '/images/search', (exchange) => searchImages(exchange, backend)),
    route('GET', '/images/get', (exchange) =>
      saveImages(exchange, backend, exchange.query.getAll('names')),
    ),
    route('POST', '/images/create', (exchange) =>
      exchange.query.has('fromSrc')
        ? importImage(exchange, backend)
        : pullImages(exchange, backend),
    ),
    route('POST', '/images/load', (exchange) => loadImages(exchange, backend)),
    route('POST', '/images/prune', (exchange) => pruneImages(exchange, backend)),
    route('GET', '/images/{name*}/json', (exchange) => {
      const image = images.get(exchange.parameter(0));
      const containerIds = exchange.flag('manifests') ? usersOf(image.id, backend) : undefined;
      exchange.json(200, imageInspect(image, exchange.apiVersion, containerIds));
    }),
    route('GET', '/images/{name*}/history', (exchange) => {
      exchange.json(200, imageHistory(images.get(exchange.parameter(0))));
    }),
    route('GET', '/images/{name*}/get', (exchange) =>
      saveImages(exchange, backend, [exchange.parameter(0)]),
    ),
    route('POST', '/images/{name*}/push', (exchange) => pushImages(exchange, backend)),
    route('POST', '/images/{name*}/convert', (exchange) => convertImage(exchange, backend)),
    route('POST', '/images/{name*}/tag', (exchange) => {
      const repository = exchange.query.get('repo') ?? '';
      const tag = exchange.query.get('tag') || DEFAULT_TAG;
      images.tag(exchange.parameter(0), `${repository}:${tag}`);
      exchange.empty(201);
    }),
    route('DELETE', '/images/{name*}', (exchange) => removeImage(exchange, backend)),
  ];
}

/** From this version on an image's manifests can be asked for. */
const WITH_MANIFESTS = '1.47';

function listImages(exchange: Exchange, backend: ImageBackend): void {
  const { images, clock } = backend;
  const { apiVersion, query } = exchange;
  const filters = parseFilters(query.get('filters'), IMAGE_LIST_FILTERS);
  const world = {
    find: (reference: string) => images.get(reference),
    nowNs: clock.realtimeNs(),
  };
  const usage = exchange.flag('shared-size') ? images.usage() : undefined;
  const hasManifests =
    exchange.flag('manifests') && compareVersions(apiVersion, WITH_MANIFESTS) >= 0;
  const found = images.list().filter((image) => matchesImageFilters(image, filters, world));
  const summaries = found.map((image) =>
    imageSummary(withNamesOnly(image, filters), {
      apiVersion,
      sharedSizeBytes: usage && (usage.images.get(image.id)?.sharedSizeBytes ?? 0),
      containerIds: hasManifests ? usersOf(image.id, backend) : undefined,
    }),
  );
  exchange.json(200, summaries);
}

/** Ids of the containers that are made of an image. */
function usersOf(imageId: string, { containers }: ImageBackend): readonly string[] {
  return containers.all().flatMap(({ id, config }) => (config.imageId === imageId ? [id] : []));
}
