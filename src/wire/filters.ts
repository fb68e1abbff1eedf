import { EngineError, messageOf } from '../base/engine-error.ts';

/** Values by filter name; within one name any value may match, and all names must. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** For clients: the value of the `filters` query parameter. */
export function encodeFilters(filters: Filters): string {
  return JSON.stringify(Object.fromEntries(filters));
}

/**
 * Reads the `filters` query parameter: `{"label": ["a=b"]}`, or the older `{"label": {"a=b":
 * true}}`.
 *
 * # Errors
 * - invalid-argument: it is neither, or has a name that is not among `known` (Docker's `invalid
 *   filter 'x'`)
 */
export function parseFilters(text: string | null, known: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  if (text === null || text === '') return filters;
  for (const [name, values] of Object.entries(parseObject(text))) {
    if (!known.includes(name)) {
      throw new EngineError('invalid-argument', `invalid filter '${name}'`);
    }
    filters.set(name, filterValues(name, values));
  }
  return filters;
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new EngineError('invalid-argument', `invalid filter: ${messageOf(thrown)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new EngineError('invalid-argument', 'invalid filter: expected an object');
}

function filterValues(name: string, values: unknown): readonly string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
    return Object.entries(values).flatMap(([value, isOn]) => (isOn === true ? [value] : []));
  }
  throw new EngineError('invalid-argument', `invalid filter '${name}': expected a list of strings`);
}

/** The truth of a filter such as `dangling`; undefined when it is not given. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name);
  if (values === undefined || values.length === 0) return undefined;
  if (values.every((value) => ['1', 'true', 'True', 'TRUE', 't', 'T'].includes(value))) return true;
  if (values.every((value) => ['0', 'false', 'False', 'FALSE', 'f', 'F'].includes(value))) {
    return false;
  }
  throw new EngineError('invalid-argument', `invalid filter '${name}=[${values.join(' ')}]'`);
}
