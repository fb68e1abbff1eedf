import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';
import { parseJson } from '../base/parse-json.ts';

/**
 * What Docker calls an archive's parts: `manifest.json` of `docker save`, which names a
 * configuration and layers by their paths in the archive (Docker image spec 1.2).
 */
const MAX_TEXT = 4_096;
const MAX_IMAGES = 4_096;
const MAX_NAMES = 4_096;
const MAX_LAYERS = 4_096;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));

const images = v.pipe(
  v.array(
    v.object({
      Config: text,
      RepoTags: v.nullish(v.pipe(v.array(text), v.maxLength(MAX_NAMES))),
      Layers: v.nullish(v.pipe(v.array(text), v.maxLength(MAX_LAYERS))),
    }),
  ),
  v.maxLength(MAX_IMAGES),
);

export interface ArchivedImage {
  readonly configPath: string;
  readonly names: readonly string[];
  /** The lowest first. */
  readonly layerPaths: readonly string[];
}

/** # Errors: invalid-argument, naming the failing field. */
export function parseArchivedImages(bytes: Uint8Array): readonly ArchivedImage[] {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(bytes).toString());
  } catch (thrown) {
    throw new EngineError('invalid-argument', 'invalid manifest.json: no JSON', { cause: thrown });
  }
  const result = v.safeParse(images, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const where = v.getDotPath(issue) ?? 'all of it';
    throw new EngineError('invalid-argument', `invalid manifest.json: ${where}: ${issue.message}`);
  }
  return result.output.map(({ Config, RepoTags, Layers }) => ({
    configPath: Config,
    names: RepoTags ?? [],
    layerPaths: Layers ?? [],
  }));
}

/** As `docker save` writes it. */
export function archivedImagesJson(images: readonly ArchivedImage[]): string {
  return JSON.stringify(
    images.map(({ configPath, names, layerPaths }) => ({
      Config: configPath,
      RepoTags: names.length > 0 ? names : null,
      Layers: layerPaths,
    })),
  );
}
