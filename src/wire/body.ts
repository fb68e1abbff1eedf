import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';

/**
 * Parses a request body: JSON that fits the schema. Fields that the schema does not know are ignored, as clients are newer
 * than us.
 *
 * # Errors
 * invalid-argument, naming the path that does not fit (`HostConfig.Binds.0: …`).
 */
export function parseBody<Schema extends v.GenericSchema>(
  schema: Schema,
  json: string,
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(json === '' ? '{}' : json);
  } catch (thrown) {
    throw new EngineError('invalid-argument', 'invalid JSON in the request body', {
      cause: thrown,
    });
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = issue?.path?.map((item) => String(item.key)).join('.') ?? '';
  throw new EngineError(
    'invalid-argument',
    `invalid request body: ${path === '' ? '' : `${path}: `}${issue?.message ?? 'unexpected'}`,
  );
}

const MAX_STRING = 131_072;
const MAX_ITEMS = 65_536;

const bounded = v.pipe(v.string(), v.maxLength(MAX_STRING));

/** Docker's Go structs read null as "not given". */
export const text = v.nullish(bounded);
export const flag = v.nullish(v.boolean());
export const whole = v.nullish(v.pipe(v.number(), v.integer()));
export const texts = v.nullish(v.pipe(v.array(bounded), v.maxLength(MAX_ITEMS)));
/** A command: a list, or one string that stands for a list of one (Docker's strslice). */
export const command = v.nullish(
  v.union([
    v.pipe(v.array(bounded), v.maxLength(MAX_ITEMS)),
    v.pipe(
      bounded,
      v.transform((one) => [one]),
    ),
  ]),
);
export const textMap = v.nullish(v.record(v.string(), bounded));
/** Go's `map[string]struct{}`: a set. */
export const keySet = v.nullish(v.record(v.string(), v.nullish(v.object({}))));
