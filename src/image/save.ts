import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import {
  contentsOf,
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  type Manifest,
} from '../spec/manifest.ts';
import { isModuleLayer } from '../spec/media-types.ts';
import { type Platform, platformText, satisfies } from '../spec/platform.ts';
import { parseReference } from '../spec/reference.ts';
import {
  type LayoutBlob,
  type LayoutDockerImage,
  type LayoutRoot,
  layoutArchive,
} from './archive-layout.ts';
import type { ImageService } from './image-service.ts';
import type { TagName } from './image-table.ts';
import type { Lease } from './leases.ts';

export type SaveParts = Pick<ImageService, 'content' | 'table' | 'leases' | 'registrar' | 'get'>;

/**
 * Writes images into one archive (see `layoutArchive`). A name without a tag stands for all tags of
 * its repository; what is named by id has no name in the archive. Of a name that stands for images
 * of several platforms all those are written that are here.
 *
 * # Errors
 * - not-found: `No such image: x:y`, or none of it for the platform
 * - invalid-argument: a reference or platform that is none
 * - data-loss: content is missing
 * - cancelled: aborted
 */
export async function* saveImages(
  parts: SaveParts,
  references: readonly string[],
  {
    platform,
    signal,
  }: { readonly platform: Platform | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  using lease = parts.leases.take();
  const saved = new SavedContent(parts, lease, platform);
  for (const reference of references) saved.add(reference);
  for await (const chunk of layoutArchive(saved)) {
    if (signal?.aborted) throw new EngineError('cancelled', 'stopped: nobody reads the archive');
    yield chunk;
  }
}

/** A manifest that is here. */
interface Here<Kind extends Manifest = Manifest> {
  readonly descriptor: Descriptor;
  readonly manifest: Kind;
}

/** All that an archive is to have: found and held before its first byte is written. */
class SavedContent {
  readonly #parts: SaveParts;
  readonly #lease: Lease;
  readonly #platform: Platform | undefined;
  readonly #roots = new Map<Digest, LayoutRoot & { readonly names: TagName[] }>();
  readonly #images = new Map<Digest, Omit<LayoutDockerImage, 'names'>>();
  readonly #blobs = new Map<Digest, LayoutBlob>();

  constructor(parts: SaveParts, lease: Lease, platform: Platform | undefined) {
    this.#parts = parts;
    this.#lease = lease;
    this.#platform = platform;
  }

  get roots(): readonly LayoutRoot[] {
    return [...this.#roots.values()];
  }

  /** An image in an index has the index's names when it is what they stand for here. */
  get dockerImages(): readonly LayoutDockerImage[] {
    const names = Map.groupBy(
      this.roots.flatMap((root) => root.names),
      ({ repository, tag }) => this.#parts.table.targetOf(repository, tag)?.imageId,
    );
    return [...this.#images.values()].map((image) => ({
      ...image,
      names: names.get(image.config) ?? [],
    }));
  }

  get blobs(): readonly LayoutBlob[] {
    return [...this.#blobs.values()];
  }

  add(text: string): void {
    const tags = tagsNamed(this.#parts.table, text);
    for (const { manifestDigest, name } of tags) this.#addNamed(text, manifestDigest, name);
    if (tags.length === 0) this.#addNamed(text, this.#parts.get(text).manifest.digest);
  }

  #addNamed(text: string, digest: Digest, name?: TagName): void {
    const named = this.#here({ digest });
    if (!named) throw new EngineError('data-loss', `the manifest of ${text} is missing`);
    const isWhole = this.#platform === undefined && this.#isWhole(named);
    const images = isWhole ? [named] : this.#imagesIn(named).filter((one) => this.#isWanted(one));
    if (images.length === 0) throw this.#noneFor(text);
    const best = images.find((one) => this.#imageIdOf(one) === this.#imageIdOf(named)) ?? images[0];
    for (const image of images) this.#addRoot(image, image === best ? name : undefined);
  }

  #addRoot(root: Here, name: TagName | undefined): void {
    this.#addContents(root);
    const { digest } = root.descriptor;
    const known = this.#roots.get(digest)?.names ?? [];
    const isNew = !known.some(({ repository, tag }) => {
      return repository === name?.repository && tag === name.tag;
    });
    const names = name && isNew ? [...known, name] : known;
    this.#roots.set(digest, { descriptor: this.#described(root), names });
  }

  #addContents(here: Here): void {
    this.#addBlob(here.descriptor);
    if (isIndexHere(here)) {
      for (const child of this.#childrenOf(here)) this.#addContents(child);
      return;
    }
    if (!isImageHere(here)) return;
    const { config, layers } = here.manifest;
    for (const blob of contentsOf(here.manifest)) this.#addBlob(blob);
    // Docker's own form has no place for what is no archive.
    const isDocker = !layers.some(({ mediaType }) => isModuleLayer(mediaType));
    if (isDocker && this.#imageIdOf(here) === config.digest) {
      const image = { config: config.digest, layers: layers.map(({ digest }) => digest) };
      this.#images.set(here.descriptor.digest, image);
    }
  }

  #addBlob({ digest }: Pick<Descriptor, 'digest'>): void {
    if (this.#blobs.has(digest)) return;
    const { content } = this.#parts;
    this.#lease.hold(digest);
    const sizeBytes = content.sizeOf(digest);
    if (sizeBytes === undefined) throw new EngineError('data-loss', `content ${digest} is missing`);
    this.#blobs.set(digest, { digest, sizeBytes, content: () => content.open(digest) });
  }

  /** Undefined when it is not here: an index may name what was never brought. */
  #here({ digest }: Pick<Descriptor, 'digest'>): Here | undefined {
    this.#lease.hold(digest);
    const descriptor = this.#parts.table.manifest(digest)?.descriptor;
    if (!descriptor || !this.#parts.content.has(digest)) return undefined;
    return {
      descriptor,
      manifest: this.#parts.registrar.readManifest(digest, descriptor.mediaType),
    };
  }

  #childrenOf({ manifest }: Here<ImageIndex>): readonly Here[] {
    return manifest.manifests.flatMap((child) => this.#here(child) ?? []);
  }

  #isWhole(here: Here): boolean {
    if (!isIndexHere(here)) return true;
    const children = this.#childrenOf(here);
    return (
      children.length === here.manifest.manifests.length &&
      children.every((child) => this.#isWhole(child))
    );
  }

  #imagesIn(here: Here): readonly Here[] {
    if (isIndexHere(here)) return this.#childrenOf(here).flatMap((child) => this.#imagesIn(child));
    return this.#imageIdOf(here) === undefined && this.#platform !== undefined ? [] : [here];
  }

  #isWanted(image: Here): boolean {
    if (this.#platform === undefined) return true;
    const platform = this.#platformOf(image);
    return platform !== undefined && satisfies(platform, this.#platform);
  }

  #imageIdOf({ descriptor }: Here): Digest | undefined {
    return this.#parts.table.manifest(descriptor.digest)?.imageId;
  }

  #platformOf(here: Here): Platform | undefined {
    if (!isImageHere(here)) return undefined;
    const id = this.#imageIdOf(here);
    return id && this.#parts.get(id).platform;
  }

  #described(root: Here): Descriptor {
    const platform = this.#platformOf(root);
    return { ...root.descriptor, ...(platform ? { platform } : {}) };
  }

  #noneFor(text: string): EngineError {
    const wanted = this.#platform ? ` for ${platformText(this.#platform)}` : '';
    return new EngineError('not-found', `no image of ${text}${wanted} is here`);
  }
}

function isIndexHere(here: Here): here is Here<ImageIndex> {
  return here.manifest.kind === 'index';
}

function isImageHere(here: Here): here is Here<ImageManifest> {
  return here.manifest.kind === 'manifest';
}

/** A name without a tag is of all its tags, as Docker has it. Nothing for what is no name here. */
function tagsNamed(
  table: SaveParts['table'],
  text: string,
): readonly { readonly name: TagName; readonly manifestDigest: Digest }[] {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(text)) return [];
  const { repository, tag, digest } = parseReference(text);
  if (digest !== undefined) return [];
  return table
    .tags(repository)
    .filter((one) => tag === undefined || one.tag === tag)
    .map((one) => ({ name: { repository, tag: one.tag }, manifestDigest: one.manifestDigest }));
}
