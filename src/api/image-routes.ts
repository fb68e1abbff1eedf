import { rfc3339Nano } from '../base/clock.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import type { Engine } from '../engine/engine.ts';
import type { Image } from '../image/contract.ts';
import type { ImageInspect, ImageSummary, ProgressMessage } from '../wire/image.ts';
import type { Exchange } from './exchange.ts';
import { type Route, route } from './route.ts';

export function imageRoutes(engine: Engine): readonly Route[] {
  return [
    route('GET', '/images/json', (exchange) => {
      exchange.json(200, engine.images.list().map(imageSummary));
    }),
    route('POST', '/images/create', (exchange) =>
      exchange.query.has('fromSrc') ? importImage(exchange, engine) : pullImage(exchange, engine),
    ),
    route('GET', '/images/{name*}/json', (exchange) => {
      exchange.json(200, imageInspect(engine.images.get(exchange.parameter(0))));
    }),
    route('POST', '/images/{name*}/tag', (exchange) => {
      const repository = exchange.query.get('repo') ?? '';
      engine.images.tag(exchange.parameter(0), repository, exchange.query.get('tag') || 'latest');
      exchange.empty(201);
    }),
    route('DELETE', '/images/{name*}', (exchange) => removeImage(exchange, engine)),
  ];
}

function removeImage(exchange: Exchange, engine: Engine): void {
  const reference = exchange.parameter(0);
  const image = engine.images.get(reference);
  const user = engine.store.all().find(({ config }) => config.imageId === image.id);
  // Taking away one of several names hurts nobody.
  const isLast = image.repoTags.length <= 1 || image.id.includes(reference);
  if (user && isLast && !(exchange.flag('force') && user.state.status !== 'running')) {
    const state = user.state.status === 'running' ? 'running' : 'stopped';
    throw new EngineError(
      'conflict',
      `conflict: unable to remove repository reference "${reference}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image ${image.id.slice('sha256:'.length, 'sha256:'.length + 12)} (${state})`,
    );
  }
  const { untagged, deleted } = engine.images.remove(reference);
  exchange.json(200, [
    ...untagged.map((name) => ({ Untagged: name })),
    ...deleted.map((id) => ({ Deleted: id })),
  ]);
}

async function importImage(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange;
  if (query.get('fromSrc') !== '-') {
    throw new EngineError('invalid-argument', 'an image can only be imported from the request body');
  }
  const repository = query.get('repo') || undefined;
  const [os, architecture] = (query.get('platform') ?? '').split('/');
  const image = await engine.images.import(exchange.request, {
    ...(repository ? { repository, tag: query.get('tag') || 'latest' } : {}),
    changes: query.getAll('changes'),
    ...(query.get('message') ? { message: query.get('message') ?? '' } : {}),
    ...(os && architecture ? { platform: { os, architecture } } : {}),
  });
  exchange.begin('application/json');
  await sendProgress(exchange, { status: image.id });
  exchange.end();
}

/** Pulls an image that comes with wolffia. */
async function pullImage(exchange: Exchange, engine: Engine): Promise<void> {
  const reference = exchange.query.get('fromImage') ?? '';
  const name = shippedName(reference, exchange.query.get('tag') ?? '');
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
    if (thrown instanceof EngineError && thrown.kind === 'not-found') throw accessDenied(reference);
    if (!exchange.hasBegun) throw thrown;
    // The head is out: the error goes into the stream, as Docker does.
    const message = messageOf(thrown);
    await sending;
    await sendProgress(exchange, { error: message, errorDetail: { message } });
  }
  await sending;
  exchange.end();
}

function shippedName(reference: string, tag: string): string {
  const found = /^(?:docker\.io\/)?(?:library\/)?([a-z0-9][a-z0-9_.-]*)(?::(\w[\w.-]*))?$/.exec(reference);
  const [, name = '', ownTag = 'latest'] = found ?? [];
  if (name === '' || (tag || ownTag) !== 'latest') throw accessDenied(reference);
  return name;
}

/** Docker's words, and why it is so here. */
function accessDenied(reference: string): EngineError {
  return new EngineError(
    'not-found',
    `pull access denied for ${reference}, repository does not exist or may require 'docker login': wolffia can build its own images (hello-world, php, python), but cannot pull from registries so far; bring others with 'wolffia import'`,
  );
}

function sendProgress(exchange: Exchange, message: ProgressMessage): Promise<void> {
  return exchange.send(`${JSON.stringify(message)}\r\n`);
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
    Labels: image.config.labels,
    Containers: -1,
  };
}

function imageInspect(image: Image): ImageInspect {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Comment: image.comment ?? '',
    Created: rfc3339Nano(image.createdNs),
    Author: image.author ?? '',
    Architecture: image.architecture,
    Os: image.os,
    Size: image.sizeBytes,
    Config: {
      User: config.user,
      Env: config.env,
      Cmd: config.cmd,
      Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : null,
      WorkingDir: config.workingDirectory,
      Labels: config.labels,
      ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
      Volumes: Object.fromEntries(config.volumes.map((path) => [path, {}])),
      StopSignal: config.stopSignal,
    },
    GraphDriver: { Name: 'wolffia', Data: null },
    RootFS: { Type: 'layers', Layers: image.diffIds },
  };
}
