import { OPCODE } from './opcode.ts';

const INITIAL_CAPACITY = 1 << 12;
/** The longest thing that is written without asking for room in between. */
const MARGIN = 32;

/**
 * Writes instructions behind one another. A hot buffer: it is cleared and filled again for each
 * function, and `view` is valid until then.
 */
export class Assembler {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = INITIAL_CAPACITY) {
    this.#bytes = new Uint8Array(capacity + MARGIN);
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  u8(value: number): this {
    if (this.#length + MARGIN > this.#bytes.length) this.#grow(MARGIN);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Unsigned LEB128 of a number below 2^32. */
  unsigned(value: number): this {
    if (this.#length + MARGIN > this.#bytes.length) this.#grow(MARGIN);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Signed LEB128 of a 32-bit number. */
  signed(value: number): this {
    if (this.#length + MARGIN > this.#bytes.length) this.#grow(MARGIN);
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
      this.#bytes[this.#length++] = isLast ? low : low | 0x80;
      if (isLast) return this;
    }
  }

  raw(bytes: Uint8Array | readonly number[]): this {
    if (this.#length + bytes.length + MARGIN > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Copies [from, to) of the source. */
  copy(source: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (size <= 0) return;
    if (this.#length + size + MARGIN > this.#bytes.length) this.#grow(size);
    if (size > 48) {
      this.#bytes.set(source.subarray(from, to), this.#length);
      this.#length += size;
      return;
    }
    const target = this.#bytes;
    let length = this.#length;
    for (let position = from; position < to; position++) target[length++] = source[position] ?? 0;
    this.#length = length;
  }

  i32Const(value: number): this {
    return this.u8(OPCODE.i32Const).signed(value);
  }

  i64Const(value: number): this {
    return this.u8(OPCODE.i64Const).signed(value);
  }

  localGet(local: number): this {
    return this.u8(OPCODE.localGet).unsigned(local);
  }

  localSet(local: number): this {
    return this.u8(OPCODE.localSet).unsigned(local);
  }

  localTee(local: number): this {
    return this.u8(OPCODE.localTee).unsigned(local);
  }

  globalGet(global: number): this {
    return this.u8(OPCODE.globalGet).unsigned(global);
  }

  globalSet(global: number): this {
    return this.u8(OPCODE.globalSet).unsigned(global);
  }

  call(functionIndex: number): this {
    return this.u8(OPCODE.call).unsigned(functionIndex);
  }

  #grow(count: number): void {
    const needed = this.#length + count + MARGIN;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
