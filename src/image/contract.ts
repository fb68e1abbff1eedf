import type { Digest } from '../spec/digest.ts';
import type { RunConfig } from '../spec/image-config.ts';
import type { LayerSource } from '../spec/mount.ts';

/** An image as the engine knows it. */
export interface Image {
  /** The digest of its configuration. */
  readonly id: Digest;
  /** `python:latest` … in their short form. */
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly createdNs: bigint;
  /** All its layers, uncompressed. */
  readonly sizeBytes: number;
  readonly architecture: string;
  readonly os: string;
  readonly author: string;
  readonly comment: string;
  /** The lowest first, as the configuration has them. */
  readonly diffIds: readonly Digest[];
  readonly config: RunConfig;
  readonly lastTaggedNs: bigint;
}

export interface ImportOptions {
  /** `name[:tag]`; without one the image has no name. */
  readonly reference?: string | undefined;
  /** Dockerfile instructions (`CMD …`, `ENV …`). */
  readonly changes: readonly string[];
  /** `os/architecture` */
  readonly platform?: string | undefined;
  readonly comment?: string | undefined;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  readonly deleted: readonly Digest[];
}

/**
 * Images by name and id.
 *
 * # Terms
 * - An **id** is the digest of the image's configuration; any unambiguous beginning of its digits
 *   names the image, too.
 * - A **tag** is a name that points to an image, and can be moved to another one. An image without
 *   any is *dangling*.
 *
 * # Durability
 * What a method has answered is on disk. A process that is killed meanwhile leaves nothing but
 * files that the next start removes.
 */
export interface ImageStore {
  /** The newest first. */
  list(): readonly Image[];

  /** # Errors: not-found (`No such image: python:latest`), invalid-argument. */
  get(reference: string): Image;

  /**
   * Makes an image of one layer: a tar archive, perhaps compressed.
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
}
