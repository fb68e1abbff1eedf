import type { ContainerRecord } from '../engine/container-record.ts';
import { exitCodeOf } from '../engine/container-state.ts';
import type { Filters } from '../wire/filters.ts';
import { parseMoment } from '../wire/moment.ts';

type Matcher = (record: ContainerRecord, value: string, nowNs: bigint) => boolean;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ name }, value) => name.includes(value.replace(/^\//, '')),
  status: ({ state }, value) => state.status === value,
  label: ({ config }, value) => hasLabel(config.labels, value),
  'label!': ({ config }, value) => !hasLabel(config.labels, value),
  until: ({ createdNs }, value, nowNs) => createdNs < parseMoment(value, nowNs),
  exited: ({ state }, value) => state.status === 'exited' && exitCodeOf(state) === Number(value),
  ancestor: ({ config }, value) =>
    config.imageReference === value ||
    config.imageReference === `${value}:latest` ||
    `${config.imageReference}:latest` === value ||
    config.imageId.replace('sha256:', '').startsWith(value.replace('sha256:', '')),
};

/** Of these all values must fit; of every other filter one is enough. */
const FITS_ALL: readonly string[] = ['label', 'label!'];

/** Whether a container fits every filter. The filters have been checked to be known. */
export function matchesFilters(record: ContainerRecord, filters: Filters, nowNs: bigint): boolean {
  for (const [name, values] of filters) {
    const matcher = Object.hasOwn(MATCHERS, name) ? MATCHERS[name] : undefined;
    if (!matcher) throw new Error(`no matcher for filter ${name}`);
    if (values.length === 0) continue;
    const fits = FITS_ALL.includes(name)
      ? values.every((value) => matcher(record, value, nowNs))
      : values.some((value) => matcher(record, value, nowNs));
    if (!fits) return false;
  }
  return true;
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [name = '', ...rest] = wanted.split('=');
  if (!Object.hasOwn(labels, name)) return false;
  return rest.length === 0 || labels[name] === rest.join('=');
}
