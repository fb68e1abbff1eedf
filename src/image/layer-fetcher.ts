import { EngineError } from '../base/engine-error.ts';
import type { Registry, RegistryAccess } from '../registry/contract.ts';
import type { Digest } from '../spec/digest.ts';
import type { Descriptor } from '../spec/manifest.ts';
import type { BlobWriter } from './blob-writer.ts';
import type { ContentStore } from './content-store.ts';
import type { AddedLayer, LayerStore } from './layer-store.ts';
import type { Lease } from './leases.ts';
import { checkDiffId } from './stored-layers.ts';

/** What fetching needs of a registry. */
export type BlobSource = Pick<Registry, 'fetchBlob'>;

/** One layer that an image is to get from a registry. */
export interface WantedLayer {
  readonly repository: string;
  readonly descriptor: Descriptor;
  readonly access: RegistryAccess;
  /** The uncompressed layer's digest, where the image's configuration tells it. */
  readonly diffId: Digest | undefined;
  readonly lease: Lease;
  /** Told how many bytes are here; what an earlier pull has left counts. */
  readonly progress: (receivedBytes: number) => void;
}

/**
 * Fetches layers into the store, several at once. A layer that two pulls want is fetched once; what
 * a pull has left half is gone on with.
 */
export class LayerFetcher {
  readonly #registry: BlobSource;
  readonly #content: ContentStore;
  readonly #layers: LayerStore;
  /** Under way, by what is fetched. */
  readonly #fetches = new Map<Digest, Promise<AddedLayer>>();

  constructor(registry: BlobSource, content: ContentStore, layers: LayerStore) {
    this.#registry = registry;
    this.#content = content;
    this.#layers = layers;
  }

  /**
   * # Errors
   * those of the registry and of `LayerStore.add`; data-loss when the bytes are not what the
   * descriptor or the configuration says: then nothing of them is kept
   */
  async fetch(wanted: WantedLayer): Promise<AddedLayer> {
    const { digest } = wanted.descriptor;
    for (;;) {
      const running = this.#fetches.get(digest);
      if (!running) break;
      // Somebody else's failure or abort is not ours: then it is our turn.
      const added = await running.catch(() => undefined);
      if (added) return this.#checked(added, wanted);
    }
    const fetch = this.#fetchOnce(wanted).finally(() => this.#fetches.delete(digest));
    this.#fetches.set(digest, fetch);
    return this.#checked(await fetch, wanted);
  }

  async #fetchOnce(wanted: WantedLayer): Promise<AddedLayer> {
    const { digest } = wanted.descriptor;
    // It came with another image's pull that was cut before its layer was ready.
    if (this.#content.has(digest)) return this.#layers.addStored(digest, wanted.lease);
    await using writer = await this.#content.partialWriter(digest);
    const options = { expected: digest, lease: wanted.lease };
    let resumedBytes = 0;
    const incoming = async function* (registry: BlobSource): AsyncGenerator<Uint8Array> {
      for await (const chunk of writer.resume(wanted.descriptor.size)) {
        resumedBytes += chunk.length;
        yield chunk;
      }
      yield* fetched(registry, writer, wanted);
    };
    try {
      return await this.#layers.add(incoming(this.#registry), writer, options);
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      await writer.restart();
      if (resumedBytes === 0) throw thrown;
    }
    // What was left of an earlier pull may have been wrong (a power cut): once more, from nothing.
    try {
      return await this.#layers.add(fetched(this.#registry, writer, wanted), writer, options);
    } catch (thrown) {
      if (isDamage(thrown)) await writer.restart();
      throw thrown;
    }
  }

  #checked(added: AddedLayer, { descriptor, diffId, lease }: WantedLayer): AddedLayer {
    lease.hold(added.diffId);
    if (diffId !== undefined && added.kind === 'archive') {
      checkDiffId(descriptor.digest, added, diffId);
    }
    return added;
  }
}

async function* fetched(
  registry: BlobSource,
  writer: BlobWriter,
  { repository, descriptor, access, progress }: WantedLayer,
): AsyncGenerator<Uint8Array> {
  progress(writer.sizeBytes);
  if (writer.sizeBytes >= descriptor.size) return;
  const options = { ...access, offset: writer.sizeBytes };
  for await (const chunk of registry.fetchBlob(repository, descriptor, options)) {
    await writer.write(chunk);
    progress(writer.sizeBytes);
    yield chunk;
  }
}

/** Wrong bytes, as opposed to bytes that did not come. */
function isDamage(thrown: unknown): boolean {
  return (
    thrown instanceof EngineError &&
    (thrown.kind === 'data-loss' || thrown.kind === 'invalid-argument')
  );
}
