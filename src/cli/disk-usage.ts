import { humanSize, TOTAL_DIGITS } from '../base/human-size.ts';
import type { DiskUsageResponse, SizedContainerSummary } from '../wire/disk-usage.ts';
import type { ImageSummary } from '../wire/image.ts';
import type { Command } from './command.ts';
import { IMAGE_COLUMNS, imageRows } from './image-rows.ts';
import { FORMAT_FLAG } from './ps.ts';
import { ageOf, shortened, shortId } from './shown-values.ts';
import { type Column, formatRows, type Row } from './table.ts';
import { compileTemplate } from './template.ts';

const COLUMNS = columnsOf({
  TYPE: 'Type',
  TOTAL: 'TotalCount',
  ACTIVE: 'Active',
  SIZE: 'Size',
  RECLAIMABLE: 'Reclaimable',
});

const IMAGE_USAGE_COLUMNS = [
  ...IMAGE_COLUMNS,
  ...columnsOf({
    'SHARED SIZE': 'SharedSize',
    'UNIQUE SIZE': 'UniqueSize',
    CONTAINERS: 'Containers',
  }),
];

const CONTAINER_COLUMNS = columnsOf({
  'CONTAINER ID': 'ID',
  IMAGE: 'Image',
  COMMAND: 'Command',
  'LOCAL VOLUMES': 'LocalVolumes',
  SIZE: 'Size',
  CREATED: 'CreatedSince',
  STATUS: 'Status',
  NAMES: 'Names',
});

const VOLUME_COLUMNS = columnsOf({ 'VOLUME NAME': 'Name', LINKS: 'Links', SIZE: 'Size' });

const CACHE_COLUMNS = columnsOf({
  'CACHE ID': 'ID',
  'CACHE TYPE': 'CacheType',
  SIZE: 'Size',
  CREATED: 'CreatedSince',
  'LAST USED': 'LastUsedSince',
  USAGE: 'UsageCount',
  SHARED: 'Shared',
});

/** Docker's: of a container's command. */
const SHORT_COMMAND = 20;

export const SYSTEM_DF: Command = {
  name: 'system df',
  usage: '[OPTIONS]',
  summary: 'Show disk usage',
  flags: [
    FORMAT_FLAG,
    {
      name: 'verbose',
      short: 'v',
      kind: 'boolean',
      summary: 'Show detailed information on space usage',
    },
  ],
  arguments: { least: 0, most: 0 },
  run: async ({ engine, terminal, now }, flags) => {
    const usage = await engine.call<DiskUsageResponse>('GET', '/system/df');
    const format = flags.text('format');
    const isForPeople = format === undefined || format === 'table';
    const note = isForPeople ? leftoverNote(usage) : '';
    if (!flags.isOn('verbose')) {
      const table = formatRows(summaryRows(usage), COLUMNS, headingsOf(COLUMNS), format);
      terminal.stdout.write(table + note);
      return 0;
    }
    const details = detailsOf(usage, now());
    if (isForPeople) terminal.stdout.write(detailTables(details) + note);
    else {
      const render = format === 'json' ? JSON.stringify : compileTemplate(format);
      terminal.stdout.write(`${render(details)}\n`);
    }
    return 0;
  },
};

function summaryRows({
  LayersSize = 0,
  Images = [],
  Containers = [],
  Wolffia,
}: DiskUsageResponse): readonly Row[] {
  const used = Images.filter((image) => image.Containers > 0);
  const free = LayersSize - (Wolffia?.UsedSize ?? 0);
  const active = Containers.filter(isActive);
  return [
    summaryRow('Images', Images.length, used.length, LayersSize, free),
    summaryRow(
      'Containers',
      Containers.length,
      active.length,
      writtenSize(Containers),
      writtenSize(Containers.filter((container) => !isActive(container))),
    ),
    // There are none of these so far; people's scripts look for the lines.
    summaryRow('Local Volumes', 0, 0, 0, 0),
    summaryRow('Build Cache', 0, 0, 0, 0),
  ];
}

function summaryRow(type: string, count: number, active: number, size: number, free: number): Row {
  // Images may come and go between the two sums.
  const reclaimable = Math.max(0, free);
  const percent = size > 0 ? ` (${Math.floor((reclaimable * 100) / size)}%)` : '';
  return {
    Type: type,
    TotalCount: String(count),
    Active: String(active),
    Size: humanSize(size, TOTAL_DIGITS),
    Reclaimable: `${humanSize(reclaimable, TOTAL_DIGITS)}${percent}`,
  };
}

function leftoverNote({ Wolffia }: DiskUsageResponse): string {
  const size = Wolffia?.UnusedSize ?? 0;
  if (size === 0) return '';
  const shown = humanSize(size, TOTAL_DIGITS);
  return `\n${shown} is left over from pulls and removed images: 'wolffia image prune' removes it\n`;
}

function isActive({ State }: SizedContainerSummary): boolean {
  return ['running', 'paused', 'restarting'].includes(State);
}

function writtenSize(containers: readonly SizedContainerSummary[]): number {
  return containers.reduce((sum, { SizeRw = 0 }) => sum + SizeRw, 0);
}

interface Details {
  readonly Images: readonly Row[];
  readonly Containers: readonly Row[];
  readonly Volumes: readonly Row[];
  readonly BuildCache: readonly Row[];
}

function detailsOf({ Images = [], Containers = [] }: DiskUsageResponse, nowMs: number): Details {
  return {
    Images: Images.flatMap((image) => firstRowOf(image, nowMs)),
    Containers: Containers.map((container) => containerRow(container, nowMs)),
    Volumes: [],
    BuildCache: [],
  };
}

/** Its space is taken once, however many names it has. */
function firstRowOf(image: ImageSummary, nowMs: number): readonly Row[] {
  return imageRows(image, { isTruncated: true, hasDigests: false, nowMs }).slice(0, 1);
}

function containerRow(container: SizedContainerSummary, nowMs: number): Row {
  return {
    ID: shortId(container.Id),
    Image: container.Image,
    Command: JSON.stringify(shortened(container.Command, SHORT_COMMAND)),
    LocalVolumes: String(container.Mounts.filter(({ Type }) => Type === 'volume').length),
    Size: container.SizeRw === undefined ? 'N/A' : humanSize(container.SizeRw),
    CreatedSince: ageOf(container.Created, nowMs),
    Status: container.Status,
    Names: container.Names.map((name) => name.slice(1)).join(','),
  };
}

function detailTables({ Images, Containers, Volumes, BuildCache }: Details): string {
  const table = (title: string, rows: readonly Row[], columns: readonly Column[]): string =>
    `${title}\n\n${formatRows(rows, columns, headingsOf(columns), undefined)}`;
  return [
    table('Images space usage:', Images, IMAGE_USAGE_COLUMNS),
    table('Containers space usage:', Containers, CONTAINER_COLUMNS),
    table('Local Volumes space usage:', Volumes, VOLUME_COLUMNS),
    table('Build cache usage: 0B', BuildCache, CACHE_COLUMNS),
  ].join('\n');
}

function columnsOf(fields: Readonly<Record<string, string>>): readonly Column[] {
  return Object.entries(fields).map(([heading, field]) => ({ heading, field }));
}

function headingsOf(columns: readonly Column[]): Row {
  return Object.fromEntries(columns.map(({ heading, field }) => [field, heading]));
}
