import type { Image } from '../image/contract.ts';
import { booleanFilter, type Filters } from '../wire/filters.ts';
import { parseMoment } from '../wire/moment.ts';
import { fitsPattern } from './name-pattern.ts';

/** What filters may name besides the image itself. */
export interface FilterWorld {
  /** Throws not-found (`No such image: …`). */
  readonly find: (reference: string) => Image;
  readonly nowNs: bigint;
}

/**
 * Whether an image fits every filter of `GET /images/json` and `POST /images/prune`.
 *
 * # Errors
 * invalid-argument for a bad value; not-found for an image that `before` or `since` name
 */
export function matchesImageFilters(image: Image, filters: Filters, world: FilterWorld): boolean {
  const isDangling = booleanFilter(filters, 'dangling');
  if (isDangling !== undefined && isDangling !== (image.repoTags.length === 0)) return false;
  return matchesImageDetails(image, filters, world);
}

/** As above, whether it has a name or not. */
export function matchesImageDetails(image: Image, filters: Filters, world: FilterWorld): boolean {
  const values = (name: string): readonly string[] => filters.get(name) ?? [];
  const references = values('reference');
  const createdNs = (reference: string): bigint => world.find(reference).createdNs;
  return (
    (references.length === 0 || references.some((pattern) => isNamed(image, pattern))) &&
    values('label').every((label) => hasLabel(image, label)) &&
    !values('label!').some((label) => hasLabel(image, label)) &&
    values('before').every((reference) => image.createdNs < createdNs(reference)) &&
    values('since').every((reference) => image.createdNs > createdNs(reference)) &&
    values('until').every((moment) => image.createdNs < parseMoment(moment, world.nowNs))
  );
}

/** An image as a list shows it that asks for certain names: without its others. */
export function withNamesOnly(image: Image, filters: Filters): Image {
  const patterns = filters.get('reference') ?? [];
  if (patterns.length === 0) return image;
  const isWanted = (name: string): boolean =>
    patterns.some((pattern) => fitsReference(name, pattern));
  const repoTags = image.repoTags.filter(isWanted);
  // Under which digests a registry has what is shown is shown, too.
  const shown = new Set(repoTags.map(repositoryOf));
  const repoDigests = image.repoDigests.filter(
    (name) => isWanted(name) || shown.has(repositoryOf(name)),
  );
  return { ...image, repoTags, repoDigests };
}

function isNamed({ repoTags, repoDigests }: Image, pattern: string): boolean {
  return [...repoTags, ...repoDigests].some((name) => fitsReference(name, pattern));
}

/** A pattern without a tag fits every tag. */
function fitsReference(name: string, pattern: string): boolean {
  return fitsPattern(name, pattern) || fitsPattern(repositoryOf(name), pattern);
}

function repositoryOf(name: string): string {
  return name.replace(/@.*$|:[^:/]*$/, '');
}

function hasLabel({ config }: Image, wanted: string): boolean {
  const [name = '', ...rest] = wanted.split('=');
  const labels = config.Labels ?? {};
  if (!Object.hasOwn(labels, name)) return false;
  return rest.length === 0 || labels[name] === rest.join('=');
}
