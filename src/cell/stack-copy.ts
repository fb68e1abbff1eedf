import { EngineError } from '../base/engine-error.ts';
import { ERRNO } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import { signaled } from '../kernel/exit-status.ts';
import type { Process } from '../kernel/process.ts';
import type { Forking } from '../kernel/program.ts';
import type { Instance } from './instance.ts';

/** What Binaryen's asyncify exports, and how it names it. */
const UNWIND = 'asyncify_start_unwind';
const STOP_UNWIND = 'asyncify_stop_unwind';
const REWIND = 'asyncify_start_rewind';
const STOP_REWIND = 'asyncify_stop_rewind';
const EXPORTS = [UNWIND, STOP_UNWIND, REWIND, STOP_REWIND];
/** The linker's: the shadow stack grows down from its top to here. */
const STACK_LOW = '__stack_low';
const STACK_POINTER = '__stack_pointer';
/** `{ current: u32, end: u32 }` stands before the saved frames. */
const HEADER_SIZE = 16;
/** A stack with less room than this cannot be saved. */
const MIN_ROOM = 256;

/**
 * fork(2) for modules that Binaryen's asyncify has prepared.
 *
 * # Theory of operation
 * The stack of a coroutine cannot be copied; but such a module can take its own down, frame by
 * frame, into its memory, and lay it out again. So:
 *
 * 1. The hostcall begins the unwinding and returns. All frames save themselves and return; the
 *    entry point returns to the cell (`hasUnwound`).
 * 2. The cell copies memory and globals into an instance for the child (`split`).
 * 3. Both begin to rewind and call the entry point again. The frames come back, the innermost
 *    calls the hostcall again, which ends the rewinding: it answers the pid in one, 0 in the other.
 *
 * Frames are saved at the low end of the shadow stack, which is free: the live part lies above the
 * stack pointer. Should they not fit, asyncify traps.
 */
export class StackCopy implements Forking {
  readonly #instance: Instance;
  readonly #stackLow: number;
  #state: 'running' | 'unwinding' | 'rewinding' = 'running';
  #child: Process | undefined;
  /** What the hostcall that forked is to answer when it is called again. */
  #answer: number | typeof ERRNO.ENOMEM = 0;

  private constructor(instance: Instance, stackLow: number) {
    this.#instance = instance;
    this.#stackLow = stackLow;
  }

  /** Undefined for a module that was not made for it. */
  static of(instance: Instance): StackCopy | undefined {
    if (instance.program.rewritten.globals === undefined) return undefined;
    if (EXPORTS.some((name) => !instance.functionNamed(name))) return undefined;
    const low: unknown = instance.globalNamed(STACK_LOW)?.value;
    if (typeof low !== 'number' || !instance.globalNamed(STACK_POINTER)) return undefined;
    return new StackCopy(instance, low);
  }

  get isBusy(): boolean {
    return this.#state !== 'running';
  }

  get isRewinding(): boolean {
    return this.#state === 'rewinding';
  }

  /** Throws ENOMEM when the stack is so full that it cannot be saved. */
  unwind(child: Process): void {
    const { memory } = this.#instance;
    const pointer: unknown = this.#instance.globalNamed(STACK_POINTER)?.value;
    const end = typeof pointer === 'number' ? pointer : 0;
    if (end - this.#stackLow < MIN_ROOM) throw ERRNO.ENOMEM;
    memory.writeU32(this.#stackLow, this.#stackLow + HEADER_SIZE);
    memory.writeU32(this.#stackLow + 4, end);
    this.#call(UNWIND, this.#stackLow);
    this.#state = 'unwinding';
    this.#child = child;
  }

  /**
   * To be asked when an entry point has returned: true when it has not ended but unwound. The entry
   * point is then to be called again. `launch` gets the copy for the child.
   */
  split(launch: (child: Process, copy: Instance) => void): boolean {
    const child = this.#child;
    if (this.#state !== 'unwinding' || !child) return false;
    this.#call(STOP_UNWIND);
    this.#child = undefined;
    try {
      const copy = this.#copyFor(child);
      copy.forking?.rewind(0);
      launch(child, copy);
      this.rewind(child.pid);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      child.parent?.children.disown(child);
      child.end({ status: signaled(SIGNALS.SIGKILL) });
      this.rewind(ERRNO.ENOMEM);
    }
    return true;
  }

  rewind(answer: number | typeof ERRNO.ENOMEM): void {
    this.#call(REWIND, this.#stackLow);
    this.#state = 'rewinding';
    this.#answer = answer;
  }

  finishRewinding(): number {
    this.#call(STOP_REWIND);
    this.#state = 'running';
    if (typeof this.#answer !== 'number') throw this.#answer;
    return this.#answer;
  }

  #copyFor(child: Process): Instance {
    const { program, linearMemory } = this.#instance;
    const pages = linearMemory.buffer.byteLength / 65_536;
    if (!child.memory.reserve(pages, program.rewritten.tableEntryCount)) {
      throw new EngineError('resource-exhausted', 'the container may not use more memory');
    }
    const copy = this.#instance.copy();
    child.memory.attach(copy.memory);
    return copy;
  }

  #call(name: string, ...args: readonly number[]): void {
    this.#instance.functionNamed(name)?.(...args);
  }
}
