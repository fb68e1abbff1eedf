import { humanSize } from '../base/human-size.ts';
import type { ImageHistoryItem } from '../wire/image.ts';
import type { Command } from './command.ts';
import { imagePath } from './image-path.ts';
import { printable } from './printable.ts';
import { FORMAT_FLAG } from './ps.ts';
import { ageOf, rfc3339Seconds, shortened, shortId } from './shown-values.ts';
import { formatRows, type Row } from './table.ts';

/** Docker's: of the command that made a step. */
const SHORT_COMMAND = 45;

export const HISTORY: Command = {
  name: 'history',
  usage: '[OPTIONS] IMAGE',
  summary: 'Show the history of an image',
  flags: [
    FORMAT_FLAG,
    {
      name: 'human',
      short: 'H',
      kind: 'boolean',
      summary: 'Print sizes and dates in human readable format (default true)',
      isOnByDefault: true,
    },
    { name: 'no-trunc', kind: 'boolean', summary: "Don't truncate output" },
    { name: 'quiet', short: 'q', kind: 'boolean', summary: 'Only show image IDs' },
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal, now }, flags, [name = '']) => {
    const path = imagePath(name, 'history');
    const steps = await engine.call<readonly ImageHistoryItem[]>('GET', path);
    const isHuman = flags.isOn('human');
    const isTruncated = !flags.isOn('no-trunc');
    const rows = steps.map((step): Row => {
      const command = printable(step.CreatedBy).replaceAll('\t', ' ');
      return {
        ID: isTruncated ? shortId(step.Id) : step.Id,
        CreatedAt: rfc3339Seconds(step.Created),
        CreatedSince: ageOf(step.Created, now()),
        CreatedBy: isTruncated ? shortened(command, SHORT_COMMAND) : command,
        Size: isHuman ? humanSize(step.Size) : String(step.Size),
        Comment: printable(step.Comment),
      };
    });
    const columns = [
      { heading: 'IMAGE', field: 'ID' },
      isHuman
        ? { heading: 'CREATED', field: 'CreatedSince' }
        : { heading: 'CREATED AT', field: 'CreatedAt' },
      { heading: 'CREATED BY', field: 'CreatedBy' },
      { heading: 'SIZE', field: 'Size' },
      { heading: 'COMMENT', field: 'Comment' },
    ];
    const headings = { CreatedAt: 'CREATED AT', CreatedSince: 'CREATED', ...headingsOf(columns) };
    const text = flags.isOn('quiet')
      ? rows.map((row) => `${row['ID']}\n`).join('')
      : formatRows(rows, columns, headings, flags.text('format'));
    terminal.stdout.write(text);
    return 0;
  },
};

function headingsOf(columns: readonly { heading: string; field: string }[]): Row {
  return Object.fromEntries(columns.map(({ heading, field }) => [field, heading]));
}
