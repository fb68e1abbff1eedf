/**
 * How many threads there may be at once in a cell, of all its containers: each has a stack of its
 * own, and a host that cannot make one more ends the whole cell.
 */
export class ThreadQuota {
  readonly #limit: number;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get hasRoom(): boolean {
    return this.#count < this.#limit;
  }

  take(): void {
    this.#count++;
  }

  release(): void {
    this.#count--;
  }
}
