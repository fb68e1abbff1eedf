import { EngineError } from '../base/engine-error.ts';
import { platformText } from '../spec/platform.ts';
import type { ImageConvertResponse } from '../wire/image.ts';
import { encodeJsonMessage } from '../wire/json-message.ts';
import { parsePlatformParameter } from '../wire/platform.ts';
import type { Exchange } from './exchange.ts';
import type { ImageBackend } from './image-backend.ts';
import { ProgressStream } from './progress-stream.ts';

/** `POST /images/create?fromSrc=-`: an image of the archive that is the body. */
export async function importImage(exchange: Exchange, { images }: ImageBackend): Promise<void> {
  const { query } = exchange;
  if (query.get('fromSrc') !== '-') {
    throw new EngineError(
      'invalid-argument',
      'an image can only be imported from the request body',
    );
  }
  const repository = query.get('repo') ?? '';
  const tag = query.get('tag') ?? '';
  // Our own: who imports the same again says when it was made, and gets the same image.
  const createdSeconds = exchange.whole('created');
  const image = await images.import(exchange.body(), {
    reference: repository === '' || tag === '' ? repository : `${repository}:${tag}`,
    changes: query.getAll('changes'),
    comment: query.get('message') || 'Imported from -',
    platform: query.get('platform') || undefined,
    ...(createdSeconds === undefined ? {} : { createdNs: nanoseconds(createdSeconds) }),
  });
  exchange.begin('application/json');
  await exchange.send(encodeJsonMessage({ status: image.id }));
  exchange.end();
}

/** What a date can say. */
const MAX_CREATED_SECONDS = 253_402_300_799;

function nanoseconds(seconds: number): bigint {
  if (seconds >= 0 && seconds <= MAX_CREATED_SECONDS) return BigInt(seconds) * 1_000_000_000n;
  throw new EngineError('invalid-argument', `invalid value '${seconds}' for 'created'`);
}

/** `POST /images/load`: the images of the archive that is the body. */
export async function loadImages(exchange: Exchange, backend: ImageBackend): Promise<void> {
  const stream = new ProgressStream(exchange, backend.clock);
  const tell = exchange.flag('quiet') ? () => {} : stream.tell;
  await stream.run(async () => {
    for (const { image, names } of await backend.transfers.load(exchange.body(), tell)) {
      const lines =
        names.length > 0
          ? names.map((name) => `Loaded image: ${name}\n`)
          : [`Loaded image ID: ${image.id}\n`];
      await stream.say(...lines.map((line) => ({ stream: line })));
    }
  });
}

/** `GET /images/{name}/get` and `GET /images/get?names=…`: one archive of all of them. */
export async function saveImages(
  exchange: Exchange,
  { transfers }: ImageBackend,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) throw new EngineError('invalid-argument', 'no image is named');
  const wanted = parsePlatformParameter(exchange.query.get('platform'));
  const archive = transfers.save(names, {
    platform: wanted && platformText(wanted),
    signal: exchange.gone,
  });
  for await (const part of archive) {
    // Only now: what cannot be saved at all is answered with its status.
    if (!exchange.hasBegun) exchange.begin('application/x-tar');
    await exchange.send(part);
  }
  exchange.end();
}

/** Our own `POST /images/{name}/convert`: the other form of an image, under another name. */
export async function convertImage(exchange: Exchange, { transfers }: ImageBackend): Promise<void> {
  const form = exchange.query.get('form') ?? '';
  if (form !== 'artifact' && form !== 'image') {
    throw new EngineError(
      'invalid-argument',
      `invalid form '${form}': must be one of artifact, image`,
    );
  }
  const target = exchange.query.get('target') ?? '';
  const { id } = await transfers.convert(exchange.parameter(0), target, form);
  exchange.json(201, { Id: id } satisfies ImageConvertResponse);
}
