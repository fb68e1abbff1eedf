import { EngineError } from '../../base/engine-error.ts';
import type { ImageLayer } from '../../image/contract.ts';
import { GarbageCollector } from '../../image/garbage-collector.ts';
import { checkHasModule, checkLayerTypes } from '../../image/image-form.ts';
import type { Names } from '../../image/image-registrar.ts';
import type { Lease } from '../../image/leases.ts';
import { StoredLayers } from '../../image/stored-layers.ts';
import type { Digest } from '../../spec/digest.ts';
import { contentsOf, type Descriptor, type Manifest } from '../../spec/manifest.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';

/**
 * # Errors
 * MANIFEST_BLOB_UNKNOWN for all that the manifest needs and that is not here; SIZE_INVALID for what
 * is here in another size
 */
export function checkContents(manifest: Manifest, { images }: RegistryStore): void {
  const isHere = ({ digest }: Descriptor): boolean =>
    manifest.kind === 'index'
      ? images.table.manifest(digest) !== undefined
      : images.content.has(digest);
  const needed = contentsOf(manifest).filter(({ mediaType }) => !isForeign(mediaType));
  const missing = needed.filter((descriptor) => !isHere(descriptor));
  if (missing.length > 0) {
    throw new RegistryError(
      'MANIFEST_BLOB_UNKNOWN',
      'manifest references a manifest or blob unknown to registry',
      { details: missing.map(({ digest }) => ({ digest })) },
    );
  }
  const wrong = needed.filter(({ digest, size }) => images.content.sizeOf(digest) !== size);
  if (wrong.length > 0) {
    throw new RegistryError('SIZE_INVALID', 'provided length did not match content length', {
      details: wrong.map(({ digest, size }) => ({ digest, size })),
    });
  }
}

/** Layers that may be had elsewhere only: registries are not to ask for them. */
function isForeign(mediaType: string): boolean {
  return mediaType.includes('.nondistributable.') || mediaType.includes('.foreign.');
}

/**
 * Makes a manifest known that came with all of its contents. What describes an image that can be
 * one here becomes one, ready to run when this resolves; all else is kept as it is. Answers why it
 * could be no image, though it says that it is one.
 */
export async function takeIn(
  descriptor: Descriptor,
  manifest: Manifest,
  names: Required<Names>,
  { images, closing }: RegistryStore,
  lease: Lease,
): Promise<string | undefined> {
  const { registrar } = images;
  const others = { tag: names.tag };
  if (manifest.kind === 'index') {
    registrar.addManifest(descriptor, manifest, others);
    return undefined;
  }
  const written: ImageLayer[] = [];
  try {
    const form = registrar.formOf(manifest);
    checkLayerTypes(manifest);
    const ready = new StoredLayers(images, lease, written);
    const layers: ImageLayer[] = [];
    // One after the other: the daemon has more to do.
    for (const [index, { digest }] of manifest.layers.entries()) {
      if (closing.aborted) throw new EngineError('cancelled', 'the registry is closing');
      if (!images.content.has(digest)) throw foreign(digest);
      layers.push(await ready.ready(form, manifest, index));
    }
    checkHasModule(form, manifest, layers);
    registrar.addImage(descriptor, manifest, layers, names);
    return undefined;
  } catch (thrown) {
    discard(written, manifest, images, lease);
    if (!(thrown instanceof EngineError) || thrown.kind === 'cancelled') throw thrown;
    registrar.addManifest(descriptor, manifest, others);
    // A signature, a chart: nobody has said that it could be run.
    return thrown.kind === 'not-implemented' ? undefined : thrown.message;
  }
}

/** Of the layers that were made ready for nothing, what was not sent. */
function discard(
  written: readonly ImageLayer[],
  manifest: Manifest,
  images: RegistryStore['images'],
  lease: Lease,
): void {
  const sent = new Set(contentsOf(manifest).map(({ digest }) => digest));
  const made = written.map(({ diffId }) => diffId).filter((diffId) => !sent.has(diffId));
  for (const diffId of made) lease.release(diffId);
  const garbage = new GarbageCollector(images);
  garbage.collect(made);
  garbage.dropIndexes(written);
}

function foreign(digest: Digest): EngineError {
  return new EngineError('invalid-argument', `layer ${digest} is to be had elsewhere only`);
}
