import { EngineError, messageOf } from '../base/engine-error.ts';
import { FuelGauge } from '../kernel/fuel-gauge.ts';
import { GuestMemory } from '../kernel/guest-memory.ts';
import type { ProgramInstance } from '../kernel/program.ts';
import type { Thread } from '../kernel/thread.ts';
import type { Program } from './program.ts';
import { StackCopy } from './stack-copy.ts';
import type { ThreadGroup } from './thread-group.ts';

/** One instance of a program: what a thread runs. Making it runs no guest code. */
export class Instance implements ProgramInstance {
  readonly program: Program;
  readonly threads: ThreadGroup;
  readonly memory: GuestMemory;
  readonly linearMemory: WebAssembly.Memory;
  readonly fuel: FuelGauge;
  readonly forking: StackCopy | undefined;
  readonly #exports: WebAssembly.Exports;

  /**
   * `shared`: the memory of the process's other threads, for a module that imports it.
   *
   * # Errors
   * - resource-exhausted: no memory for it
   * - invalid-argument: it imports what is no function, or its segments do not fit
   */
  constructor(program: Program, threads: ThreadGroup, shared?: WebAssembly.Memory) {
    this.program = program;
    this.threads = threads;
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
    this.fuel = new FuelGauge(fuel);
    this.forking = StackCopy.of(this);
  }

  /** What a new process runs: the module's start function, and then its command. */
  get entryPoints(): readonly WebAssembly.ExportedFunction[] {
    const { startExport } = this.program.rewritten;
    return [startExport, '_start'].flatMap((name) => this.functionNamed(name ?? '') ?? []);
  }

  /** The module's start function, which every instance runs before anything else. */
  get start(): (() => Promise<unknown>) | undefined {
    const { startExport } = this.program.rewritten;
    const start = startExport === undefined ? undefined : this.functionNamed(startExport);
    return start && WebAssembly.promising(start);
  }

  startThread(caller: Thread, argument: number): number {
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

  /**
   * Another instance that goes on from where this one is, as far as state outside the stack goes:
   * memory and globals. Errors: resource-exhausted
   */
  copy(threads: ThreadGroup): Instance {
    const copy = new Instance(this.program, threads);
    const missingPages =
      (this.linearMemory.buffer.byteLength - copy.linearMemory.buffer.byteLength) / PAGE_SIZE;
    try {
      if (missingPages > 0) copy.linearMemory.grow(missingPages);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      throw new EngineError('resource-exhausted', `not enough memory: ${messageOf(thrown)}`);
    }
    new Uint8Array(copy.linearMemory.buffer).set(new Uint8Array(this.linearMemory.buffer));
    for (const name of this.program.rewritten.globals ?? []) {
      const from = this.globalNamed(name);
      const to = copy.globalNamed(name);
      if (from && to) to.value = from.value;
    }
    return copy;
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
