import { EngineError } from '../base/engine-error.ts';
import type { PulledImage } from '../image/transfer-contract.ts';
import { parseDigest } from '../spec/digest.ts';
import {
  familiarName,
  familiarRepository,
  longName,
  parseReference,
  type Reference,
} from '../spec/reference.ts';
import { FROM_REGISTRY } from '../wire/image.ts';
import type { Exchange } from './exchange.ts';
import type { ImageBackend } from './image-backend.ts';
import { ProgressStream } from './progress-stream.ts';
import { accessOf } from './registry-access.ts';

/** More tags than anybody wants at once; a repository that has more is pulled tag by tag. */
const MAX_TAGS = 1_000;

/** `POST /images/create?fromImage=…`: one image, or all of a repository when no tag is given. */
export async function pullImages(exchange: Exchange, backend: ImageBackend): Promise<void> {
  const { query } = exchange;
  const wanted = wantedReference(query.get('fromImage') ?? '', query.get('tag') ?? '');
  const access = accessOf(exchange);
  const platform = query.get('platform') || undefined;
  const stream = new ProgressStream(exchange, backend.clock);
  const pullOne = async (name: string): Promise<PulledImage> => {
    const options = { access, platform, tell: stream.tell };
    const pulled = await backend.transfers.pull(name, options);
    await stream.say({ status: `Digest: ${pulled.digest}` });
    return pulled;
  };
  await stream.run(async () => {
    const { repository } = wanted;
    const pulled: PulledImage[] = [];
    if (wanted.tag !== undefined || wanted.digest !== undefined) {
      const isRegistrys = query.get('origin') === FROM_REGISTRY;
      pulled.push(await pullOne(isRegistrys ? longName(wanted) : familiarName(wanted)));
    } else {
      const tags = await backend.transfers.listTags(repository, MAX_TAGS + 1, access);
      checkTags(tags, familiarRepository(repository));
      for (const tag of tags) pulled.push(await pullOne(longName({ repository, tag })));
    }
    await stream.say({ status: statusOf(pulled, familiarName(wanted)) });
  });
}

/** A tag that is given apart takes the place of one in the name. Errors: invalid-argument. */
function wantedReference(name: string, tag: string): Reference {
  if (tag === '') return parseReference(name.replace(/:$/, ''));
  const { repository } = parseReference(name);
  const digest = parseDigest(tag);
  if (digest) return { repository, digest };
  return parseReference(`${repository}:${tag}`);
}

function checkTags(tags: readonly string[], repository: string): void {
  if (tags.length === 0) throw new EngineError('not-found', `no tags in repository ${repository}`);
  if (tags.length <= MAX_TAGS) return;
  throw new EngineError(
    'resource-exhausted',
    `${repository} has more than ${MAX_TAGS} tags: pull those that you need`,
  );
}

/** Docker's words; an image that comes with wolffia was not downloaded. */
function statusOf(pulled: readonly PulledImage[], name: string): string {
  const fresh = pulled.filter(({ isNew }) => isNew);
  if (fresh.length === 0) return `Status: Image is up to date for ${name}`;
  return fresh.some(({ origin }) => origin === 'registry')
    ? `Status: Downloaded newer image for ${name}`
    : `Status: Made image from the catalog for ${name}`;
}
