import { EngineError } from '../base/engine-error.ts';
import type { Image } from '../image/contract.ts';
import { booleanFilter, type Filters } from '../wire/filters.ts';

/**
 * Whether an image fits every filter of `GET /images/json`. `all` are the images that `before` and
 * `since` may name.
 *
 * # Errors
 * invalid-argument for a bad value; not-found for an image that `before` or `since` name
 */
export function matchesImageFilters(
  image: Image,
  filters: Filters,
  all: readonly Image[],
): boolean {
  const isDangling = booleanFilter(filters, 'dangling');
  if (isDangling !== undefined && isDangling !== (image.repoTags.length === 0)) return false;
  const references = filters.get('reference') ?? [];
  if (references.length > 0 && !references.some((pattern) => isNamed(image, pattern))) return false;
  const labels = filters.get('label') ?? [];
  if (!labels.every((label) => hasLabel(image, label))) return false;
  for (const name of filters.get('before') ?? []) {
    if (image.createdNs >= named(all, name).createdNs) return false;
  }
  for (const name of filters.get('since') ?? []) {
    if (image.createdNs <= named(all, name).createdNs) return false;
  }
  return true;
}

/**
 * `*` stands for anything within one component of the name; a pattern without a tag fits every tag.
 */
function isNamed(image: Image, pattern: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  const fits = new RegExp(`^${source.replaceAll('?', '[^/]')}$`);
  return image.repoTags.some((tag) => fits.test(tag) || fits.test(tag.replace(/:[^:/]*$/, '')));
}

function hasLabel({ config }: Image, wanted: string): boolean {
  const [name = '', ...rest] = wanted.split('=');
  const labels = config.Labels ?? {};
  if (!Object.hasOwn(labels, name)) return false;
  return rest.length === 0 || labels[name] === rest.join('=');
}

function named(all: readonly Image[], name: string): Image {
  const found = all.find(
    ({ id, repoTags }) =>
      repoTags.includes(name) || repoTags.includes(`${name}:latest`) || id.includes(name),
  );
  if (found) return found;
  throw new EngineError('not-found', `No such image: ${name}`);
}
