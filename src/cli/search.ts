import type { SearchItem } from '../wire/image.ts';
import type { Command } from './command.ts';
import { authHeaderOf } from './credentials/registry-auth.ts';
import { printable } from './printable.ts';
import { FILTER_FLAG, FORMAT_FLAG, filtersOf } from './ps.ts';
import { shortened } from './shown-values.ts';
import { formatRows, type Row } from './table.ts';

const COLUMNS = [
  { heading: 'NAME', field: 'Name' },
  { heading: 'DESCRIPTION', field: 'Description' },
  { heading: 'STARS', field: 'StarCount' },
  { heading: 'OFFICIAL', field: 'IsOfficial' },
];

const HEADINGS: Row = Object.fromEntries(COLUMNS.map(({ heading, field }) => [field, heading]));

/** Docker's: of a description. */
const SHORT_DESCRIPTION = 45;

export const SEARCH: Command = {
  name: 'search',
  usage: '[OPTIONS] TERM',
  summary: 'Search a registry for images: HOST/TERM, or TERM on Docker Hub',
  flags: [
    FILTER_FLAG,
    FORMAT_FLAG,
    { name: 'limit', kind: 'integer', summary: 'Max number of search results' },
    { name: 'no-trunc', kind: 'boolean', summary: "Don't truncate output" },
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [term = '']) => {
    const items = await engine.call<readonly SearchItem[]>('GET', '/images/search', {
      query: { term, limit: flags.integer('limit'), filters: filtersOf(flags) },
      headers: await authHeaderOf(registryOfTerm(term), terminal),
    });
    const format = flags.text('format');
    const [yes, no] = format === 'json' ? ['true', 'false'] : ['[OK]', ''];
    const rows = items.map((item): Row => {
      const description = printable(item.description).replaceAll(/[\r\n\t]+/g, ' ');
      return {
        Name: printable(item.name),
        Description: flags.isOn('no-trunc')
          ? description
          : shortened(description, SHORT_DESCRIPTION),
        StarCount: String(item.star_count),
        IsOfficial: item.is_official ? yes : no,
      };
    });
    terminal.stdout.write(formatRows(rows, COLUMNS, HEADINGS, format));
    return 0;
  },
};

/** As in a reference: what has a dot or a port, or is `localhost`, is a host. */
function registryOfTerm(term: string): string {
  const host = term.slice(0, Math.max(0, term.indexOf('/')));
  return /[.:]/.test(host) || host === 'localhost' ? host : '';
}
