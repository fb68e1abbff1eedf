import { EngineError } from '../base/engine-error.ts';
import { type ArchivedImage, parseArchivedImages } from '../spec/docker-archive.ts';
import { type ImageConfig, parseImageConfig } from '../spec/image-config.ts';
import { LAYOUT_FILES } from './archive-layout.ts';
import { invalid } from './archive-spool.ts';
import { inOrder } from './bounded-parallel.ts';
import type { ImageLayer } from './contract.ts';
import { MAX_CONFIG_BYTES } from './image-form.ts';
import { parseTagName } from './image-service.ts';
import type { TagName } from './image-table.ts';
import { type LoadContext, MAX_LAYERS_AT_ONCE, type RegisteredImage } from './load.ts';
import { annotationsFor } from './new-image.ts';
import { putManifest } from './put-image.ts';
import { checkDiffId } from './stored-layers.ts';

/** `manifest.json` of 4,096 images with long names, and no more. */
const MAX_DOCKER_MANIFEST_BYTES = 16 * 1024 * 1024;

/** Images of an archive that `docker save` has written, and their names. */
export async function readyDockerArchive(
  context: LoadContext,
): Promise<() => readonly RegisteredImage[]> {
  const images: (() => RegisteredImage)[] = [];
  for (const archived of archivedImages(context)) {
    images.push(await readyImage(context, archived));
  }
  return () => images.map((register) => register());
}

/** What the archive says to Docker, if anything. */
export function archivedImages({ spool }: Pick<LoadContext, 'spool'>): readonly ArchivedImage[] {
  const path = LAYOUT_FILES.dockerManifest;
  if (!spool.file(path)) return [];
  return parseArchivedImages(spool.read(path, MAX_DOCKER_MANIFEST_BYTES));
}

async function readyImage(
  context: LoadContext,
  archived: ArchivedImage,
): Promise<() => RegisteredImage> {
  const { spool, lease } = context;
  const { configPath, layerPaths } = archived;
  const configBytes = spool.read(configPath, MAX_CONFIG_BYTES);
  const config = parseConfig(configPath, configBytes);
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== layerPaths.length) {
    throw invalid(
      `${configPath} is of ${diffIds.length} layers, ${LAYOUT_FILES.dockerManifest} names ${layerPaths.length}`,
    );
  }
  const layers = await inOrder(layerPaths, MAX_LAYERS_AT_ONCE, undefined, (path, index) =>
    dockerLayer(context, path, diffIds[index] ?? ''),
  );
  const names = archived.names.map(archivedName);
  const { os, architecture } = config;
  const annotations = annotationsFor({ os, architecture });
  return () => {
    const [tag, ...others] = names;
    const image = { layers, annotations };
    const id = putManifest(context, configBytes, image, { tag }, lease);
    for (const name of others) putManifest(context, configBytes, image, { tag: name }, lease);
    return { id, names };
  };
}

async function dockerLayer(
  { spool, ready }: LoadContext,
  path: string,
  diffId: string,
): Promise<ImageLayer> {
  const file = spool.file(path);
  if (!file) throw invalid(`it has no ${path}, which ${LAYOUT_FILES.dockerManifest} names`);
  spool.store(file);
  const added = await ready.add(file.digest);
  if (added.kind === 'module')
    throw invalid(`${path} is a module, where a layer's archive belongs`);
  checkDiffId(path, added, diffId);
  const descriptor = { mediaType: added.mediaType, digest: added.digest, size: added.sentBytes };
  return { descriptor, diffId: added.diffId, sizeBytes: added.sizeBytes };
}

function parseConfig(path: string, bytes: Uint8Array): ImageConfig {
  try {
    return parseImageConfig(Buffer.from(bytes).toString());
  } catch (thrown) {
    throw new EngineError('invalid-argument', `invalid image configuration ${path}`, {
      cause: thrown,
    });
  }
}

/** Errors: invalid-argument for what is no name. */
export function archivedName(text: string): TagName {
  try {
    return parseTagName(text);
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    throw invalid(`it calls an image ${JSON.stringify(text)}: ${thrown.message}`);
  }
}
