import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';
import { parseJson } from '../base/parse-json.ts';
import { type Digest, parseDigest } from './digest.ts';
import { isIndex, isManifest, MEDIA_TYPES } from './media-types.ts';

/**
 * Content by what it is, how large it is and its name (OCI image-spec, descriptor.md). Manifests
 * are read by hostile registries' clients: every list and text has a bound.
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: {
    readonly os: string;
    readonly architecture: string;
    readonly variant?: string;
  };
}

/** As registries have it: a larger manifest is refused by most of them, too. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TEXT = 65_536;
const MAX_LAYERS = 4_096;
const MAX_MANIFESTS = 4_096;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const annotations = v.nullish(v.record(text, text));

const descriptor = v.pipe(
  v.object({
    mediaType: text,
    digest: v.pipe(
      text,
      v.check((digest) => parseDigest(digest) !== undefined, 'no sha256 digest'),
      v.transform((digest) => digest as Digest),
    ),
    size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    annotations,
    artifactType: v.nullish(text),
    platform: v.nullish(
      v.object({
        os: v.nullish(text, ''),
        architecture: v.nullish(text, ''),
        variant: v.nullish(text),
      }),
    ),
  }),
  v.transform(({ annotations, artifactType, platform, ...rest }): Descriptor => {
    const { os = '', architecture = '', variant } = platform ?? {};
    return {
      ...rest,
      ...(annotations ? { annotations } : {}),
      ...(artifactType ? { artifactType } : {}),
      ...(platform ? { platform: { os, architecture, ...(variant ? { variant } : {}) } } : {}),
    };
  }),
);

const imageManifest = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.nullish(text),
  artifactType: v.nullish(text),
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(MAX_LAYERS)),
  annotations,
  subject: v.nullish(descriptor),
});

const imageIndex = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.nullish(text),
  artifactType: v.nullish(text),
  manifests: v.pipe(v.array(descriptor), v.maxLength(MAX_MANIFESTS)),
  annotations,
  subject: v.nullish(descriptor),
});

/** One image, or an artifact that has an image's form (OCI image-spec, manifest.md). */
export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
}

/** One name for several images (OCI image-spec, image-index.md). */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
}

export type Manifest = ImageManifest | ImageIndex;

/**
 * Reads a manifest or an index. `mediaType` is what its source says it is; without one the content
 * tells.
 *
 * # Errors
 * invalid-argument: too large, no JSON, not of the form (the failing field is named), or of a form
 * that nobody has used for years (schema 1)
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw invalid(`larger than ${MAX_MANIFEST_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw new EngineError('invalid-argument', 'invalid manifest: no JSON', { cause: thrown });
  }
  if (typeof value !== 'object' || value === null) throw invalid('no JSON object');
  const ownType = 'mediaType' in value ? String(value.mediaType) : undefined;
  const type = ownType ?? mediaType ?? '';
  if ('schemaVersion' in value && value.schemaVersion === 1) {
    throw invalid('schema 1 is obsolete: push the image anew with a current client');
  }
  if (isIndex(type) || (!isManifest(type) && 'manifests' in value)) {
    const { manifests, artifactType, annotations, subject } = parsed(imageIndex, value);
    return {
      kind: 'index',
      mediaType: isIndex(type) ? type : MEDIA_TYPES.ociIndex,
      manifests,
      annotations: annotations ?? {},
      ...(artifactType ? { artifactType } : {}),
      ...(subject ? { subject } : {}),
    };
  }
  const { config, layers, artifactType, annotations, subject } = parsed(imageManifest, value);
  return {
    kind: 'manifest',
    mediaType: isManifest(type) ? type : MEDIA_TYPES.ociManifest,
    config,
    layers,
    annotations: annotations ?? {},
    ...(artifactType ? { artifactType } : {}),
    ...(subject ? { subject } : {}),
  };
}

/** What an index holds beside images: signatures and provenance, which nobody can run. */
export function isAttestation({ annotations, platform }: Descriptor): boolean {
  if (annotations?.['vnd.docker.reference.type'] !== undefined) return true;
  return platform?.os === 'unknown' && platform.architecture === 'unknown';
}

/** All that a manifest needs to be whole, itself excepted. */
export function contentsOf(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw invalid(`${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`);
}

function invalid(reason: string): EngineError {
  return new EngineError('invalid-argument', `invalid manifest: ${reason}`);
}
