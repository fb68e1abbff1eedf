/** FNV-1a, 32 bits (draft-eastlake-fnv); two lanes with different bases make an accident rare. */
const PRIME = 0x01000193;
const BASES = [0x811c9dc5, 0x050c5d1f] as const;

/**
 * A hash over all hostcalls of a cell in their order, with the fuel used until each, its arguments
 * and its answer: two runs with the same hash did the same.
 */
export class HostcallTrace {
  #first: number = BASES[0];
  #second: number = BASES[1];
  #callCount = 0;

  record(name: string, fuel: number, args: readonly (number | bigint)[], answer: number): void {
    this.#callCount += 1;
    this.#mix((fuel % 2 ** 32) | 0);
    for (let index = 0; index < name.length; index++) this.#mix(name.charCodeAt(index));
    for (const arg of args) {
      if (typeof arg === 'number') {
        this.#mix(arg);
      } else {
        this.#mix(Number(BigInt.asIntN(32, arg)));
        this.#mix(Number(BigInt.asIntN(32, arg >> 32n)));
      }
    }
    this.#mix(answer);
  }

  /** `<calls>-<hash>` */
  get digest(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
    return `${this.#callCount}-${hex(this.#first)}${hex(this.#second)}`;
  }

  #mix(value: number): void {
    this.#first = Math.imul(this.#first ^ value, PRIME);
    this.#second = Math.imul(this.#second ^ ((value << 7) | (value >>> 25)), PRIME);
  }
}
