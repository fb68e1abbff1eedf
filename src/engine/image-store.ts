import type { LayerSource } from '../spec/mount.ts';

/** What the engine needs to know of an image; field names within `config` are OCI's. */
export interface Image {
  /** `sha256:…` */
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly createdNs: bigint;
  readonly sizeBytes: number;
  readonly architecture: string;
  readonly os: string;
  readonly config: ImageConfig;
}

export interface ImageConfig {
  readonly Env?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly WorkingDir?: string | undefined;
  readonly User?: string | undefined;
  readonly ExposedPorts?: Readonly<Record<string, unknown>> | undefined;
  readonly Volumes?: Readonly<Record<string, unknown>> | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly StopSignal?: string | undefined;
}

export interface ImportOptions {
  /** `name[:tag]`; absent: the image has no name. */
  readonly reference?: string | undefined;
  /** Dockerfile instructions (`CMD …`, `ENV …`). */
  readonly changes: readonly string[];
  /** `os/architecture` */
  readonly platform?: string | undefined;
  readonly comment?: string | undefined;
}

/** The slice of the image service that the engine uses. */
export interface ImageStore {
  list(): readonly Image[];
  /** # Errors: not-found `No such image: python:latest` */
  get(reference: string): Image;
  import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Image>;
  /** What went away: tags first, then, when it was the last one, the image's id. */
  remove(reference: string): Promise<RemovedImage>;
  tag(reference: string, target: string): void;
  /** The topmost first. */
  rootfsLayers(image: Image): readonly LayerSource[];
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  readonly deleted: readonly string[];
}
