import { createReadStream } from 'node:fs';
import { humanSize } from '../base/human-size.ts';
import { humanDuration } from '../base/human-time.ts';
import type { ImageDeleteItem, ImageSummary } from '../wire/image.ts';
import type { Command } from './command.ts';
import { CommandError, forEachNamed } from './command.ts';
import { FILTER_FLAG, FORMAT_FLAG, filtersOf } from './ps.ts';
import { pullQuery, showProgress } from './pull-image.ts';
import { formatRows, type Row } from './table.ts';

const COLUMNS = [
  { heading: 'REPOSITORY', field: 'Repository' },
  { heading: 'TAG', field: 'Tag' },
  { heading: 'IMAGE ID', field: 'ID' },
  { heading: 'CREATED', field: 'CreatedSince' },
  { heading: 'SIZE', field: 'Size' },
];

const HEADINGS: Row = {
  ...Object.fromEntries(COLUMNS.map(({ heading, field }) => [field, heading])),
  Digest: 'DIGEST',
  CreatedAt: 'CREATED AT',
};

export const IMAGES: Command = {
  name: 'images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  summary: 'List images',
  flags: [
    { name: 'all', short: 'a', kind: 'boolean', summary: 'Show all images' },
    FILTER_FLAG,
    FORMAT_FLAG,
    { name: 'no-trunc', kind: 'boolean', summary: "Don't truncate output" },
    { name: 'quiet', short: 'q', kind: 'boolean', summary: 'Only show image IDs' },
  ],
  arguments: { least: 0, most: 1 },
  run: async (context, flags, [reference]) => {
    const { engine } = context;
    const images = await engine.call<readonly ImageSummary[]>('GET', '/images/json', {
      query: {
        all: flags.isOn('all'),
        filters:
          reference === undefined ? filtersOf(flags) : JSON.stringify({ reference: [reference] }),
      },
    });
    const isTruncated = !flags.isOn('no-trunc');
    const rows = images.flatMap((image) => rowsOf(image, isTruncated, context.now()));
    const text = flags.isOn('quiet')
      ? [...new Set(rows.map(({ ID }) => `${ID}\n`))].join('')
      : formatRows(rows, COLUMNS, HEADINGS, flags.text('format'));
    context.terminal.stdout.write(text);
    return 0;
  },
};

function rowsOf(
  image: ImageSummary,
  isTruncated: boolean,
  nowMs: number,
): readonly (Row & { ID: string })[] {
  const tags = image.RepoTags.length > 0 ? image.RepoTags : ['<none>:<none>'];
  const ageMs = Math.max(0, nowMs - image.Created * 1000);
  return tags.map((name) => {
    const colon = name.lastIndexOf(':');
    return {
      Repository: name.slice(0, colon),
      Tag: name.slice(colon + 1),
      ID: isTruncated ? image.Id.slice('sha256:'.length, 'sha256:'.length + 12) : image.Id,
      CreatedSince: `${humanDuration(BigInt(Math.round(ageMs)) * 1_000_000n)} ago`,
      CreatedAt: new Date(image.Created * 1000).toISOString(),
      Digest: '<none>',
      Size: humanSize(image.Size),
    };
  });
}

export const PULL: Command = {
  name: 'pull',
  usage: 'NAME[:TAG]',
  summary: 'Get an image',
  flags: [{ name: 'quiet', short: 'q', kind: 'boolean', summary: 'Suppress verbose output' }],
  arguments: { least: 1, most: 1 },
  run: async (context, flags, [reference = '']) => {
    const { engine } = context;
    const response = await engine.stream('POST', '/images/create', {
      query: pullQuery(reference),
    });
    await showProgress(response, (line) => {
      if (!flags.isOn('quiet')) context.terminal.stdout.write(`${line}\n`);
    });
    if (flags.isOn('quiet')) context.terminal.stdout.write(`${reference}\n`);
    return 0;
  },
};

export const IMPORT: Command = {
  name: 'import',
  usage: '[OPTIONS] FILE|- [REPOSITORY[:TAG]]',
  summary: 'Import the contents from a tarball to create a filesystem image',
  flags: [
    {
      name: 'change',
      short: 'c',
      kind: 'list',
      summary: 'Apply Dockerfile instruction to the created image',
    },
    { name: 'message', short: 'm', kind: 'text', summary: 'Set commit message for imported image' },
    { name: 'platform', kind: 'text', summary: 'Set platform (default "wasi/wasm")' },
  ],
  arguments: { least: 1, most: 2 },
  run: async (context, flags, [source = '', reference = '']) => {
    if (/^https?:/.test(source)) {
      throw new CommandError(1, 'importing from a URL is not supported: download it first');
    }
    const { engine } = context;
    const body = source === '-' ? context.terminal.stdin : createReadStream(source);
    const response = await engine.stream('POST', '/images/create', {
      query: {
        fromSrc: '-',
        repo: reference,
        message: flags.text('message'),
        platform: flags.text('platform'),
        changes: flags.list('change'),
      },
      body,
    });
    await showProgress(response, (line) => context.terminal.stdout.write(`${line}\n`));
    return 0;
  },
};

export const REMOVE_IMAGE: Command = {
  name: 'rmi',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Remove one or more images',
  flags: [{ name: 'force', short: 'f', kind: 'boolean', summary: 'Force removal of the image' }],
  arguments: { least: 1, most: Number.POSITIVE_INFINITY },
  run: async (context, flags, names) => {
    const { engine } = context;
    return forEachNamed(context, names, async (name) => {
      const items = await engine.call<readonly ImageDeleteItem[]>('DELETE', `/images/${name}`, {
        query: { force: flags.isOn('force') },
      });
      return items
        .map(({ Untagged, Deleted }) =>
          Untagged === undefined ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`,
        )
        .join('\n');
    });
  },
};

export const TAG: Command = {
  name: 'tag',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  flags: [],
  arguments: { least: 2, most: 2 },
  run: async (context, _flags, [source = '', target = '']) => {
    const { engine } = context;
    const colon = target.indexOf(':', target.lastIndexOf('/') + 1);
    const repo = colon < 0 ? target : target.slice(0, colon);
    const tag = colon < 0 ? '' : target.slice(colon + 1);
    await engine.call('POST', `/images/${source}/tag`, { query: { repo, tag } });
    return 0;
  },
};
