import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';

/**
 * Brings a JSON value into a schema's shape.
 *
 * # Errors
 * - invalid-argument: `invalid request body: HostConfig.Binds.0: expected string`
 */
export function parseBody<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  const place = path === null ? '' : `${path}: `;
  throw new EngineError('invalid-argument', `invalid request body: ${place}${wording(issue)}`);
}

function wording(issue: v.BaseIssue<unknown>): string {
  if (issue.received === 'undefined') return 'required';
  if (issue.kind !== 'schema' || issue.expected === null) return issue.message;
  return `expected ${issue.expected.replaceAll('"', '').toLowerCase()}`;
}

/** As Go's decoder has it: an absent field and `null` are the same. */
export function optional<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.nullish(schema);
}
