import { compileTemplate } from './template.ts';

/** A column of a list: its heading, and the template field that holds it. */
export interface Column {
  readonly heading: string;
  readonly field: string;
}

export type Row = Readonly<Record<string, string>>;

const GAP = 3;
/** Docker's: no column is narrower, but for the last. */
const MIN_WIDTH = 10;

/**
 * A list as Docker prints it: the table, one template for each row, `table TEMPLATE` with the
 * headings of its fields, or `json`.
 *
 * # Errors
 * TemplateError
 */
export function formatRows(
  rows: readonly Row[],
  columns: readonly Column[],
  headings: Readonly<Record<string, string>>,
  format: string | undefined,
): string {
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (format === undefined || format === 'table') {
    const lines = [
      columns.map(({ heading }) => heading),
      ...rows.map((row) => columns.map(({ field }) => row[field] ?? '')),
    ];
    return alignColumns(lines);
  }
  const isTable = format.startsWith('table ');
  const source = (isTable ? format.slice('table '.length) : format)
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  const render = compileTemplate(source);
  if (!isTable) return rows.map((row) => `${render(row)}\n`).join('');
  return alignColumns([headings, ...rows].map((row) => render(row).split('\t')));
}

/** Cells under each other; the last of a line is as long as it is. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, cell] of line.entries()) {
      widths[index] = Math.max(widths[index] ?? MIN_WIDTH, cell.length + GAP);
    }
  }
  return lines
    .map((line) => {
      const cells = line.map((cell, index) =>
        index === line.length - 1 ? cell : cell.padEnd(widths[index] ?? 0),
      );
      return `${cells.join('')}\n`;
    })
    .join('');
}
