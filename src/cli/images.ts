import { encodeFilters } from '../wire/filters.ts';
import type { ImageSummary } from '../wire/image.ts';
import type { Command } from './command.ts';
import { DIGEST_COLUMN, IMAGE_COLUMNS, IMAGE_HEADINGS, imageRows } from './image-rows.ts';
import { imageTree } from './image-tree.ts';
import { FILTER_FLAG, FORMAT_FLAG, filterMapOf } from './ps.ts';
import { formatRows } from './table.ts';

export const IMAGES: Command = {
  name: 'images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  summary: 'List images',
  flags: [
    { name: 'all', short: 'a', kind: 'boolean', summary: 'Show all images' },
    { name: 'digests', kind: 'boolean', summary: 'Show digests' },
    FILTER_FLAG,
    FORMAT_FLAG,
    { name: 'no-trunc', kind: 'boolean', summary: "Don't truncate output" },
    { name: 'quiet', short: 'q', kind: 'boolean', summary: 'Only show image IDs' },
    { name: 'tree', kind: 'boolean', summary: 'List images with the platforms that they have' },
  ],
  arguments: { least: 0, most: 1 },
  run: async ({ engine, terminal, now }, flags, [reference]) => {
    const isTree = flags.isOn('tree');
    const clash = ['quiet', 'no-trunc', 'digests', 'format'].find((name) => flags.has(name));
    if (isTree && clash !== undefined) {
      throw new Error(`--${clash} is not yet supported with --tree`);
    }
    const filters = filterMapOf(flags);
    if (reference !== undefined) {
      filters.set('reference', [...(filters.get('reference') ?? []), reference]);
    }
    const images = await engine.call<readonly ImageSummary[]>('GET', '/images/json', {
      query: {
        all: flags.isOn('all'),
        filters: filters.size > 0 ? encodeFilters(filters) : undefined,
        manifests: isTree,
      },
    });
    if (isTree) {
      const shown = flags.isOn('all')
        ? images
        : images.filter(({ RepoTags }) => RepoTags.length > 0);
      terminal.stdout.write(imageTree(shown));
      return 0;
    }
    const format = flags.text('format');
    const hasDigests = flags.isOn('digests');
    const rows = images.flatMap((image) =>
      imageRows(image, {
        isTruncated: !flags.isOn('no-trunc'),
        hasDigests: hasDigests || format?.includes('.Digest') === true,
        nowMs: now(),
      }),
    );
    const columns = hasDigests ? IMAGE_COLUMNS.toSpliced(2, 0, DIGEST_COLUMN) : IMAGE_COLUMNS;
    const text = flags.isOn('quiet')
      ? rows.map((row) => `${row['ID']}\n`).join('')
      : formatRows(rows, columns, IMAGE_HEADINGS, format);
    terminal.stdout.write(text);
    return 0;
  },
};
