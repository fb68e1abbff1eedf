import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import type { ImageManifest } from '../spec/manifest.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer } from './contract.ts';
import { type ImageForm, modulePathOf, promisedDiffId } from './image-form.ts';
import type { ImageTable } from './image-table.ts';
import type { AddedLayer, LayerStore } from './layer-store.ts';
import type { Lease } from './leases.ts';

/**
 * Makes layers ready for use whose bytes are in the store already, each once however many images
 * have it.
 */
export class StoredLayers {
  readonly #content: ContentStore;
  readonly #layers: LayerStore;
  readonly #table: ImageTable;
  readonly #lease: Lease;
  readonly #written: ImageLayer[];
  readonly #added = new Map<Digest, Promise<AddedLayer>>();

  /** Holds all that it makes by the lease, and notes it in `written`. */
  constructor(
    parts: {
      readonly content: ContentStore;
      readonly layers: LayerStore;
      readonly table: ImageTable;
    },
    lease: Lease,
    written: ImageLayer[],
  ) {
    this.#content = parts.content;
    this.#layers = parts.layers;
    this.#table = parts.table;
    this.#lease = lease;
    this.#written = written;
  }

  /** As `LayerStore.addStored`. */
  add(digest: Digest): Promise<AddedLayer> {
    const known = this.#added.get(digest);
    if (known) return known;
    const added = this.#add(digest);
    this.#added.set(digest, added);
    return added;
  }

  /**
   * A manifest's layer of that index.
   *
   * # Errors
   * invalid-argument: no archive; data-loss: not the one that the configuration says
   */
  async ready(form: ImageForm, manifest: ImageManifest, index: number): Promise<ImageLayer> {
    const descriptor = manifest.layers[index];
    if (!descriptor) throw new Error('a layer outside its manifest');
    const { mediaType, digest, size } = descriptor;
    const diffId = promisedDiffId(form, manifest, index);
    const sent = { descriptor: { mediaType, digest, size } };
    if (diffId !== undefined) {
      this.#lease.hold(diffId);
      const isKnown = this.#content.has(digest) && this.#table.unpacksTo(digest, diffId);
      if (isKnown && this.#layers.isReady({ diffId })) {
        return { ...sent, diffId, sizeBytes: this.#content.sizeOf(diffId) ?? 0 };
      }
    }
    const added = await this.add(digest);
    if (diffId !== undefined && added.kind === 'archive') checkDiffId(digest, added, diffId);
    const layer = { ...sent, diffId: added.diffId, sizeBytes: added.sizeBytes };
    if (added.kind === 'archive') return layer;
    const modulePath = modulePathOf(form, manifest, index);
    this.#layers.addModuleIndex(added.digest, modulePath);
    this.#written.push({ ...layer, modulePath });
    return { ...layer, modulePath };
  }

  async #add(digest: Digest): Promise<AddedLayer> {
    const added = await this.#layers.addStored(digest, this.#lease);
    const { mediaType, sentBytes, diffId, sizeBytes } = added;
    this.#written.push({ descriptor: { mediaType, digest, size: sentBytes }, diffId, sizeBytes });
    return added;
  }
}

export function checkDiffId(name: string, { diffId }: AddedLayer, expected: string): void {
  if (diffId === expected) return;
  throw new EngineError(
    'data-loss',
    `layer ${name} is not what the image's configuration says: it unpacks to ${diffId} instead of ${expected}`,
  );
}
