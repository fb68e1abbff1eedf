import { humanSize } from '../base/human-size.ts';
import type { ImageSummary } from '../wire/image.ts';
import { shortId } from './shown-values.ts';
import { alignColumns } from './table.ts';

const HEADINGS = ['IMAGE', 'ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA'];
const SIZE_WIDTHS = [10, 12];
/** What containers are made of. */
const IN_USE = 'U';

/**
 * Images with their names above each other, and below them what they have for which platform: the
 * id of the manifest, what it takes on disk with everything unpacked, and what is sent of it.
 */
export function imageTree(images: readonly ImageSummary[]): string {
  const lines = images.flatMap((image) => [...linesOf(image), ['']]);
  return `${legend()}\n\n${alignColumns([HEADINGS, ...lines])}`;
}

function legend(): string {
  return `Info -> ${IN_USE} In Use`;
}

function linesOf(image: ImageSummary): readonly (readonly string[])[] {
  const manifests = image.Manifests ?? [];
  const isUsed = manifests.some(({ ImageData }) => ImageData.Containers.length > 0);
  const contentSize = manifests.reduce((sum, { Size }) => sum + Size.Content, 0);
  const names = image.RepoTags.length > 0 ? image.RepoTags.toSorted() : ['<untagged>'];
  return [
    ...names.slice(0, -1).map((name) => [name]),
    [names.at(-1) ?? '', shortId(image.Id), ...sizes(image.Size, contentSize), mark(isUsed)],
    ...manifests.map((manifest, index) => {
      const { architecture, os, variant } = manifest.ImageData.Platform;
      const platform = [os, architecture, ...(variant ? [variant] : [])].join('/');
      const { Total, Content } = manifest.Size;
      return [
        `${index === manifests.length - 1 ? '└─' : '├─'} ${platform}`,
        shortId(manifest.ID),
        ...sizes(Total, Content),
        mark(manifest.ImageData.Containers.length > 0),
      ];
    }),
  ];
}

/** As wide as their headings: numbers end where those of other lines do. */
function sizes(...bytes: readonly number[]): readonly string[] {
  return bytes.map((size, index) => humanSize(size).padStart(SIZE_WIDTHS[index] ?? 0));
}

function mark(isUsed: boolean): string {
  return isUsed ? IN_USE : '';
}
