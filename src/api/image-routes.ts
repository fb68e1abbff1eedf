import { rfc3339Nano } from '../base/clock.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { isLive } from '../engine/container-state.ts';
import type { Engine } from '../engine/engine.ts';
import type { Image } from '../image/contract.ts';
import { DEFAULT_TAG, familiarRepository, parseReference } from '../spec/reference.ts';
import { ZERO_TIME } from '../wire/container.ts';
import { parseFilters } from '../wire/filters.ts';
import {
  IMAGE_LIST_FILTERS,
  type ImageDeleteItem,
  type ImageInspect,
  type ImageSummary,
} from '../wire/image.ts';
import { encodeJsonMessage, errorMessage, type JsonMessage } from '../wire/json-message.ts';
import type { Exchange } from './exchange.ts';
import { matchesImageFilters } from './image-filters.ts';
import { type Route, route } from './route.ts';

export function imageRoutes(engine: Engine): readonly Route[] {
  return [
    route('GET', '/images/json', (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), IMAGE_LIST_FILTERS);
      const images = engine.images.list();
      const found = images.filter((image) => matchesImageFilters(image, filters, images));
      exchange.json(200, found.map(imageSummary));
    }),
    route('POST', '/images/create', (exchange) =>
      exchange.query.has('fromSrc') ? importImage(exchange, engine) : pullImage(exchange, engine),
    ),
    route('GET', '/images/{name*}/json', (exchange) => {
      exchange.json(200, imageInspect(engine.images.get(exchange.parameter(0))));
    }),
    route('POST', '/images/{name*}/tag', (exchange) => {
      const repository = exchange.query.get('repo') ?? '';
      const tag = exchange.query.get('tag') || 'latest';
      engine.images.tag(exchange.parameter(0), `${repository}:${tag}`);
      exchange.empty(201);
    }),
    route('DELETE', '/images/{name*}', (exchange) => removeImage(exchange, engine)),
  ];
}

function removeImage(exchange: Exchange, engine: Engine): void {
  const reference = exchange.parameter(0);
  const force = exchange.flag('force');
  const image = engine.images.get(reference);
  const user = engine.containers.all().find(({ config }) => config.imageId === image.id);
  // Taking away one of several names hurts nobody.
  const isById = !image.repoTags.some((tag) => tag === reference || tag === `${reference}:latest`);
  if (user && (isById || image.repoTags.length <= 1)) {
    const state = isLive(user.state) ? 'running' : 'stopped';
    // Also by force the content stays for as long as a container is made of it.
    const remedy = state === 'running' ? 'cannot be forced' : 'remove the container first';
    throw new EngineError(
      'conflict',
      `conflict: unable to remove repository reference "${reference}" (${remedy}) - container ${user.id.slice(0, 12)} is using its referenced image ${image.id.slice('sha256:'.length, 'sha256:'.length + 12)} (${state})`,
    );
  }
  const { untagged, deleted } = engine.images.remove(reference, { force });
  exchange.json(200, [
    ...untagged.map((name): ImageDeleteItem => ({ Untagged: name })),
    ...deleted.map((id): ImageDeleteItem => ({ Deleted: id })),
  ]);
}

async function importImage(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange;
  if (query.get('fromSrc') !== '-') {
    throw new EngineError(
      'invalid-argument',
      'an image can only be imported from the request body',
    );
  }
  const repository = query.get('repo') ?? '';
  const tag = query.get('tag') ?? '';
  const image = await engine.images.import(exchange.request, {
    reference: repository === '' || tag === '' ? repository : `${repository}:${tag}`,
    changes: query.getAll('changes'),
    comment: query.get('message') || 'Imported from -',
    platform: query.get('platform') || undefined,
  });
  exchange.begin('application/json');
  await sendProgress(exchange, { status: image.id });
  exchange.end();
}

/** Pulls an image that comes with wolffia. */
async function pullImage(exchange: Exchange, engine: Engine): Promise<void> {
  const reference = exchange.query.get('fromImage') ?? '';
  const { names } = engine.shippedImages;
  const name = shippedName(reference, exchange.query.get('tag') ?? '', names);
  let sending = Promise.resolve();
  const progress = (status: string): void => {
    if (!exchange.hasBegun) exchange.begin('application/json');
    sending = sending.then(() => sendProgress(exchange, { status }));
  };
  try {
    const image = await engine.shippedImages.pull(name, progress);
    progress(`Digest: ${image.id}`);
    progress(`Status: Built image for ${name}:latest`);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.kind === 'not-found')
      throw accessDenied(name, names);
    if (!exchange.hasBegun) throw thrown;
    // The head is out: the error goes into the stream, as Docker does.
    const message = messageOf(thrown);
    await sending;
    await sendProgress(exchange, errorMessage(message));
  }
  await sending;
  exchange.end();
}

/**
 * The name of an image that may come with wolffia. Errors: invalid-argument; not-found for what
 * surely does not.
 */
function shippedName(reference: string, tag: string, names: readonly string[]): string {
  const { repository, tag: ownTag } = parseReference(reference);
  const name = familiarRepository(repository);
  if (name.includes('/') || (tag || ownTag || DEFAULT_TAG) !== DEFAULT_TAG)
    throw accessDenied(name, names);
  return name;
}

/** Docker's words, and why it is so here. */
function accessDenied(name: string, names: readonly string[]): EngineError {
  return new EngineError(
    'not-found',
    `pull access denied for ${name}, repository does not exist or may require 'docker login': wolffia can build its own images (${names.join(', ')}), but cannot pull from registries so far; bring others with 'wolffia import'`,
  );
}

function sendProgress(exchange: Exchange, message: JsonMessage): Promise<void> {
  return exchange.send(encodeJsonMessage(message));
}

function imageSummary(image: Image): ImageSummary {
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Created: Number(image.createdNs / 1_000_000_000n),
    Size: image.sizeBytes,
    SharedSize: -1,
    Labels: image.config.Labels ?? null,
    Containers: -1,
  };
}

function imageInspect(image: Image): ImageInspect {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: image.comment,
    Created: rfc3339Nano(image.createdNs),
    DockerVersion: '',
    Author: image.author,
    Architecture: image.platform.architecture,
    Os: image.platform.os,
    Size: image.sizeBytes,
    Config: {
      User: config.User ?? '',
      Env: config.Env ?? null,
      Cmd: config.Cmd ?? null,
      Entrypoint: config.Entrypoint ?? null,
      Volumes: emptyObjects(config.Volumes) ?? null,
      WorkingDir: config.WorkingDir ?? '',
      Labels: config.Labels ?? null,
      ...(config.ExposedPorts ? { ExposedPorts: emptyObjects(config.ExposedPorts) ?? {} } : {}),
      ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
    },
    RootFS: { Type: 'layers', Layers: image.layers.map(({ diffId }) => diffId) },
    Metadata: {
      LastTagTime: image.lastTaggedNs === 0n ? ZERO_TIME : rfc3339Nano(image.lastTaggedNs),
    },
  };
}

function emptyObjects(
  set: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, object> | undefined {
  return set ? Object.fromEntries(Object.keys(set).map((name) => [name, {}])) : undefined;
}
