import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import { parseBody } from '../wire/body.ts';

/** Docker's filters: a list of values for each name, or the same as a set. */
const filtersSchema = v.record(
  v.string(),
  v.union([v.array(v.string()), v.record(v.string(), v.boolean())]),
);

export type Filters = ReadonlyMap<string, readonly string[]>;

/** # Errors: invalid-argument. */
export function parseFilters(json: string | null): Filters {
  const parsed = parseBody(filtersSchema, json ?? '');
  return new Map(
    Object.entries(parsed).map(([name, values]) => [
      name,
      Array.isArray(values)
        ? values
        : Object.entries(values).flatMap(([value, isOn]) => (isOn ? [value] : [])),
    ]),
  );
}

type Matcher = (record: ContainerRecord, value: string) => boolean;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ name }, value) => name.includes(value.replace(/^\//, '')),
  status: ({ state }, value) => state.status === value,
  label: ({ config }, value) => hasLabel(config.labels, value),
  exited: ({ state }, value) => state.status === 'exited' && state.exitCode === Number(value),
  ancestor: ({ config }, value) =>
    config.imageName === value ||
    config.imageName === `${value}:latest` ||
    `${config.imageName}:latest` === value ||
    config.imageId.replace('sha256:', '').startsWith(value.replace('sha256:', '')),
};

/** Whether every filter has one value that fits. Errors: invalid-argument for a filter that does not exist. */
export function matchesFilters(record: ContainerRecord, filters: Filters): boolean {
  for (const [name, values] of filters) {
    const matcher = Object.hasOwn(MATCHERS, name) ? MATCHERS[name] : undefined;
    if (!matcher) throw new EngineError('invalid-argument', `invalid filter '${name}'`);
    // Labels are all to be there; of every other filter one value is enough.
    const fits =
      name === 'label'
        ? values.every((value) => matcher(record, value))
        : values.some((value) => matcher(record, value));
    if (values.length > 0 && !fits) return false;
  }
  return true;
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [name = '', ...rest] = wanted.split('=');
  if (!Object.hasOwn(labels, name)) return false;
  return rest.length === 0 || labels[name] === rest.join('=');
}
