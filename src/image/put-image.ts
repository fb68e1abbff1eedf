import type { Digest } from '../spec/digest.ts';
import type { ImageConfig } from '../spec/image-config.ts';
import { parseManifest } from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer } from './contract.ts';
import type { ImageRegistrar, Names } from './image-registrar.ts';
import type { Lease } from './leases.ts';
import { newManifest } from './new-image.ts';

export interface NewImage {
  readonly config: ImageConfig;
  /** In the store already, the lowest first. */
  readonly layers: readonly ImageLayer[];
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Writes an image's configuration and manifest, and makes it known. Answers its id. */
export function putImage(
  { content, registrar }: { readonly content: ContentStore; readonly registrar: ImageRegistrar },
  { config, layers, annotations }: NewImage,
  names: Names,
  lease: Lease,
): Digest {
  const configBytes = Buffer.from(JSON.stringify(config));
  return putManifest({ content, registrar }, configBytes, { layers, annotations }, names, lease);
}

/** As `putImage`, with the configuration's bytes as they are to be: they are the image's id. */
export function putManifest(
  { content, registrar }: { readonly content: ContentStore; readonly registrar: ImageRegistrar },
  configBytes: Uint8Array,
  { layers, annotations }: Omit<NewImage, 'config'>,
  names: Names,
  lease: Lease,
): Digest {
  const config = {
    mediaType: MEDIA_TYPES.ociConfig,
    digest: content.put(configBytes),
    size: configBytes.length,
  };
  lease.hold(config.digest);
  const descriptors = layers.map((layer) => layer.descriptor);
  const { descriptor, bytes } = newManifest(config, descriptors, annotations);
  const manifest = parseManifest(bytes);
  if (manifest.kind !== 'manifest') throw new Error('wrote an index instead of a manifest');
  lease.hold(content.put(bytes));
  return registrar.addImage(descriptor, manifest, layers, names);
}
