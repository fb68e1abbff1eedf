import { humanSize, TOTAL_DIGITS } from '../base/human-size.ts';
import type { ImageSummary } from '../wire/image.ts';
import { ageOf, goTime, shortId } from './shown-values.ts';
import type { Column, Row } from './table.ts';

const NONE = '<none>';
const NOT_KNOWN = 'N/A';

export const IMAGE_COLUMNS: readonly Column[] = [
  { heading: 'REPOSITORY', field: 'Repository' },
  { heading: 'TAG', field: 'Tag' },
  { heading: 'IMAGE ID', field: 'ID' },
  { heading: 'CREATED', field: 'CreatedSince' },
  { heading: 'SIZE', field: 'Size' },
];

export const DIGEST_COLUMN: Column = { heading: 'DIGEST', field: 'Digest' };

export const IMAGE_HEADINGS: Row = {
  ...Object.fromEntries(IMAGE_COLUMNS.map(({ heading, field }) => [field, heading])),
  CreatedAt: 'CREATED AT',
  Digest: 'DIGEST',
  Containers: 'CONTAINERS',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
};

export interface ImageRowOptions {
  readonly isTruncated: boolean;
  readonly hasDigests: boolean;
  readonly nowMs: number;
}

/** A row for each name of an image, and with digests for each digest that its registry knows. */
export function imageRows(image: ImageSummary, options: ImageRowOptions): readonly Row[] {
  const { isTruncated, hasDigests, nowMs } = options;
  const { Id, Created, Size, SharedSize, Containers } = image;
  const isShared = SharedSize >= 0;
  const facts = {
    ID: isTruncated ? shortId(Id) : Id,
    CreatedSince: ageOf(Created, nowMs),
    CreatedAt: goTime(Created),
    Size: humanSize(Size),
    VirtualSize: humanSize(Size),
    SharedSize: isShared ? humanSize(SharedSize, TOTAL_DIGITS) : NOT_KNOWN,
    UniqueSize: isShared ? humanSize(Math.max(0, Size - SharedSize), TOTAL_DIGITS) : NOT_KNOWN,
    Containers: Containers >= 0 ? String(Containers) : NOT_KNOWN,
  };
  return namesOf(image, hasDigests).map((name) => ({ ...name, ...facts }));
}

function namesOf(
  { RepoTags, RepoDigests }: ImageSummary,
  hasDigests: boolean,
): readonly { Repository: string; Tag: string; Digest: string }[] {
  const digests = new Map<string, string[]>();
  for (const { repository, digest } of RepoDigests.map(splitDigest)) {
    digests.set(repository, [...(digests.get(repository) ?? []), digest]);
  }
  const rows = (repository: string, tag: string): ReturnType<typeof namesOf> => {
    const known = hasDigests ? (digests.get(repository) ?? []) : [];
    const shown = known.length > 0 ? known : [NONE];
    return shown.map((digest) => ({ Repository: repository, Tag: tag, Digest: digest }));
  };
  const tags = RepoTags.map(splitTag);
  const tagged = new Set(tags.map(({ repository }) => repository));
  const names = [
    ...tags.flatMap(({ repository, tag }) => rows(repository, tag)),
    // What has a tag of the same repository needs no row of its own.
    ...[...digests.keys()].flatMap((name) => (tagged.has(name) ? [] : rows(name, NONE))),
  ];
  return names.length > 0 ? names : [{ Repository: NONE, Tag: NONE, Digest: NONE }];
}

function splitTag(name: string): { repository: string; tag: string } {
  const colon = name.lastIndexOf(':');
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

function splitDigest(name: string): { repository: string; digest: string } {
  const at = name.indexOf('@');
  return { repository: name.slice(0, at), digest: name.slice(at + 1) };
}
