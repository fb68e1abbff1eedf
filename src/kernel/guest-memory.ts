import { ERRNO } from '../base/errno.ts';

/**
 * The one checked way into a guest's memory. Every (pointer, length) that a guest passes goes
 * through here: outside the memory is EFAULT. Growth detaches the buffer, so views are taken anew
 * when it changed; a view must not be kept across anything that lets the guest run.
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #buffer: ArrayBuffer;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#buffer = memory.buffer;
    this.#bytes = new Uint8Array(this.#buffer);
    this.#view = new DataView(this.#buffer);
  }

  get sizeBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * `length` bytes at `pointer` (both as the unsigned 32-bit numbers that they are). Throws EFAULT.
   */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    this.#refresh();
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    if (end > this.#bytes.length) throw ERRNO.EFAULT;
    return this.#bytes.subarray(start, end);
  }

  readU8(pointer: number): number {
    return this.#at(pointer, 1).getUint8(pointer >>> 0);
  }

  readU16(pointer: number): number {
    return this.#at(pointer, 2).getUint16(pointer >>> 0, true);
  }

  readU32(pointer: number): number {
    return this.#at(pointer, 4).getUint32(pointer >>> 0, true);
  }

  readU64(pointer: number): bigint {
    return this.#at(pointer, 8).getBigUint64(pointer >>> 0, true);
  }

  writeU8(pointer: number, value: number): void {
    this.#at(pointer, 1).setUint8(pointer >>> 0, value);
  }

  writeU16(pointer: number, value: number): void {
    this.#at(pointer, 2).setUint16(pointer >>> 0, value, true);
  }

  writeU32(pointer: number, value: number): void {
    this.#at(pointer, 4).setUint32(pointer >>> 0, value, true);
  }

  writeU64(pointer: number, value: bigint): void {
    this.#at(pointer, 8).setBigUint64(pointer >>> 0, value, true);
  }

  #at(pointer: number, size: number): DataView {
    this.#refresh();
    if ((pointer >>> 0) + size > this.#bytes.length) throw ERRNO.EFAULT;
    return this.#view;
  }

  #refresh(): void {
    const buffer = this.#memory.buffer;
    if (buffer === this.#buffer) return;
    this.#buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}
