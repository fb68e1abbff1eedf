import { EngineError } from '../base/engine-error.ts';
import { familiarName, familiarRepository, parseReference } from '../spec/reference.ts';
import type { PushedAux } from '../wire/image.ts';
import { parsePlatformParameter } from '../wire/platform.ts';
import type { Exchange } from './exchange.ts';
import type { ImageBackend } from './image-backend.ts';
import { checkPlatform } from './image-platform.ts';
import { ProgressStream } from './progress-stream.ts';
import { accessOf } from './registry-access.ts';

/** `POST /images/{name}/push`: one tag, or all that a repository has here when none is given. */
export async function pushImages(exchange: Exchange, backend: ImageBackend): Promise<void> {
  const named = parseReference(exchange.parameter(0));
  if (named.digest !== undefined) {
    throw new EngineError('invalid-argument', 'cannot push a digest reference');
  }
  const { repository } = named;
  const tag = exchange.query.get('tag') || named.tag;
  // Checks the tag, too.
  if (tag !== undefined) parseReference(`${repository}:${tag}`);
  const platform = parsePlatformParameter(exchange.query.get('platform'));
  const access = accessOf(exchange);
  const stream = new ProgressStream(exchange, backend.clock);
  await stream.run(async () => {
    await stream.say({ status: `The push refers to repository [${repository}]` });
    for (const one of localTags(backend, repository, tag)) {
      const name = familiarName({ repository, tag: one });
      checkPlatform(backend.images.get(name), name, platform);
      const { digest, sizeBytes } = await backend.transfers.push(name, {
        access,
        tell: stream.tell,
      });
      const aux: PushedAux = { Tag: one, Digest: digest, Size: sizeBytes };
      await stream.say(
        { status: `${one}: digest: ${digest} size: ${sizeBytes}` },
        { progressDetail: {}, aux },
      );
    }
  });
}

/** What of a repository is here: that tag, or all. Errors: not-found in Docker's words. */
function localTags(
  { images }: ImageBackend,
  repository: string,
  wanted: string | undefined,
): readonly string[] {
  const tags = images
    .list()
    .flatMap(({ repoTags }) => repoTags.map(parseReference))
    .flatMap((name) => (name.repository === repository && name.tag ? [name.tag] : []));
  const short = familiarRepository(repository);
  if (tags.length === 0) {
    throw new EngineError('not-found', `An image does not exist locally with the tag: ${short}`);
  }
  if (wanted === undefined) return tags.toSorted();
  if (tags.includes(wanted)) return [wanted];
  throw new EngineError('not-found', `tag does not exist: ${short}:${wanted}`);
}
