import { EngineError, messageOf } from '../base/engine-error.ts';
import { ERRNO } from '../base/errno.ts';
import { FuelGauge } from '../kernel/fuel-gauge.ts';
import { GuestMemory } from '../kernel/guest-memory.ts';
import type { ProgramInstance } from '../kernel/program.ts';
import type { Thread } from '../kernel/thread.ts';
import { InitialState } from './initial-state.ts';
import type { Program } from './program.ts';
import { StackCopy } from './stack-copy.ts';
import type { ThreadGroup } from './thread-group.ts';

/** One instance of a program: what a thread runs. Making it runs no guest code. */
export class Instance implements ProgramInstance {
  readonly program: Program;
  readonly memory: GuestMemory;
  readonly linearMemory: WebAssembly.Memory;
  readonly forking: StackCopy | undefined;
  /** What a new process runs: the module's start function, and then its command. */
  readonly entryPoints: readonly (() => Promise<unknown>)[];
  /** The threads of the process that runs it. */
  threads: ThreadGroup | undefined;
  fuel: FuelGauge;
  readonly #exports: WebAssembly.Exports;
  readonly #fuel: WebAssembly.Global;

  /**
   * `shared`: the memory of the process's other threads, for a module that imports it.
   *
   * # Errors
   * - resource-exhausted: no memory for it
   * - invalid-argument: it imports what is no function, or its segments do not fit
   */
  constructor(program: Program, shared?: WebAssembly.Memory) {
    this.program = program;
    const { fuelExport, hooksExport } = program.rewritten;
    this.#exports = newExports(program, shared);
    const { memory, [fuelExport]: fuel, [hooksExport]: table } = this.#exports;
    if (
      !(memory instanceof WebAssembly.Memory) ||
      !(fuel instanceof WebAssembly.Global) ||
      !(table instanceof WebAssembly.Table)
    ) {
      throw new Error('the rewriter left out what it promises');
    }
    program.hooks.forEach((hook, place) => {
      table.set(place, hook);
    });
    this.linearMemory = memory;
    this.memory = new GuestMemory(memory);
    this.#fuel = fuel;
    this.fuel = new FuelGauge(fuel);
    this.forking = StackCopy.of(this);
    const { startExport } = program.rewritten;
    this.entryPoints = [startExport, '_start'].flatMap((name) => {
      const entry = this.functionNamed(name ?? '');
      return entry ? [WebAssembly.promising(entry)] : [];
    });
    // The first one shows what all of them are like.
    if (program.rewritten.isResettable && !shared) program.initialState ??= new InitialState(this);
  }

  /** The module's start function, which every instance runs before anything else. */
  get start(): (() => Promise<unknown>) | undefined {
    return this.program.rewritten.startExport === undefined ? undefined : this.entryPoints[0];
  }

  get sizeBytes(): number {
    return this.linearMemory.buffer.byteLength;
  }

  get pages(): number {
    return this.sizeBytes / PAGE_SIZE;
  }

  /** Whether it can be set back, and nothing of it is under way. */
  get isReusable(): boolean {
    const isOwn = this.program.rewritten.memoryImport === undefined;
    return isOwn && this.program.initialState !== undefined && this.forking?.isBusy !== true;
  }

  /** Makes of it what it was at its beginning; its memory has not grown since. */
  reset(): void {
    this.program.initialState?.restore(this);
    this.#resetFuel();
  }

  startThread(caller: Thread, argument: number): number {
    if (!this.threads) throw ERRNO.ENOSYS;
    return this.threads.start(caller, this, argument);
  }

  functionNamed(name: string): WebAssembly.ExportedFunction | undefined {
    const value = Object.hasOwn(this.#exports, name) ? this.#exports[name] : undefined;
    return typeof value === 'function' ? value : undefined;
  }

  handlerNamed(name: string): WebAssembly.ExportedFunction | undefined {
    return this.functionNamed(name);
  }

  globalNamed(name: string): WebAssembly.Global | undefined {
    const value = Object.hasOwn(this.#exports, name) ? this.#exports[name] : undefined;
    return value instanceof WebAssembly.Global ? value : undefined;
  }

  globals(): ReadonlyMap<string, number | bigint> {
    const values = new Map<string, number | bigint>();
    for (const name of this.program.rewritten.globals ?? []) {
      const value: unknown = this.globalNamed(name)?.value;
      if (typeof value === 'number' || typeof value === 'bigint') values.set(name, value);
    }
    return values;
  }

  setGlobals(values: ReadonlyMap<string, number | bigint>): void {
    for (const [name, value] of values) {
      const global = this.globalNamed(name);
      if (global) global.value = value;
    }
  }

  /**
   * Another instance that goes on from where this one is, as far as state outside the stack goes:
   * memory and globals. Errors: resource-exhausted
   */
  copy(): Instance {
    const { instances } = this.program;
    const copy = instances.takeForCopy(this.program, this.pages) ?? new Instance(this.program);
    try {
      if (copy.pages < this.pages) copy.linearMemory.grow(this.pages - copy.pages);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      throw new EngineError('resource-exhausted', `not enough memory: ${messageOf(thrown)}`);
    }
    new Uint8Array(copy.linearMemory.buffer).set(new Uint8Array(this.linearMemory.buffer));
    copy.setGlobals(this.globals());
    copy.#resetFuel();
    return copy;
  }

  #resetFuel(): void {
    this.#fuel.value = 0;
    this.fuel = new FuelGauge(this.#fuel);
  }
}

const PAGE_SIZE = 65_536;

function newExports(
  { module, imports, rewritten }: Program,
  shared: WebAssembly.Memory | undefined,
): WebAssembly.Exports {
  const { memoryImport, memories } = rewritten;
  try {
    if (!memoryImport) return new WebAssembly.Instance(module, imports).exports;
    const [limits] = memories;
    const memory =
      shared ??
      new WebAssembly.Memory({
        initial: limits?.initialPages ?? 0,
        maximum: limits?.maximumPages ?? 0,
      });
    const beside = imports[memoryImport.module] ?? {};
    const withMemory = {
      ...imports,
      [memoryImport.module]: { ...beside, [memoryImport.name]: memory },
    };
    return new WebAssembly.Instance(module, withMemory).exports;
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      throw new EngineError('resource-exhausted', `not enough memory: ${messageOf(thrown)}`);
    }
    throw new EngineError(
      'invalid-argument',
      `exec format error: cannot be instantiated: ${messageOf(thrown)}`,
    );
  }
}
