import type { Digest } from '../../spec/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../spec/manifest.ts';
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
 * manifest, signatures for instance, as an index that fits into a manifest's bounds.
 */
export function listReferrers(call: RegistryCall, { images }: RegistryStore): void {
  const { digest: subject, query, name } = call;
  const wanted = query.get('artifactType') ?? '';
  const last = query.get('last') ?? '';
  const found = [...images.table.referrers(subject)]
    .sort((one, other) => (one.descriptor.digest < other.descriptor.digest ? -1 : 1))
    .filter(({ descriptor }) => descriptor.digest > last);
  const manifests: { readonly digest: Digest }[] = [];
  const headers: Record<string, string> = {};
  let sizeBytes = 0;
  for (const { descriptor } of found) {
    const { digest, mediaType, size } = descriptor;
    const manifest = images.registrar.readManifest(digest, mediaType);
    const ownType = manifest.kind === 'manifest' ? manifest.config.mediaType : undefined;
    const artifactType = manifest.artifactType ?? ownType;
    if (wanted !== '' && artifactType !== wanted) continue;
    const { annotations } = manifest;
    const entry = { mediaType, digest, size, artifactType, annotations };
    sizeBytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (manifests.length > 0 && sizeBytes > MAX_MANIFEST_BYTES - ENVELOPE_BYTES) {
      headers['Link'] = linkTo(`/v2/${name}/referrers/${subject}`, {
        last: manifests.at(-1)?.digest ?? '',
        ...(wanted === '' ? {} : { artifactType: wanted }),
      });
      break;
    }
    manifests.push(entry);
  }
  if (wanted !== '') headers['OCI-Filters-Applied'] = 'artifactType';
  const mediaType = MEDIA_TYPES.ociIndex;
  const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  call.bytes(200, mediaType, Buffer.from(index), headers);
}

/** For what stands around the entries. */
const ENVELOPE_BYTES = 200;
