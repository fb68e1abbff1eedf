import type { JsonMessage } from '../wire/json-message.ts';
import { progressBar } from '../wire/progress-bar.ts';
import { printable } from './printable.ts';
import type { OutputStream } from './terminal.ts';

/** What a terminal's commands begin with (ECMA-48). */
const CSI = '\u001b[';

/** Of a terminal that does not tell its size, or says that it has none. */
const ASSUMED_COLUMNS = 80;
const ASSUMED_ROWS = 24;

/**
 * Shows how something goes. On a terminal each thing (a layer, by its id) has a line of its own,
 * which is drawn anew whenever it gets on; elsewhere each step is a line, and there are no bars.
 *
 * The lines are the last that were written, and the cursor stands below them. There are never more
 * than fit, because what has scrolled away cannot be drawn again: the last line then counts those
 * that are not shown. A message that is about no thing ends the lines: they stay as they are.
 */
export class ProgressDisplay {
  readonly #output: OutputStream;
  /** What is drawn by id, the topmost first. */
  readonly #lines = new Map<string, number>();
  readonly #hidden = new Set<string>();
  /** How many lines are on the screen, that of the hidden ones included. */
  #height = 0;

  constructor(output: OutputStream) {
    this.#output = output;
  }

  show(message: JsonMessage): void {
    const { id, status = '', progressDetail, stream } = message;
    if (id !== undefined && progressDetail && this.#output.isTTY) {
      this.#draw(id, status, progressDetail);
      return;
    }
    if (stream !== undefined) {
      this.#settle();
      this.#output.write(printable(stream));
      return;
    }
    const bar = progressDetail ? progressBar(progressDetail, ASSUMED_COLUMNS) : '';
    if (bar !== '' || message.status === undefined) return;
    this.#settle();
    this.#output.write(`${printable(id === undefined ? status : `${id}: ${status}`)}\n`);
  }

  /** What comes next is below. */
  #settle(): void {
    this.#lines.clear();
    this.#hidden.clear();
    this.#height = 0;
  }

  #draw(id: string, status: string, detail: NonNullable<JsonMessage['progressDetail']>): void {
    const columns = this.#output.columns || ASSUMED_COLUMNS;
    const rows = this.#output.rows || ASSUMED_ROWS;
    // Of the screen the last line is the cursor's, and one more is for what is not shown.
    const most = Math.max(1, rows - 2);
    if (!this.#lines.has(id)) {
      if (this.#lines.size >= most) {
        this.#hide(id);
        return;
      }
      this.#lines.set(id, this.#lines.size);
    }
    const bar = progressBar(detail, columns);
    const text = printable(`${id}: ${status}${bar === '' ? '' : ` ${bar}`}`);
    // One that were wrapped would be two.
    this.#drawLine(this.#lines.get(id) ?? 0, text.slice(0, Math.max(1, columns - 1)));
  }

  #hide(id: string): void {
    if (this.#hidden.has(id)) return;
    this.#hidden.add(id);
    this.#drawLine(this.#lines.size, `(and ${this.#hidden.size} more)`);
  }

  #drawLine(index: number, text: string): void {
    const isNew = index >= this.#height;
    if (isNew) this.#height = index + 1;
    const up = this.#height - index;
    const start = isNew ? '\n' : '';
    this.#output.write(`${start}${CSI}${up}A${CSI}2K\r${text}\r${CSI}${up}B`);
  }
}
