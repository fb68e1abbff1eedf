import type { Assembler } from './assembler.ts';
import { VALUE_TYPE } from './type-section.ts';

/**
 * The locals that rewritten code adds to a body, behind its own, as they are asked for. A body that
 * is invalid for using a local that is not there never gets this far.
 */
export class BodyLocals {
  #firstIndex = 0;
  readonly #indices = new Map<LocalUse, number>();
  readonly #types: number[] = [];

  reset(ownCount: number): void {
    this.#firstIndex = ownCount;
    this.#indices.clear();
    this.#types.length = 0;
  }

  get groupCount(): number {
    return this.#types.length;
  }

  index(use: LocalUse): number {
    const known = this.#indices.get(use);
    if (known !== undefined) return known;
    const index = this.#firstIndex + this.#types.length;
    this.#types.push(LOCAL_TYPES[use]);
    this.#indices.set(use, index);
    return index;
  }

  writeGroups(into: Assembler): void {
    for (const type of this.#types) into.unsigned(1).u8(type);
  }
}

const LOCAL_TYPES = {
  /** The fuel, while it is cached. */
  fuel: VALUE_TYPE.i32,
  /** The fuel between a charge and its check. */
  checkedFuel: VALUE_TYPE.i32,
  size: VALUE_TYPE.i32,
  size64: VALUE_TYPE.i64,
  /** Of a counted loop: where this chunk ends, and how many iterations it has. */
  chunkEnd: VALUE_TYPE.i32,
  iterations: VALUE_TYPE.i32,
  distance: VALUE_TYPE.i64,
} as const;

export type LocalUse = keyof typeof LOCAL_TYPES;
