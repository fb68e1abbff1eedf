import { humanDuration } from '../base/human-time.ts';
import type { ContainerSummary } from '../wire/container.ts';
import { encodeFilters } from '../wire/filters.ts';
import type { Command } from './command.ts';
import { type FlagSpec, type Flags, UsageError } from './flags.ts';
import { formatRows, type Row } from './table.ts';

export const FILTER_FLAG: FlagSpec = {
  name: 'filter',
  short: 'f',
  kind: 'list',
  summary: 'Filter output based on conditions provided',
  placeholder: 'filter',
};

export const FORMAT_FLAG: FlagSpec = {
  name: 'format',
  kind: 'text',
  summary: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template",
};

/** The query parameter for `--filter name=value`. Errors: UsageError. */
export function filtersOf(flags: Flags): string | undefined {
  const filters = filterMapOf(flags);
  return filters.size === 0 ? undefined : encodeFilters(filters);
}

/** Errors: UsageError. */
export function filterMapOf(flags: Flags): Map<string, readonly string[]> {
  const filters = new Map<string, readonly string[]>();
  for (const filter of flags.list('filter')) {
    const [, name, value] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(filter) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(
        `invalid argument "${filter}" for "-f, --filter" flag: invalid filter '${filter}': expected name=value`,
      );
    }
    filters.set(name, [...(filters.get(name) ?? []), value]);
  }
  return filters;
}

const COLUMNS = [
  { heading: 'CONTAINER ID', field: 'ID' },
  { heading: 'IMAGE', field: 'Image' },
  { heading: 'COMMAND', field: 'Command' },
  { heading: 'CREATED', field: 'RunningFor' },
  { heading: 'STATUS', field: 'Status' },
  { heading: 'PORTS', field: 'Ports' },
  { heading: 'NAMES', field: 'Names' },
];

const HEADINGS: Row = {
  ...Object.fromEntries(COLUMNS.map(({ heading, field }) => [field, heading])),
  CreatedAt: 'CREATED AT',
  State: 'STATE',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
};

export const PS: Command = {
  name: 'ps',
  usage: '[OPTIONS]',
  summary: 'List containers',
  flags: [
    {
      name: 'all',
      short: 'a',
      kind: 'boolean',
      summary: 'Show all containers (default shows just running)',
    },
    FILTER_FLAG,
    FORMAT_FLAG,
    {
      name: 'last',
      short: 'n',
      kind: 'integer',
      summary: 'Show n last created containers (includes all states)',
    },
    {
      name: 'latest',
      short: 'l',
      kind: 'boolean',
      summary: 'Show the latest created container (includes all states)',
    },
    { name: 'no-trunc', kind: 'boolean', summary: "Don't truncate output" },
    { name: 'quiet', short: 'q', kind: 'boolean', summary: 'Only display container IDs' },
  ],
  arguments: { least: 0, most: 0 },
  run: async (context, flags) => {
    const { engine } = context;
    const containers = await engine.call<readonly ContainerSummary[]>('GET', '/containers/json', {
      query: {
        all: flags.isOn('all'),
        limit: flags.isOn('latest') ? 1 : flags.integer('last'),
        filters: filtersOf(flags),
      },
    });
    const isTruncated = !flags.isOn('no-trunc');
    const nowSeconds = context.now() / 1000;
    const rows = containers.map((container) => rowOf(container, isTruncated, nowSeconds));
    const text = flags.isOn('quiet')
      ? rows.map(({ ID }) => `${ID}\n`).join('')
      : formatRows(rows, COLUMNS, HEADINGS, flags.text('format'));
    context.terminal.stdout.write(text);
    return 0;
  },
};

const SHORT_ID = 12;
const SHORT_COMMAND = 20;

function rowOf(
  container: ContainerSummary,
  isTruncated: boolean,
  nowSeconds: number,
): Row & { ID: string } {
  const ageNs = BigInt(Math.max(0, Math.round((nowSeconds - container.Created) * 1e9)));
  const isCut = isTruncated && container.Command.length > SHORT_COMMAND;
  const command = isCut ? `${container.Command.slice(0, SHORT_COMMAND - 1)}…` : container.Command;
  return {
    ID: isTruncated ? container.Id.slice(0, SHORT_ID) : container.Id,
    Image: container.Image,
    Command: JSON.stringify(command),
    CreatedAt: new Date(container.Created * 1000).toISOString(),
    RunningFor: `${humanDuration(ageNs)} ago`,
    State: container.State,
    Status: container.Status,
    Ports: '',
    Names: container.Names.map((name) => name.slice(1)).join(','),
    Labels: Object.entries(container.Labels)
      .map((pair) => pair.join('='))
      .join(','),
    Mounts: container.Mounts.map(({ Source }) => Source).join(','),
  };
}
