import type { Writable } from 'node:stream';

/**
 * What is under way, a row each: on a terminal the rows are redrawn in place, elsewhere each status
 * is a line.
 */
export class StatusTable {
  readonly #output: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly #nameWidth: number;
  readonly #rows = new Map<string, string>();
  #drawnCount = 0;

  constructor(output: Writable, nameWidth: number) {
    this.#output = output;
    this.#nameWidth = nameWidth;
  }

  show(name: string, status: string): void {
    this.#rows.set(name, status);
    if (this.#output.isTTY) this.#draw();
    else this.#output.write(this.#line(name, status));
  }

  /** The last word on a row, which stays above those that are still under way. */
  end(name: string, result: string): void {
    this.#erase();
    this.#rows.delete(name);
    this.#output.write(this.#line(name, result));
    if (this.#output.isTTY) this.#draw();
  }

  #line(name: string, text: string): string {
    return `${name.padEnd(this.#nameWidth)}${text}\n`;
  }

  #draw(): void {
    this.#erase();
    const width = this.#output.columns ?? 80;
    for (const [name, status] of this.#rows) {
      // A row that wraps could not be erased.
      this.#output.write(
        `${this.#line(name, status)
          .trimEnd()
          .slice(0, width - 1)}\n`,
      );
    }
    this.#drawnCount = this.#rows.size;
  }

  #erase(): void {
    if (this.#drawnCount > 0) this.#output.write(`\u001b[${this.#drawnCount}A\u001b[J`);
    this.#drawnCount = 0;
  }
}
