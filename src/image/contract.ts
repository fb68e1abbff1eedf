import type { Digest } from '../spec/digest.ts';
import type { RunConfig } from '../spec/image-config.ts';
import type { Descriptor } from '../spec/manifest.ts';
import type { LayerSource } from '../spec/mount.ts';
import type { Platform } from '../spec/platform.ts';

/** An image as the engine knows it. */
export interface Image {
  /**
   * The digest of its configuration; of its manifest for what has no image configuration of its own
   * (WebAssembly artifacts).
   */
  readonly id: Digest;
  /** What it is sent and kept as. */
  readonly manifest: Descriptor;
  /** `python:latest` … in their short form. */
  readonly repoTags: readonly string[];
  /** `ghcr.io/a/b@sha256:…`: under which digests registries have it. */
  readonly repoDigests: readonly string[];
  readonly createdNs: bigint;
  /** All its layers, uncompressed. */
  readonly sizeBytes: number;
  readonly platform: Platform;
  readonly author: string;
  readonly comment: string;
  /** The lowest first. */
  readonly layers: readonly ImageLayer[];
  /** What its containers run with, unless they are told otherwise. */
  readonly config: RunConfig;
  readonly history: readonly HistoryStep[];
  readonly lastTaggedNs: bigint;
}

/** One layer of an image, as it was sent and as it is used. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  /** Of the uncompressed archive; of the module itself where the layer is one. */
  readonly diffId: Digest;
  /** Of the uncompressed archive. */
  readonly sizeBytes: number;
  /** Where a layer that is a bare module is put, as an absolute path; undefined for an archive. */
  readonly modulePath?: string;
}

/** What made an image, the oldest first (`docker history` shows it the other way). */
export interface HistoryStep {
  readonly createdNs: bigint;
  readonly createdBy: string;
  readonly comment: string;
  /** Of the layer that it made; 0 when it made none. */
  readonly sizeBytes: number;
}

export interface ImportOptions {
  /** `name[:tag]`; without one the image has no name. */
  readonly reference?: string | undefined;
  /** Dockerfile instructions (`CMD …`, `ENV …`). */
  readonly changes: readonly string[];
  /** `os/architecture` */
  readonly platform?: string | undefined;
  readonly comment?: string | undefined;
  /** Absent: now. What is made again and again is to have the same id each time. */
  readonly createdNs?: bigint;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  /** The image's id, and the layers that went with it. */
  readonly deleted: readonly Digest[];
  /** What became free on disk. */
  readonly reclaimedBytes: number;
}

/** What all content takes on disk (`system df`). */
export interface StoreUsage {
  /** Of all layers, each once: compressed forms and uncompressed ones. */
  readonly layersSizeBytes: number;
  /** Everything, what no image needs included. */
  readonly totalSizeBytes: number;
  readonly unusedSizeBytes: number;
  readonly images: ReadonlyMap<Digest, ImageUsage>;
}

export interface ImageUsage {
  /** Of layers that other images have, too. */
  readonly sharedSizeBytes: number;
  readonly uniqueSizeBytes: number;
}

/** One thing that `system fsck` found. */
export interface StoreFinding {
  /** A loss is damage that a person must know of; a note is told only. */
  readonly severity: 'loss' | 'note';
  /** A digest, or the name of an image. */
  readonly subject: string;
  readonly message: string;
}

/**
 * Images by name and id.
 *
 * # Terms
 * - An **id** is the digest of the image's configuration; any unambiguous beginning of its digits
 *   names the image, too.
 * - A **tag** is a name that points to an image, and can be moved to another one. An image without
 *   any is *dangling*. `name@sha256:…` names what a registry has under that digest.
 *
 * # Durability
 * What a method has answered is on disk. A process that is killed meanwhile leaves nothing but
 * files that the next start removes, or that the next pull of the same goes on with.
 */
export interface ImageStore {
  /** The newest first. */
  list(): readonly Image[];

  /** # Errors: not-found (`No such image: python:latest`), invalid-argument. */
  get(reference: string): Image;

  /**
   * Makes an image of one layer: a tar archive, perhaps compressed, or a bare WebAssembly module.
   *
   * # Errors
   * invalid-argument: no valid archive, an unknown instruction among the changes, a bad name
   */
  import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Image>;

  /**
   * Takes the name away, and the image with its last one. By id, the image goes with its only name;
   * `force` takes several.
   *
   * # Errors
   * not-found; conflict: named by id, and has several names
   */
  remove(reference: string, options: { readonly force: boolean }): RemovedImage;

  /** # Errors: not-found, invalid-argument. */
  tag(reference: string, target: string): void;

  /** Where the image's layers are, the topmost first. */
  rootfsLayers(image: Image): readonly LayerSource[];

  usage(): StoreUsage;

  /** Removes all content that nothing needs and nothing under way has touched. Answers its size. */
  sweep(): number;

  /**
   * Reads everything, and tells what is damaged, missing or left over. Tells of each piece of
   * content that it is looking at it.
   */
  check(looksAt: (digest: Digest, sizeBytes: number) => void): AsyncIterable<StoreFinding>;
}

/**
 * How something long goes, as Docker's clients show it: a line about one thing (a layer, by the
 * first digits of its digest) replaces the one before about the same; without an id it stands for
 * itself.
 */
export interface Progress {
  readonly id?: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
}

export type TellProgress = (progress: Progress) => void;
