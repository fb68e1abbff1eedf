import type { FoundRepository, RegistryAccess } from '../registry/contract.ts';
import type { Digest } from '../spec/digest.ts';
import type { Descriptor } from '../spec/manifest.ts';
import type { Platform } from '../spec/platform.ts';
import type { Image, TellProgress } from './contract.ts';

/**
 * Images that come from elsewhere and go there: registries, archives, and the images that come
 * with Wolffia (the *catalog*).
 *
 * # Promises
 * What a method has answered is on disk; what fails or is aborted leaves nothing that an image list
 * shows, and what it had got so far is taken up by the next pull of the same.
 *
 * # Errors
 * EngineErrors that name the reference. All of the registry's; besides them
 * - invalid-argument: a reference, platform or archive that is none
 * - not-found: no such image here, or for that platform
 * - cancelled: aborted through `signal`
 */
export interface ImageTransfers {
  /** Local catalog or registry; resolves what was found. `platform` as `os/arch[/variant]`. */
  pull(reference: string, options: PullOptions): Promise<PulledImage>;

  /** Of a registry's repository, in its order; at most `limit` (`pull --all-tags`). */
  listTags(repository: string, limit: number, access: RegistryAccess): Promise<readonly string[]>;

  push(
    reference: string,
    options: PushOptions,
  ): Promise<{ readonly digest: Digest; readonly sizeBytes: number }>;

  /** In the registry of the term's host; without one in Docker Hub. */
  search(term: string, limit: number, access: RegistryAccess): Promise<readonly FoundRepository[]>;

  /** # Errors: unauthenticated in Docker's words. */
  logIn(registry: string, access: RegistryAccess): Promise<{ readonly identityToken?: string }>;

  /** Raw manifest or index of a registry's reference. */
  inspectRemote(reference: string, access: RegistryAccess): Promise<RemoteManifest>;

  /** One archive that is a docker-archive and an OCI layout at once, as `docker save` makes it. */
  save(references: readonly string[], options: SaveOptions): AsyncIterable<Uint8Array>;

  /** A docker-archive or OCI layout as tar (perhaps compressed), or a bare module. */
  load(archive: AsyncIterable<Uint8Array>, tell: TellProgress): Promise<readonly LoadedImage[]>;

  /** Makes the other form of an image: `artifact` (CNCF) or `image` (Docker form). */
  convert(reference: string, target: string, form: ImageForm): Promise<Image>;
}

export type ImageForm = 'artifact' | 'image';

export interface PullOptions {
  readonly platform?: string | undefined;
  readonly access: RegistryAccess;
  /**
   * Told where it comes from (`{id: 'latest', status: 'Pulling from library/python'}`), then of
   * each layer, under the first 12 digits of its digest. What came out is the caller's to tell.
   */
  readonly tell: TellProgress;
}

export interface PulledImage {
  readonly image: Image;
  readonly origin: 'catalog' | 'registry';
  /** Whether the name meant something else before, or nothing. */
  readonly isNew: boolean;
  /** Of what the reference names: a manifest or an index. */
  readonly digest: Digest;
}

export interface PushOptions {
  readonly access: RegistryAccess;
  /** Told of each layer; where it goes and what came out is the caller's to tell. */
  readonly tell: TellProgress;
}

export interface RemoteManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** Of an index, those that it has images for; of a manifest, its own. */
  readonly platforms: readonly Platform[];
}

export interface SaveOptions {
  readonly platform?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LoadedImage {
  readonly image: Image;
  /** What the archive calls it; empty when it has no name there. */
  readonly names: readonly string[];
}
