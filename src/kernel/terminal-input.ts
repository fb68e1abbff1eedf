import { DISABLED } from './terminal-attributes.ts';

/** What the kernel of Linux holds of input that was not read yet: one line, or as much raw. */
const CAPACITY = 4096;

/**
 * What was typed and not read yet, as Linux's n_tty keeps it: lines that are done, of which readers
 * get one at a time, and behind them the line that is still being edited. In raw mode there are no
 * lines, and everything can be read.
 *
 * Positions count bytes since the beginning; `DISABLED` at the end of a line stands for ^D, which
 * ends a line and is not read.
 */
export class TerminalInput {
  readonly #bytes = new Uint8Array(CAPACITY);
  /** 1 at the last byte of each line. */
  readonly #lineEnds = new Uint8Array(CAPACITY);
  #readAt = 0;
  /** Where the line that is being edited begins: all before it can be read. */
  #lineAt = 0;
  #writeAt = 0;
  #isCanonical: boolean;

  constructor(isCanonical: boolean) {
    this.#isCanonical = isCanonical;
  }

  /** Bytes that may be put at once. */
  get room(): number {
    return CAPACITY - 1 - (this.#writeAt - this.#readAt);
  }

  /**
   * Whether a line is being edited for which there is no room: it cannot be read before it ends, so
   * that its last byte gives way to each one that comes.
   */
  get isLineFull(): boolean {
    return this.#isCanonical && this.room <= 0 && this.#lineAt === this.#readAt;
  }

  get isLineEmpty(): boolean {
    return this.#lineAt === this.#writeAt;
  }

  put(byte: number): void {
    if (this.room < 0) this.#writeAt -= 1;
    this.#bytes[this.#writeAt % CAPACITY] = byte;
    this.#lineEnds[this.#writeAt % CAPACITY] = 0;
    this.#writeAt += 1;
  }

  /** Ends the line: with a byte that is part of it, or with `DISABLED`. */
  endLine(byte: number): void {
    this.put(byte);
    this.#lineEnds[(this.#writeAt - 1) % CAPACITY] = 1;
    this.#lineAt = this.#writeAt;
  }

  /** The line that is being edited, the last byte last. */
  editedLine(): Uint8Array {
    const size = this.#writeAt - this.#lineAt;
    return Uint8Array.from({ length: size }, (_, index) => this.#at(this.#lineAt + index));
  }

  /** Takes bytes off the end of the line that is being edited. */
  dropLast(count: number): void {
    this.#writeAt = Math.max(this.#lineAt, this.#writeAt - count);
  }

  clear(): void {
    this.#readAt = this.#lineAt = this.#writeAt = 0;
    this.#lineEnds.fill(0);
  }

  /** What has been typed so far can be read at once, in either mode. */
  setCanonical(isCanonical: boolean): void {
    if (isCanonical === this.#isCanonical) return;
    this.#isCanonical = isCanonical;
    this.#lineEnds.fill(0);
    this.#lineAt = this.#readAt;
    if (!isCanonical || this.#writeAt === this.#readAt) return;
    this.#lineEnds[(this.#writeAt - 1) % CAPACITY] = 1;
    this.#lineAt = this.#writeAt;
  }

  /** Whether a read would be answered, be it by the end of file. */
  get isReadable(): boolean {
    return this.#end > this.#readAt;
  }

  /** Bytes that can be read, of all lines that are done. */
  get availableBytes(): number {
    let count = this.#end - this.#readAt;
    if (!this.#isCanonical) return count;
    for (let at = this.#readAt; at < this.#end; at++) if (this.#isEndOfFile(at)) count -= 1;
    return count;
  }

  /** Reads at most one line, or what there is in raw mode; 0 for a line that ^D alone ended. */
  read(target: Uint8Array): number {
    if (target.length === 0) return 0;
    let count = 0;
    while (this.#readAt < this.#end) {
      const isLineEnd = this.#isCanonical && this.#lineEnds[this.#readAt % CAPACITY] === 1;
      // A ^D right behind a full buffer is taken with it: it would be read as an end of file.
      if (count === target.length && !(isLineEnd && this.#isEndOfFile(this.#readAt))) return count;
      const byte = this.#at(this.#readAt);
      this.#readAt += 1;
      if (isLineEnd && byte === DISABLED) return count;
      target[count] = byte;
      count += 1;
      if (isLineEnd) return count;
    }
    return count;
  }

  get #end(): number {
    return this.#isCanonical ? this.#lineAt : this.#writeAt;
  }

  #at(position: number): number {
    return this.#bytes[position % CAPACITY] ?? 0;
  }

  #isEndOfFile(position: number): boolean {
    return this.#lineEnds[position % CAPACITY] === 1 && this.#at(position) === DISABLED;
  }
}
