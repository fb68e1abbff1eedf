/** What `/images/…` answers. Sizes are bytes. */

/** The `filters` that `GET /images/json` knows. */
export const IMAGE_LIST_FILTERS = ['reference', 'dangling', 'label', 'before', 'since', 'until'];
/** The `filters` that `POST /images/prune` knows. */
export const IMAGE_PRUNE_FILTERS = ['dangling', 'until', 'label', 'label!'];
/** The `filters` that `GET /images/search` knows. */
export const SEARCH_FILTERS = ['is-official', 'is-automated', 'stars'];

/**
 * Our own: the `origin` of `POST /images/create?fromImage=…` that leaves the images which come with
 * Wolffia out. Docker's clients write all names out, so that the name alone does not tell.
 */
export const FROM_REGISTRY = 'registry';

/** Content by its name (OCI image-spec). */
export interface DescriptorResponse {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: PlatformResponse;
}

export interface PlatformResponse {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

export interface ImageSummary {
  /** `sha256:…` */
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly Size: number;
  /** Up to version 1.43: the same as Size. */
  readonly VirtualSize?: number;
  /** Of layers that other images have, too; -1 when not asked for. */
  readonly SharedSize: number;
  readonly Labels: Readonly<Record<string, string>> | null;
  /** Containers that use it; -1 when not counted. */
  readonly Containers: number;
  /** From version 1.48 on, of the manifest. */
  readonly Descriptor?: DescriptorResponse;
  /** When asked for. */
  readonly Manifests?: readonly ManifestSummary[];
}

/** One platform's image of several that a name may have; ours have one. */
export interface ManifestSummary {
  readonly ID: string;
  readonly Descriptor: DescriptorResponse;
  /** Whether all of its content is here. */
  readonly Available: boolean;
  readonly Kind: 'image';
  readonly Size: { readonly Content: number; readonly Total: number };
  readonly ImageData: {
    readonly Platform: PlatformResponse;
    /** Ids of those that are made of it. */
    readonly Containers: readonly string[];
    readonly Size: { readonly Unpacked: number };
  };
}

export interface ImageConfigResponse {
  readonly User: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly Entrypoint: readonly string[] | null;
  readonly Volumes: Readonly<Record<string, object>> | null;
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
  readonly OnBuild: null;
}

/** Up to version 1.49: what only containers have, always empty. */
export interface ContainerOnlyConfig {
  readonly Hostname: '';
  readonly Domainname: '';
  readonly AttachStdin: false;
  readonly AttachStdout: false;
  readonly AttachStderr: false;
  readonly Tty: false;
  readonly OpenStdin: false;
  readonly StdinOnce: false;
  readonly Image: '';
}

/** `GET /images/{name}/json` */
export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Parent: string;
  readonly Comment: string;
  /** RFC 3339 with nanoseconds. */
  readonly Created: string;
  readonly DockerVersion: string;
  readonly Author: string;
  readonly Config: ImageConfigResponse & Partial<ContainerOnlyConfig>;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  readonly Size: number;
  readonly VirtualSize?: number;
  readonly GraphDriver: { readonly Data: null; readonly Name: string };
  readonly RootFS: { readonly Type: 'layers'; readonly Layers: readonly string[] };
  readonly Metadata: { readonly LastTagTime: string };
  readonly Descriptor?: DescriptorResponse;
  readonly Manifests?: readonly ManifestSummary[];
}

/** `GET /images/{name}/history` answers a list of these, the newest first. */
export interface ImageHistoryItem {
  /** Of the image for the newest, `<missing>` for all others. */
  readonly Id: string;
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Tags: readonly string[] | null;
  /** Of the layer that the step made. */
  readonly Size: number;
  readonly Comment: string;
}

/** `DELETE /images/{name}` answers a list of these; each has one of the two. */
export interface ImageDeleteItem {
  readonly Untagged?: string;
  readonly Deleted?: string;
}

export interface ImagePruneResponse {
  readonly ImagesDeleted: readonly ImageDeleteItem[] | null;
  readonly SpaceReclaimed: number;
}

/** `GET /images/search` answers a list of these. */
export interface SearchItem {
  readonly name: string;
  readonly description: string;
  readonly star_count: number;
  readonly is_official: boolean;
  readonly is_automated: boolean;
}

/** The `aux` of a push's last message. */
export interface PushedAux {
  readonly Tag: string;
  readonly Digest: string;
  readonly Size: number;
}

/** `GET /distribution/{name}/json` */
export interface DistributionInspect {
  readonly Descriptor: DescriptorResponse;
  readonly Platforms: readonly PlatformResponse[];
}

/**
 * Our own: a registry's manifest or index as it has it, with its media type as the content's type.
 * `GET /wolffia/manifests/{name}`.
 */
export const MANIFESTS_PATH = '/wolffia/manifests';
export const CONTENT_DIGEST_HEADER = 'Docker-Content-Digest';

/** Our own: `POST /images/{name}/convert?form=artifact|image&target=…` answers it. */
export interface ImageConvertResponse {
  readonly Id: string;
}
