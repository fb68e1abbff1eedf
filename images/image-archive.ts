import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { rfc3339Nano } from '../src/base/clock.ts';
import { type LayoutBlob, layoutArchive } from '../src/image/archive-layout.ts';
import { applyChanges } from '../src/image/changes.ts';
import { digestOf } from '../src/image/content-store.ts';
import { annotationsFor, newConfig, newManifest } from '../src/image/new-image.ts';
import type { Digest } from '../src/spec/digest.ts';
import type { Descriptor } from '../src/spec/manifest.ts';
import { MEDIA_TYPES } from '../src/spec/media-types.ts';
import { DEFAULT_PLATFORM } from '../src/spec/platform.ts';
import { DEFAULT_TAG } from '../src/spec/reference.ts';
import type { Recipe } from './recipe.ts';

/** Of no time: an image that is built from the same is the same on every machine. */
const CREATED = rfc3339Nano(0n);

/** An image of one layer, whose archive is at that path. */
export async function imageArchive(
  { name, changes }: Pick<Recipe, 'name' | 'changes'>,
  layerPath: string,
): Promise<AsyncIterable<Uint8Array>> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(layerPath), hash);
  const diffId = `sha256:${hash.digest('hex')}` as Digest;
  const layer = {
    mediaType: MEDIA_TYPES.ociLayer,
    digest: diffId,
    size: statSync(layerPath).size,
  };
  const configBytes = Buffer.from(
    JSON.stringify(
      newConfig({
        created: CREATED,
        comment: 'built by wolffia',
        platform: DEFAULT_PLATFORM,
        config: applyChanges({}, changes),
        diffId,
      }),
    ),
  );
  const config = {
    mediaType: MEDIA_TYPES.ociConfig,
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  const manifest = newManifest(config, [layer], annotationsFor(DEFAULT_PLATFORM));
  const names = [{ repository: `docker.io/library/${name}`, tag: DEFAULT_TAG }];
  const blob = ({ digest, size }: Descriptor, content: LayoutBlob['content']): LayoutBlob => {
    return { digest, sizeBytes: size, content };
  };
  return layoutArchive({
    roots: [{ descriptor: { ...manifest.descriptor, platform: DEFAULT_PLATFORM }, names }],
    dockerImages: [{ config: config.digest, layers: [layer.digest], names }],
    blobs: [
      blob(layer, () => createReadStream(layerPath)),
      blob(config, () => [configBytes]),
      blob(manifest.descriptor, () => [manifest.bytes]),
    ],
  });
}
