import { EngineError } from '../base/engine-error.ts';
import type { Image } from '../image/contract.ts';
import type {
  ImageTransfers,
  LoadedImage,
  PulledImage,
  PullOptions,
  RemoteManifest,
} from '../image/transfer-contract.ts';
import type { Digest } from '../spec/digest.ts';
import { DEFAULT_TAG, familiarName, familiarRepository, parseTagged } from '../spec/reference.ts';
import type { ShippedImages } from './shipped-images.ts';

/** Images of the catalog alone: of an engine that reaches no registry. */
export class CatalogTransfers implements ImageTransfers {
  readonly #shipped: ShippedImages;

  constructor(shipped: ShippedImages) {
    this.#shipped = shipped;
  }

  async pull(reference: string, { tell }: PullOptions): Promise<PulledImage> {
    const { repository, tag } = parseTagged(reference);
    const name = familiarRepository(repository);
    if (tag !== DEFAULT_TAG || !this.#shipped.names.includes(name)) throw this.#denied(name);
    const image = await this.#shipped.pull(name, (status) => tell({ status }));
    return { image, origin: 'catalog', isNew: true, digest: image.manifest.digest };
  }

  async listTags(repository: string): Promise<readonly string[]> {
    return this.#shipped.names.includes(familiarRepository(repository)) ? [DEFAULT_TAG] : [];
  }

  async search(term: string, limit: number): ReturnType<ImageTransfers['search']> {
    return this.#shipped.names
      .filter((name) => name.includes(term))
      .slice(0, limit)
      .map((name) => ({ name, description: '', starCount: 0, isOfficial: true }));
  }

  async push(reference: string): Promise<{ readonly digest: Digest; readonly sizeBytes: number }> {
    throw unreached(familiarName(parseTagged(reference)));
  }

  async logIn(registry: string): Promise<{ readonly identityToken?: string }> {
    throw unreached(registry);
  }

  async inspectRemote(reference: string): Promise<RemoteManifest> {
    throw unreached(familiarName(parseTagged(reference)));
  }

  // biome-ignore lint/correctness/useYield: there is nothing to be yielded
  async *save(references: readonly string[]): AsyncGenerator<Uint8Array> {
    throw unreached(references.join(', '));
  }

  async load(): Promise<readonly LoadedImage[]> {
    throw unreached('the archive');
  }

  async convert(reference: string): Promise<Image> {
    throw unreached(reference);
  }

  /** Docker's words, and why it is so here. */
  #denied(name: string): EngineError {
    return new EngineError(
      'not-found',
      `pull access denied for ${name}, repository does not exist or may require 'docker login': wolffia can build its own images (${this.#shipped.names.join(', ')}), but cannot pull from registries so far; bring others with 'wolffia import'`,
    );
  }
}

function unreached(what: string): EngineError {
  return new EngineError('not-implemented', `cannot transfer ${what}: no registry is reached`);
}
