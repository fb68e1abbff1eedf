/**
 * A terminal's screen as somebody sees it: it knows what our commands write (lines, carriage
 * returns, moves up and down, erased lines) and nothing else. What goes over its upper end is lost.
 */
export class DrawnScreen {
  readonly #rows: number;
  readonly #columns: number;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor({ rows, columns }: { readonly rows: number; readonly columns: number }) {
    this.#rows = rows;
    this.#columns = columns;
  }

  /** From the top, without the empty lines at the end. */
  get lines(): readonly string[] {
    const last = this.#lines.findLastIndex((line) => line !== '');
    return this.#lines.slice(0, last + 1).map((line) => line.trimEnd());
  }

  write(text: string): void {
    const pattern = /\p{Cc}\[(\d*)([A-Z])|([\s\S])/gu;
    for (const [, count = '', command, character = ''] of text.matchAll(pattern)) {
      if (command !== undefined) this.#command(command, Number(count));
      else if (character === '\n') this.#newLine();
      else if (character === '\r') this.#column = 0;
      else this.#put(character);
    }
  }

  #command(command: string, count: number): void {
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'B') this.#row = Math.min(this.#rows - 1, this.#row + count);
    else if (command === 'K' && count === 2) this.#lines[this.#row] = '';
    else throw new Error(`the screen does not know CSI ${count} ${command}`);
  }

  /** A terminal that is not raw makes a return of it, too. */
  #newLine(): void {
    this.#column = 0;
    if (this.#row === this.#rows - 1) this.#lines.shift();
    else this.#row += 1;
    this.#lines[this.#row] ??= '';
  }

  #put(character: string): void {
    if (this.#column === this.#columns) this.#newLine();
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] =
      line.slice(0, this.#column) + character + line.slice(this.#column + character.length);
    this.#column += character.length;
  }
}
