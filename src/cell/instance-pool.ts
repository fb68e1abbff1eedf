import type { Instance } from './instance.ts';
import type { Program } from './program.ts';

/** What a cell keeps for programs that may run again: their memory is the larger part of it. */
const MAX_IDLE_BYTES = 16 * 1024 * 1024;
const MAX_IDLE_COUNT = 64;

/**
 * Instances that have run to their end, to be used again: making one costs V8 a millisecond or two
 * (its memory, tables and imports), setting one back a tenth of that. Only what can be set back to
 * its very beginning comes here, and it is set back before anybody gets it.
 */
export class InstancePool {
  /** The one that has been here longest first. */
  readonly #idle: Instance[] = [];
  #idleBytes = 0;

  /** One as it was made, if there is any. */
  take(program: Program): Instance | undefined {
    const instance = this.#takeOf(program, ({ pages }) => pages === program.initialPages);
    instance?.reset();
    return instance;
  }

  /** One whose memory can take the place of another's of that size; what is in it is anything. */
  takeForCopy(program: Program, pages: number): Instance | undefined {
    return (
      this.#takeOf(program, (instance) => instance.pages === pages) ??
      this.#takeOf(program, (instance) => instance.pages < pages)
    );
  }

  /** Takes an instance that nobody uses any more. */
  put(instance: Instance): void {
    if (!instance.isReusable || instance.sizeBytes > MAX_IDLE_BYTES / 2) return;
    this.#idle.push(instance);
    this.#idleBytes += instance.sizeBytes;
    while (this.#idleBytes > MAX_IDLE_BYTES || this.#idle.length > MAX_IDLE_COUNT) {
      this.#idleBytes -= this.#idle.shift()?.sizeBytes ?? 0;
    }
  }

  #takeOf(program: Program, isFit: (instance: Instance) => boolean): Instance | undefined {
    // The one that was used last is the likeliest to be in the processor's caches.
    const place = this.#idle.findLastIndex((one) => one.program === program && isFit(one));
    if (place < 0) return undefined;
    const [instance] = this.#idle.splice(place, 1);
    this.#idleBytes -= instance?.sizeBytes ?? 0;
    return instance;
  }
}
