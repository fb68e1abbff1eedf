import { humanSize, TOTAL_DIGITS } from '../base/human-size.ts';
import type { ContainersPruneResponse } from '../wire/container.ts';
import { encodeFilters } from '../wire/filters.ts';
import type { ImagePruneResponse } from '../wire/image.ts';
import type { Command } from './command.ts';
import type { EngineClient } from './engine-client.ts';
import type { FlagSpec, Flags } from './flags.ts';
import { confirm } from './prompt.ts';
import { filterMapOf } from './ps.ts';

const NONE = { least: 0, most: 0 };
const QUESTION = 'Are you sure you want to continue?';

const PRUNE_FLAGS: readonly FlagSpec[] = [
  {
    name: 'all',
    short: 'a',
    kind: 'boolean',
    summary: 'Remove all unused images, not just dangling ones',
  },
  {
    name: 'filter',
    kind: 'list',
    summary: 'Provide filter values (e.g. "until=<timestamp>")',
    placeholder: 'filter',
  },
  { name: 'force', short: 'f', kind: 'boolean', summary: 'Do not prompt for confirmation' },
];

export const IMAGE_PRUNE: Command = {
  name: 'image prune',
  usage: '[OPTIONS]',
  summary: 'Remove unused images, and what is left of pulls that came to nothing',
  flags: PRUNE_FLAGS,
  arguments: NONE,
  run: async ({ engine, terminal }, flags) => {
    const warning = `WARNING! This will remove all ${imagesToGo(flags)}.\n${QUESTION}`;
    if (!flags.isOn('force') && !(await confirm(terminal, warning))) return 0;
    const { text, reclaimed } = await pruneImages(engine, flags);
    terminal.stdout.write(`${text}Total reclaimed space: ${humanSize(reclaimed, TOTAL_DIGITS)}\n`);
    return 0;
  },
};

export const SYSTEM_PRUNE: Command = {
  name: 'system prune',
  usage: '[OPTIONS]',
  summary: 'Remove stopped containers and unused images',
  flags: [
    ...PRUNE_FLAGS,
    {
      name: 'volumes',
      kind: 'boolean',
      summary: 'Prune anonymous volumes (they go with their containers in any case)',
    },
  ],
  arguments: NONE,
  run: async ({ engine, terminal }, flags) => {
    if (!flags.isOn('force') && !(await confirm(terminal, systemWarning(flags)))) return 0;
    const containers = await engine.call<ContainersPruneResponse>('POST', '/containers/prune', {
      query: { filters: filtersOf(flags) },
    });
    const ids = containers.ContainersDeleted ?? [];
    const images = await pruneImages(engine, flags);
    const removed = ids.length > 0 ? `Deleted Containers:\n${ids.join('\n')}\n\n` : '';
    const reclaimed = containers.SpaceReclaimed + images.reclaimed;
    terminal.stdout.write(
      `${removed}${images.text}Total reclaimed space: ${humanSize(reclaimed, TOTAL_DIGITS)}\n`,
    );
    return 0;
  },
};

function systemWarning(flags: Flags): string {
  const filters = flags.list('filter').map((filter) => `  - ${filter}`);
  return [
    'WARNING! This will remove:',
    '  - all stopped containers',
    `  - all ${imagesToGo(flags)}`,
    '',
    ...(filters.length > 0 ? ['  Items to be pruned will be filtered with:', ...filters, ''] : []),
    QUESTION,
  ].join('\n');
}

function imagesToGo(flags: Flags): string {
  return flags.isOn('all')
    ? 'images without at least one container associated to them'
    : 'dangling images';
}

async function pruneImages(
  engine: EngineClient,
  flags: Flags,
): Promise<{ text: string; reclaimed: number }> {
  const { ImagesDeleted, SpaceReclaimed } = await engine.call<ImagePruneResponse>(
    'POST',
    '/images/prune',
    { query: { filters: filtersOf(flags, ['dangling', [String(!flags.isOn('all'))]]) } },
  );
  const lines = (ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
    Untagged === undefined ? `deleted: ${Deleted}\n` : `untagged: ${Untagged}\n`,
  );
  const text = lines.length > 0 ? `Deleted Images:\n${lines.join('')}\n` : '';
  return { text, reclaimed: SpaceReclaimed };
}

function filtersOf(
  flags: Flags,
  ...more: readonly (readonly [string, readonly string[]])[]
): string | undefined {
  const filters = new Map([...filterMapOf(flags), ...more]);
  return filters.size > 0 ? encodeFilters(filters) : undefined;
}
