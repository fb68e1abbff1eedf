import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Digest } from '../spec/digest.ts';
import type { Descriptor, ImageManifest } from '../spec/manifest.ts';
import { parseManifest } from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import type { ContentStore } from './content-store.ts';
import type { Image, ImageLayer, TellProgress } from './contract.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { Lease } from './leases.ts';

/** zlib's own default: a higher level takes twice the time for a hundredth of the size. */
const GZIP_LEVEL = 6;
const GZIP_CHUNK_BYTES = 256 * 1024;

const COMPRESSED: Readonly<Record<string, string>> = {
  [MEDIA_TYPES.ociLayer]: MEDIA_TYPES.ociLayerGzip,
  [MEDIA_TYPES.dockerLayer]: MEDIA_TYPES.dockerLayerGzip,
};

/** Whether an image has layers that nobody should send as they are. */
export function isCompressible({ layers }: Image): boolean {
  return layers.some(({ descriptor }) => Object.hasOwn(COMPRESSED, descriptor.mediaType));
}

/**
 * Compresses an image's plain layers, and gives it the manifest that names them so; its id stays.
 * Images that are made here have plain layers until they are sent somewhere for the first time. The
 * same layer gives the same bytes each time.
 */
export async function compressImage(
  parts: { readonly content: ContentStore; readonly registrar: ImageRegistrar },
  image: Image,
  lease: Lease,
  tell: TellProgress,
): Promise<void> {
  const { content, registrar } = parts;
  const manifest = registrar.readManifest(image.manifest.digest, image.manifest.mediaType);
  if (manifest.kind !== 'manifest') return;
  const layers: ImageLayer[] = [];
  for (const layer of image.layers) {
    const mediaType = COMPRESSED[layer.descriptor.mediaType];
    if (mediaType === undefined) {
      layers.push(layer);
      continue;
    }
    const blob = await compressBlob(content, layer, lease, tell);
    layers.push({ ...layer, descriptor: { ...layer.descriptor, ...blob, mediaType } });
  }
  const bytes = withLayers(content.read(image.manifest.digest, image.manifest.size), layers);
  const digest = content.put(bytes);
  lease.hold(digest);
  const parsed = parseManifest(bytes, manifest.mediaType);
  if (parsed.kind !== 'manifest') throw new Error('wrote an index instead of a manifest');
  registrar.replaceManifest(
    image.id,
    image.manifest.digest,
    { mediaType: manifest.mediaType, digest, size: bytes.length },
    parsed satisfies ImageManifest,
    layers,
  );
}

async function compressBlob(
  content: ContentStore,
  { descriptor, diffId }: ImageLayer,
  lease: Lease,
  tell: TellProgress,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  await using writer = await content.writer();
  let current = 0;
  const id = diffId.slice('sha256:'.length, 'sha256:'.length + 12);
  await pipeline(
    async function* () {
      for await (const chunk of content.open(descriptor.digest)) {
        current += chunk.length;
        tell({ id, status: 'Compressing', current, total: descriptor.size });
        yield chunk;
      }
    },
    createGzip({ level: GZIP_LEVEL, chunkSize: GZIP_CHUNK_BYTES }),
    async (compressed: AsyncIterable<Uint8Array>) => {
      for await (const chunk of compressed) await writer.write(chunk);
    },
  );
  const digest = writer.digest();
  lease.hold(digest);
  await writer.commit(content.pathOf(digest), digest);
  return { digest, size: writer.sizeBytes };
}

/** The manifest with other layers; all else in it stays as it is. */
function withLayers(bytes: Uint8Array, layers: readonly ImageLayer[]): Buffer {
  const manifest: object = JSON.parse(Buffer.from(bytes).toString());
  const descriptors: readonly Descriptor[] = layers.map(({ descriptor }) => descriptor);
  return Buffer.from(JSON.stringify({ ...manifest, layers: descriptors }));
}
