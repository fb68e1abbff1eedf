import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '../base/engine-error.ts';
import { hexOf, parseDigest } from '../spec/digest.ts';
import { parseImageConfig } from '../spec/image-config.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer } from './contract.ts';
import { MAX_CONFIG_BYTES } from './image-form.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { Leases } from './leases.ts';
import { putManifest } from './put-image.ts';

export interface AdoptionParts {
  readonly dataRoot: string;
  readonly database: DatabaseSync;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly registrar: ImageRegistrar;
}

/**
 * Takes over the images of a data root from before there were manifests: their layers move to where
 * all content is, and they get a manifest. Does nothing where there are none; killed in between, it
 * is done again.
 */
export function adoptOlderImages({ database, registrar, ...parts }: AdoptionParts): void {
  const isThere = "SELECT 1 FROM sqlite_master WHERE name = 'unadopted_images'";
  if (database.prepare(isThere).get() === undefined) return;
  for (const row of database.prepare('SELECT id FROM unadopted_images').all()) {
    const id = parseDigest(String(row['id']));
    if (!id) throw new EngineError('data-loss', `wolffia.db has an image with the id ${row['id']}`);
    using lease = parts.leases.take();
    const configBytes = parts.content.read(id, MAX_CONFIG_BYTES);
    const { diff_ids: diffIds } = parseImageConfig(configBytes.toString()).rootfs;
    const layers = diffIds.map((diffId) => adoptLayer(diffId, parts));
    putManifest({ ...parts, registrar }, configBytes, { layers, annotations: {} }, {}, lease);
    const tags = database.prepare('SELECT repository, tag FROM unadopted_tags WHERE image_id = ?');
    for (const { repository, tag } of tags.all(id)) {
      const name = { tag: { repository: String(repository), tag: String(tag) } };
      putManifest({ ...parts, registrar }, configBytes, { layers, annotations: {} }, name, lease);
    }
  }
  database.exec('DROP TABLE unadopted_tags; DROP TABLE unadopted_images');
}

function adoptLayer(
  text: string,
  { dataRoot, content }: Pick<AdoptionParts, 'dataRoot' | 'content'>,
): ImageLayer {
  const diffId = parseDigest(text);
  if (!diffId)
    throw new EngineError('data-loss', `an image has a layer that is no digest: ${text}`);
  const older = join(dataRoot, 'layers', 'sha256', `${hexOf(diffId)}.tar`);
  if (existsSync(older)) renameSync(older, content.pathOf(diffId));
  const sizeBytes = statSync(content.pathOf(diffId)).size;
  const descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size: sizeBytes };
  return { descriptor, diffId, sizeBytes };
}
