import { EngineError } from '../base/engine-error.ts';

/** Reads WebAssembly's binary format (core specification, section 5) out of hostile bytes. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  u8(): number {
    if (this.position >= this.end) throw malformed('unexpected end');
    return this.bytes[this.position++] ?? 0;
  }

  /** Unsigned LEB128, at most 32 bits. */
  unsigned(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) throw malformed('integer too large');
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    throw malformed('integer representation too long');
  }

  /** Passes over a LEB128 of up to 64 bits, signed or not. */
  skipInteger(): void {
    for (let count = 0; count < 10; count++) {
      if (this.u8() < 0x80) return;
    }
    throw malformed('integer representation too long');
  }

  /** Signed LEB128 of 33 bits: a heap type or block type, negative for those with a name. */
  signed33(): number {
    let result = 0;
    let unit = 1;
    for (let count = 0; count < 5; count++) {
      const byte = this.u8();
      result += (byte & 0x7f) * unit;
      unit *= 0x80;
      if (byte < 0x80) {
        if (count === 4 && byte > 0x0f && byte < 0x70) throw malformed('integer too large');
        return (byte & 0x40) === 0 ? result : result - unit;
      }
    }
    throw malformed('integer representation too long');
  }

  /** Unsigned LEB128 of 64 bits; past 2^53 it is not exact, and large all the same. */
  unsigned64(): number {
    let result = 0;
    let unit = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.u8();
      result += (byte & 0x7f) * unit;
      unit *= 0x80;
      if (byte < 0x80) return result;
    }
    throw malformed('integer representation too long');
  }

  skip(count: number): void {
    if (count > this.end - this.position) throw malformed('unexpected end');
    this.position += count;
  }

  take(count: number): Uint8Array {
    const start = this.position;
    this.skip(count);
    return this.bytes.subarray(start, this.position);
  }

  name(): string {
    const bytes = this.take(this.unsigned());
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw malformed('malformed UTF-8 in a name');
    }
  }
}

/** A well-formed module that asks for what we do not run, or for more than a limit. */
export function refused(reason: string): EngineError {
  return new EngineError('invalid-argument', `exec format error: the module is refused: ${reason}`);
}

/** What is wrong with a module, in the words a shell uses for a file that it cannot run. */
export function malformed(detail: string): EngineError {
  return new EngineError('invalid-argument', `exec format error: malformed module: ${detail}`);
}
