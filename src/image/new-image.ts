import type { Digest } from '../spec/digest.ts';
import type { ImageConfig, RunConfig } from '../spec/image-config.ts';
import type { Descriptor } from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import { isWasmPlatform, type Platform } from '../spec/platform.ts';
import { digestOf } from './content-store.ts';

/** What an image that is made here says of itself. */
export interface NewImageFacts {
  /** RFC 3339. */
  readonly created: string;
  readonly author?: string | undefined;
  readonly comment: string;
  readonly platform: Platform;
  readonly config: RunConfig;
  /** One, of its only layer. */
  readonly diffId: Digest;
}

/** The same facts give the same bytes, and so the same id. */
export function newConfig(facts: NewImageFacts): ImageConfig {
  const { created, author, comment, platform, config, diffId } = facts;
  return {
    created,
    ...(author ? { author } : {}),
    comment,
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, comment }],
  };
}

/**
 * What tells crun, and who goes by its rules, that the program in an ordinary image is WebAssembly.
 */
export function annotationsFor(platform: Platform): Readonly<Record<string, string>> {
  return isWasmPlatform(platform) ? { 'module.wasm.image/variant': 'compat' } : {};
}

export interface NewManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** An OCI manifest. The same parts give the same bytes. */
export function newManifest(
  config: Descriptor,
  layers: readonly Descriptor[],
  annotations: Readonly<Record<string, string>>,
): NewManifest {
  const mediaType = MEDIA_TYPES.ociManifest;
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config,
      layers,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    }),
  );
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}
