import type { Instance } from './instance.ts';

/** What every instance of a program is at its beginning, in so far as code can change it. */
export class InitialState {
  /** What the data segments have put into the memory: from the first byte that is not 0 on. */
  readonly #start: number;
  readonly #content: Uint8Array;
  readonly #globals: ReadonlyMap<string, number | bigint>;

  /** `instance` has not run yet. */
  constructor(instance: Instance) {
    const bytes = new Uint8Array(instance.linearMemory.buffer);
    let start = 0;
    while (start < bytes.length && bytes[start] === 0) start++;
    let end = bytes.length;
    while (end > start && bytes[end - 1] === 0) end--;
    this.#start = start;
    this.#content = bytes.slice(start, end);
    this.#globals = instance.globals();
  }

  restore(instance: Instance): void {
    const bytes = new Uint8Array(instance.linearMemory.buffer);
    bytes.fill(0, 0, this.#start);
    bytes.set(this.#content, this.#start);
    bytes.fill(0, this.#start + this.#content.length);
    instance.setGlobals(this.#globals);
  }
}
