import type { Digest } from '../spec/digest.ts';
import type { ContentStore } from './content-store.ts';
import type { ImageLayer } from './contract.ts';
import type { ImageTable, StoredManifest } from './image-table.ts';
import type { LayerStore } from './layer-store.ts';
import type { Leases } from './leases.ts';

export interface GarbageCollectorParts {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly table: ImageTable;
  readonly leases: Leases;
}

/**
 * Removes content that nothing needs: no image, no tag, and nothing under way.
 *
 * # What is needed
 * The manifests that images and tags name, the manifests in such indexes, those whose subject is a
 * needed one (signatures); all contents of needed manifests; the uncompressed layers of all images;
 * and what is leased.
 *
 * # Order
 * Rows go before files: killed in between, a file is left over that the next sweep finds. Files
 * come before rows in the same way.
 */
export class GarbageCollector {
  readonly #content: ContentStore;
  readonly #layers: LayerStore;
  readonly #table: ImageTable;
  readonly #leases: Leases;

  constructor({ content, layers, table, leases }: GarbageCollectorParts) {
    this.#content = content;
    this.#layers = layers;
    this.#table = table;
    this.#leases = leases;
  }

  /** All that images and tags need; leases aside. */
  needed(): { readonly contents: ReadonlySet<Digest>; readonly manifests: ReadonlySet<Digest> } {
    const all = new Map(this.#table.manifests().map((one) => [one.descriptor.digest, one]));
    const images = this.#table.images();
    const manifests = neededManifests(all, [
      ...images.map(({ manifestDigest }) => manifestDigest),
      ...this.#table.tags().map(({ manifestDigest }) => manifestDigest),
    ]);
    const contents = new Set<Digest>(manifests);
    for (const digest of manifests) {
      for (const content of all.get(digest)?.contents ?? []) contents.add(content);
    }
    for (const { layers } of images) for (const { diffId } of layers) contents.add(diffId);
    return { contents, manifests };
  }

  /** Removes what an image had, unless something else needs it. Answers what went, and its size. */
  collect(candidates: Iterable<Digest>): {
    readonly gone: readonly Digest[];
    readonly bytes: number;
  } {
    const { contents, manifests } = this.needed();
    const gone: Digest[] = [];
    let bytes = 0;
    for (const digest of candidates) {
      if (contents.has(digest) || this.#leases.has(digest)) continue;
      if (!manifests.has(digest)) this.#table.deleteManifest(digest);
      const size = this.#content.sizeOf(digest);
      if (size === undefined) continue;
      this.#content.delete(digest);
      gone.push(digest);
      bytes += size;
    }
    return { gone, bytes };
  }

  /** As `collect`, for manifests with all that is in them and is about them. */
  collectTrees(roots: readonly Digest[]): ReturnType<GarbageCollector['collect']> {
    const all = new Map(this.#table.manifests().map((one) => [one.descriptor.digest, one]));
    const manifests = neededManifests(all, roots);
    const contents = [...manifests].flatMap((digest) => all.get(digest)?.contents ?? []);
    return this.collect(new Set([...roots, ...contents, ...manifests]));
  }

  /**
   * Removes all that is not needed and was written before `beforeMs` (milliseconds since the
   * epoch), what was begun and left included. Answers its size in bytes.
   */
  sweep(beforeMs: number): number {
    const { manifests } = this.needed();
    const old = (writtenMs: number): boolean => writtenMs < beforeMs;
    const unneeded = this.#table
      .manifests()
      .filter(({ descriptor, addedNs }) => {
        return !manifests.has(descriptor.digest) && old(Number(addedNs / 1_000_000n));
      })
      .map(({ descriptor }) => descriptor.digest);
    // What an unneeded manifest that stays for a while is made of is as young as it is, at most.
    const stored = [...this.#content.list()].filter(({ writtenMs }) => old(writtenMs));
    let { bytes } = this.collect([...unneeded, ...stored.map(({ digest }) => digest)]);
    for (const { digest, sizeBytes, writtenMs } of [...this.#content.listPartial()]) {
      if (this.#leases.has(digest) || !old(writtenMs)) continue;
      this.#content.deletePartial(digest);
      bytes += sizeBytes;
    }
    return bytes;
  }

  /** Removes the indexes of layers that no image has any more. */
  dropIndexes(layers: readonly ImageLayer[]): void {
    const kept = new Set(this.#table.images().flatMap((image) => image.layers.map(keyOf)));
    for (const layer of layers) {
      if (!kept.has(keyOf(layer)) && !this.#leases.has(layer.diffId))
        this.#layers.deleteIndex(layer);
    }
  }
}

function keyOf({ diffId, modulePath }: ImageLayer): string {
  return `${diffId} ${modulePath ?? ''}`;
}

function neededManifests(
  all: ReadonlyMap<Digest, StoredManifest>,
  roots: readonly Digest[],
): ReadonlySet<Digest> {
  const needed = new Set<Digest>();
  const referrers = Map.groupBy(all.values(), ({ subject }) => subject);
  const waiting = [...roots];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    const manifest = all.get(digest);
    if (!manifest || needed.has(digest)) continue;
    needed.add(digest);
    waiting.push(...manifest.contents);
    for (const { descriptor } of referrers.get(digest) ?? []) waiting.push(descriptor.digest);
  }
  return needed;
}
