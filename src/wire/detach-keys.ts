import { EngineError } from '../base/engine-error.ts';

/** What Docker takes when nobody says anything else. */
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

const CONTROL_KEYS = '@abcdefghijklmnopqrstuvwxyz[\\]^_';
const DELETE = 127;

/**
 * `ctrl-p,ctrl-q`, `ctrl-a,d`, `DEL` as the bytes that are typed for them; nothing for the empty
 * text. # Errors: invalid-argument, in Docker's words.
 */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === '') return new Uint8Array(0);
  return Uint8Array.from(
    text.split(',').map((key) => {
      const code = key.startsWith('ctrl-') ? CONTROL_KEYS.indexOf(key.slice('ctrl-'.length)) : -1;
      if (code >= 0 && key.length === 'ctrl-x'.length) return code;
      if (key === 'DEL') return DELETE;
      const [byte = 0, ...more] = new TextEncoder().encode(key);
      if (key !== '' && more.length === 0) return byte;
      throw new EngineError('invalid-argument', `Invalid detach keys (${text}) provided`);
    }),
  );
}

/**
 * Looks for the keys in what is typed. Those that may be the beginning are held back until it is
 * known, so that the program never sees them when they are not for it.
 */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /**
   * What goes on to the program, and whether the keys were typed: what comes after them is lost.
   */
  scan(typed: Uint8Array): { readonly passed: Uint8Array; readonly isDetached: boolean } {
    if (this.#keys.length === 0) return { passed: typed, isDetached: false };
    const passed: number[] = [];
    for (const byte of typed) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched < this.#keys.length) continue;
        return { passed: Uint8Array.from(passed), isDetached: true };
      }
      passed.push(...this.#keys.subarray(0, this.#matched));
      // The key that breaks a sequence may begin one.
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) passed.push(byte);
    }
    return { passed: Uint8Array.from(passed), isDetached: false };
  }
}
