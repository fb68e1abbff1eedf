import type { Vnode } from './contract.ts';
import { isReservedName, OPAQUE_MARK, WHITEOUT_PREFIX } from './upperdir.ts';

/** Past this many names of a directory they are asked of the host one by one. */
const MAX_NAMES = 4096;

/**
 * What the upperdir has in one directory that layers have too, read once, so that names which are
 * only in the layers cost no call to the host. Kept up to date by the overlay, the only writer.
 */
export class UpperNames {
  readonly isOpaque: boolean;
  readonly #whiteouts = new Set<string>();
  #names: Set<string> | undefined = new Set();

  /** `upper` is undefined when there is no such directory in the upperdir yet. */
  constructor(upper: Vnode | undefined) {
    let isOpaque = false;
    for (const { name } of upper?.list() ?? []) {
      if (name === OPAQUE_MARK) isOpaque = true;
      else this.add(name);
    }
    this.isOpaque = isOpaque;
  }

  isWhitedOut(name: string): boolean {
    return this.#whiteouts.has(name);
  }

  /** True when there is certainly no file of that name. */
  lacks(name: string): boolean {
    return this.#names !== undefined && !this.#names.has(name);
  }

  /** Takes in a file, or a whiteout by its own name. */
  add(name: string): void {
    if (isReservedName(name)) {
      this.#whiteouts.add(name.slice(WHITEOUT_PREFIX.length));
      return;
    }
    this.#names?.add(name);
    if (this.#names && this.#names.size > MAX_NAMES) this.#names = undefined;
  }

  remove(name: string): void {
    if (isReservedName(name)) this.#whiteouts.delete(name.slice(WHITEOUT_PREFIX.length));
    else this.#names?.delete(name);
  }
}
