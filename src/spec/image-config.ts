import * as v from 'valibot';
import { parseJson } from '../base/parse-json.ts';

/**
 * An image's configuration: the JSON whose digest is the image's id (OCI image-spec, config.md).
 * Fields that are not named here stay in the stored bytes and mean nothing to the engine.
 */
const MAX_TEXT = 131_072;
const MAX_ITEMS = 65_536;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const texts = v.pipe(v.array(text), v.maxLength(MAX_ITEMS));
/** Go's `map[string]struct{}`. */
const set = v.record(text, v.unknown());

const runConfig = v.object({
  User: v.nullish(text),
  ExposedPorts: v.nullish(set),
  Env: v.nullish(texts),
  Entrypoint: v.nullish(texts),
  Cmd: v.nullish(texts),
  Volumes: v.nullish(set),
  WorkingDir: v.nullish(text),
  Labels: v.nullish(v.record(text, text)),
  StopSignal: v.nullish(text),
});

const imageConfig = v.object({
  created: v.nullish(text),
  author: v.nullish(text),
  comment: v.nullish(text),
  architecture: text,
  os: text,
  variant: v.nullish(text),
  config: v.nullish(runConfig),
  rootfs: v.object({ type: v.literal('layers'), diff_ids: texts }),
  history: v.nullish(
    v.array(
      v.object({
        created: v.nullish(text),
        created_by: v.nullish(text),
        author: v.nullish(text),
        comment: v.nullish(text),
        empty_layer: v.nullish(v.boolean()),
      }),
    ),
  ),
});

export type RunConfig = v.InferOutput<typeof runConfig>;
export type ImageConfig = v.InferOutput<typeof imageConfig>;

/** # Errors: throws ValiError or SyntaxError on what is no image configuration. */
export function parseImageConfig(json: string): ImageConfig {
  return v.parse(imageConfig, parseJson(json));
}
