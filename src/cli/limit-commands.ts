import type { ContainerUpdateResponse } from '../wire/container-create.ts';
import type { ContainerTopResponse } from '../wire/container-usage.ts';
import { type Command, forEachNamed } from './command.ts';
import { LIMIT_FLAGS, limitsOf } from './limit-flags.ts';

const SEVERAL = { least: 1, most: Number.POSITIVE_INFINITY };

function pauseCommand(name: 'pause' | 'unpause', summary: string): Command {
  return {
    name,
    usage: 'CONTAINER [CONTAINER...]',
    summary,
    flags: [],
    arguments: SEVERAL,
    run: async (context, _flags, names) => {
      const { engine } = context;
      return forEachNamed(context, names, async (container) => {
        await engine.call('POST', `/containers/${encodeURIComponent(container)}/${name}`);
        return container;
      });
    },
  };
}

export const PAUSE = pauseCommand('pause', 'Pause all processes within one or more containers');
export const UNPAUSE = pauseCommand(
  'unpause',
  'Unpause all processes within one or more containers',
);

export const UPDATE: Command = {
  name: 'update',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Update configuration of one or more containers',
  flags: [
    ...LIMIT_FLAGS,
    { name: 'restart', kind: 'text', summary: 'Restart policy to apply when a container exits' },
    { name: 'pids-limit', kind: 'integer', summary: 'Tune container pids limit' },
  ],
  arguments: SEVERAL,
  run: async (context, flags, names) => {
    const { engine, terminal } = context;
    if (!UPDATE.flags.some(({ name }) => flags.has(name))) {
      throw new Error('you must provide one or more flags when using this command');
    }
    const restart = flags.text('restart');
    const json = {
      ...limitsOf(flags),
      PidsLimit: flags.integer('pids-limit'),
      ...(restart === undefined ? {} : { RestartPolicy: { Name: restart } }),
    };
    const warnings: string[] = [];
    const exitCode = await forEachNamed(context, names, async (name) => {
      const path = `/containers/${encodeURIComponent(name)}/update`;
      const answer = await engine.call<ContainerUpdateResponse>('POST', path, { json });
      warnings.push(...answer.Warnings);
      return name;
    });
    for (const warning of warnings) terminal.stdout.write(`${warning}\n`);
    return exitCode;
  },
};

/** Docker's: no column is narrower. */
const MIN_WIDTH = 20;
const GAP = 3;

export const TOP: Command = {
  name: 'top',
  usage: 'CONTAINER',
  summary: 'Display the running processes of a container',
  flags: [],
  isInterspersed: false,
  // What Docker hands on to `ps` is taken and has no meaning: there is no ps that could see them.
  arguments: SEVERAL,
  run: async (context, _flags, [container = '', ...psArguments]) => {
    const { engine } = context;
    const { Titles: titles, Processes: processes } = await engine.call<ContainerTopResponse>(
      'GET',
      `/containers/${encodeURIComponent(container)}/top`,
      { query: { ps_args: psArguments.join(' ') } },
    );
    const rows = [titles, ...processes];
    const widths = titles.map((_, index) =>
      Math.max(MIN_WIDTH, ...rows.map((row) => (row[index]?.length ?? 0) + GAP)),
    );
    for (const row of rows) {
      const cells = row.map((cell, index) =>
        index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? MIN_WIDTH),
      );
      context.terminal.stdout.write(`${cells.join('')}\n`);
    }
    return 0;
  },
};
