import { singleFileArchive } from '../archive/single-file-archive.ts';
import { type Clock, rfc3339Nano } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import type { RunConfig } from '../spec/image-config.ts';
import { DEFAULT_PLATFORM, type Platform, parsePlatform } from '../spec/platform.ts';
import type { BlobWriter } from './blob-writer.ts';
import { applyChanges } from './changes.ts';
import type { ContentStore } from './content-store.ts';
import type { ImportOptions } from './contract.ts';
import type { GarbageCollector } from './garbage-collector.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { TagName } from './image-table.ts';
import type { AddedLayer, LayerStore } from './layer-store.ts';
import type { Lease, Leases } from './leases.ts';
import { annotationsFor, newConfig } from './new-image.ts';
import { putImage } from './put-image.ts';

export interface ImageImporterParts {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly leases: Leases;
  readonly registrar: ImageRegistrar;
  readonly garbage: GarbageCollector;
  readonly clock: Clock;
}

const MODULE_PATH = '/module.wasm';

/** Makes images out of a file system in an archive, or out of a program alone. */
export class ImageImporter {
  readonly #parts: ImageImporterParts;

  constructor(parts: ImageImporterParts) {
    this.#parts = parts;
  }

  /** As `ImageStore.import`; answers the image's id. */
  async import(
    archive: AsyncIterable<Uint8Array>,
    options: ImportOptions & { readonly tag: TagName | undefined },
  ): Promise<Digest> {
    const platform = platformOf(options.platform);
    const asked = applyChanges({}, options.changes);
    const written: Digest[] = [];
    try {
      using lease = this.#parts.leases.take();
      const { layer, isModule } = await this.#addLayer(archive, lease, written);
      const hasCommand = (asked.Entrypoint ?? asked.Cmd ?? []).length > 0;
      const config = isModule && !hasCommand ? { ...asked, Entrypoint: [MODULE_PATH] } : asked;
      return this.#makeImage(layer, config, platform, lease, options);
    } finally {
      // The module that stands in an archive now; all of it when the rest failed.
      this.#parts.garbage.collect(written);
    }
  }

  /** A bare module is put into an archive of its own: so other engines run the image, too. */
  async #addLayer(
    archive: AsyncIterable<Uint8Array>,
    lease: Lease,
    written: Digest[],
  ): Promise<{ readonly layer: AddedLayer; readonly isModule: boolean }> {
    const layer = await this.#add(archive, lease, written);
    if (layer.kind === 'archive') return { layer, isModule: false };
    const { content } = this.#parts;
    const wrapped = singleFileArchive(MODULE_PATH, layer.sizeBytes, content.open(layer.digest));
    return { layer: await this.#add(wrapped, lease, written), isModule: true };
  }

  async #add(
    archive: AsyncIterable<Uint8Array>,
    lease: Lease,
    written: Digest[],
  ): Promise<AddedLayer> {
    const { content, layers } = this.#parts;
    await using writer = await content.writer();
    const added = await layers.add(writtenTo(writer, archive), writer, { lease });
    written.push(added.digest, added.diffId);
    return added;
  }

  #makeImage(
    added: AddedLayer,
    config: RunConfig,
    platform: Platform,
    lease: Lease,
    options: ImportOptions & { readonly tag: TagName | undefined },
  ): Digest {
    const created = rfc3339Nano(options.createdNs ?? this.#parts.clock.realtimeNs());
    const comment = options.comment ?? '';
    const { diffId, sizeBytes } = added;
    const imageConfig = newConfig({ created, comment, platform, config, diffId });
    const descriptor = { mediaType: added.mediaType, digest: added.digest, size: added.sentBytes };
    const layers = [{ descriptor, diffId, sizeBytes }];
    const image = { config: imageConfig, layers, annotations: annotationsFor(platform) };
    return putImage(this.#parts, image, { tag: options.tag }, lease);
  }
}

/** Errors: invalid-argument. */
function platformOf(text: string | undefined): Platform {
  if (text === undefined) return DEFAULT_PLATFORM;
  const platform = parsePlatform(text);
  if (platform) return platform;
  throw new EngineError(
    'invalid-argument',
    `invalid platform ${JSON.stringify(text)}: expected os/architecture, such as wasi/wasm`,
  );
}

/** Hands on what comes, and has written it by then. */
export async function* writtenTo(
  writer: BlobWriter,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    await writer.write(chunk);
    yield chunk;
  }
}
