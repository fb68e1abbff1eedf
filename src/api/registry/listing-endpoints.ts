import { type Descriptor, MAX_MANIFEST_BYTES } from '../../spec/manifest.ts';
import { MEDIA_TYPES } from '../../spec/media-types.ts';
import type { RegistryCall } from './registry-call.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';
import { nameOf } from './repository-name.ts';

/** `GET /v2/_catalog`: the repositories that have a tag, in order. */
export function listRepositories(call: RegistryCall, { images }: RegistryStore): void {
  const repositories = new Set(images.table.tags().map(({ repository }) => repository));
  const names = [...repositories].flatMap((repository) => nameOf(repository) ?? []).sort();
  const { part, headers } = pageOf(call, names, '/v2/_catalog');
  call.json(200, { repositories: part }, headers);
}

/** `GET /v2/<name>/tags/list` (OCI distribution-spec, "Listing tags"). Errors: NAME_UNKNOWN. */
export function listTags(call: RegistryCall, { images }: RegistryStore): void {
  const { name, repository } = call;
  const tags = images.table.tags(repository).map(({ tag }) => tag);
  if (tags.length === 0) {
    throw new RegistryError('NAME_UNKNOWN', 'repository name not known to registry', {
      details: [{ name }],
    });
  }
  const { part, headers } = pageOf(call, tags.sort(), `/v2/${name}/tags/list`);
  call.json(200, { name, tags: part }, headers);
}

/** So many come in one answer, however many are asked for. */
const MAX_PAGE = 1_000;

/** The part of a list that `n` and `last` ask for, and where the next one is. */
function pageOf(
  { query }: RegistryCall,
  items: readonly string[],
  path: string,
): { readonly part: readonly string[]; readonly headers: Readonly<Record<string, string>> } {
  const asked = query.get('n') ?? '';
  if (asked !== '' && !/^\d{1,9}$/.test(asked)) {
    throw new RegistryError('UNSUPPORTED', 'n must be a whole number', { status: 400 });
  }
  const count = Math.min(asked === '' ? MAX_PAGE : Number(asked), MAX_PAGE);
  const last = query.get('last') ?? '';
  const rest = items.filter((item) => item > last);
  const part = rest.slice(0, count);
  const next = part.at(-1);
  if (rest.length <= count || next === undefined) return { part, headers: {} };
  return { part, headers: { Link: linkTo(path, { n: String(count), last: next }) } };
}

function linkTo(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query)}>; rel="next"`;
}

/**
 * `GET /v2/<name>/referrers/<digest>` (OCI distribution-spec, "Listing referrers"): what is about a
 * manifest, signatures for instance, as an index; in pages, of which one may be empty when none of
 * what was looked at is of the type that is wanted.
 */
export function listReferrers(call: RegistryCall, { images }: RegistryStore): void {
  const { digest: subject, query, name } = call;
  const wanted = query.get('artifactType') ?? '';
  const last = query.get('last') ?? '';
  const found = [...images.table.referrers(subject)]
    .map(({ descriptor }) => descriptor)
    .filter(({ digest }) => digest > last)
    .sort((one, other) => (one.digest < other.digest ? -1 : 1));
  const page = firstPage(found);
  const manifests = page
    .map((descriptor) => referrerOf(descriptor, images.registrar))
    .filter(({ artifactType }) => wanted === '' || artifactType === wanted);
  const next = page.length < found.length ? page.at(-1) : undefined;
  const filter = wanted === '' ? {} : { artifactType: wanted };
  const path = `/v2/${name}/referrers/${subject}`;
  const mediaType = MEDIA_TYPES.ociIndex;
  const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  call.bytes(200, mediaType, Buffer.from(index), {
    ...(wanted === '' ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...(next ? { Link: linkTo(path, { last: next.digest, ...filter }) } : {}),
  });
}

/** What is said of each besides its annotations. */
const MAX_ENTRY_BYTES = 1_024;

/**
 * So many that all of them can be read in one go, and the answer is no larger than a manifest may
 * be: what is said of each is part of it. One at least.
 */
function firstPage(found: readonly Descriptor[]): readonly Descriptor[] {
  let sizeBytes = 0;
  const end = found.findIndex(({ size }) => {
    sizeBytes += size + MAX_ENTRY_BYTES;
    return sizeBytes > MAX_MANIFEST_BYTES;
  });
  return end < 0 ? found : found.slice(0, Math.max(end, 1));
}

function referrerOf(
  { digest, mediaType, size }: Descriptor,
  registrar: RegistryStore['images']['registrar'],
) {
  const manifest = registrar.readManifest(digest, mediaType);
  const { annotations } = manifest;
  const configType = manifest.kind === 'manifest' ? manifest.config.mediaType : undefined;
  const artifactType = manifest.artifactType ?? configType;
  return { mediaType, digest, size, artifactType, annotations };
}
