import type { Abi } from '../abi/abi.ts';
import { encodeGlue, GLUE_IMPORTS, GLUE_WAIT, type GlueFunction } from '../abi/glue.ts';
import {
  type BugReporter,
  bindHooks,
  bindHostcall,
  type Hook,
  type Hostcall,
} from '../abi/hostcall.ts';
import type { HostcallTrace } from '../abi/hostcall-trace.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { FuelGauge } from '../kernel/fuel-gauge.ts';
import { GuestMemory } from '../kernel/guest-memory.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { requireCommand } from '../rewrite/admit.ts';
import type { FunctionImport, RewrittenModule } from '../rewrite/rewrite-module.ts';

/**
 * A program ready to be started any number of times: the compiled module, and what it imports (the
 * glue for just the hostcalls that it names). Shared by all processes of the cell that run it.
 */
export interface Program {
  readonly module: WebAssembly.Module;
  readonly imports: WebAssembly.Imports;
  /** What goes into the places of the module's table of hooks. */
  readonly hooks: readonly WebAssembly.ExportValue[];
  readonly rewritten: Omit<RewrittenModule, 'bytes'>;
}

interface LinkedHostcall {
  readonly abi: Abi;
  readonly name: string;
  readonly call: Hostcall;
}

/** What programs of a cell are linked with. */
export interface Linker {
  readonly abis: readonly Abi[];
  readonly scheduler: Scheduler;
  readonly reportBug: BugReporter;
  /** Takes note of every hostcall, when a run is to be compared with another. */
  readonly trace: HostcallTrace | undefined;
}

/**
 * Links and compiles a rewritten program.
 *
 * # Errors
 * invalid-argument (`exec format error: …`): no command, an import that no ABI has (named) or has
 * with other types, or code that V8 finds invalid.
 */
export function prepareProgram(rewritten: RewrittenModule, linker: Linker): Program {
  requireCommand(rewritten);
  const hostcalls = rewritten.functionImports.map((wanted) => findHostcall(wanted, linker.abis));
  const unique = [...new Map(hostcalls.map((found) => [glueName(found), found])).values()];
  try {
    const module = new WebAssembly.Module(rewritten.bytes);
    const hooks = bindHooks(linker.scheduler);
    const glue = instantiateGlue(unique, hooks, linker);
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const found of unique) {
      const glued = glue[glueName(found)];
      if (!glued) continue;
      const ofModule = imports[found.abi.moduleName] ?? {};
      imports[found.abi.moduleName] = ofModule;
      ofModule[found.name] = glued;
    }
    const { bytes: _, ...facts } = rewritten;
    const exportedHooks = hooks.flatMap(({ name }) => glue[name] ?? []);
    return { module, imports, hooks: exportedHooks, rewritten: facts };
  } catch (thrown) {
    if (!(thrown instanceof WebAssembly.CompileError)) throw thrown;
    throw new EngineError('invalid-argument', `exec format error: ${messageOf(thrown)}`);
  }
}

function instantiateGlue(
  hostcalls: readonly LinkedHostcall[],
  hooks: readonly Hook[],
  { scheduler, reportBug, trace }: Linker,
): WebAssembly.Exports {
  const kernel: Record<string, WebAssembly.ImportValue> = {
    [GLUE_WAIT]: new WebAssembly.Suspending(() => scheduler.running?.wait()),
  };
  for (const { name, run } of hooks) kernel[name] = run;
  const functions: GlueFunction[] = [...hooks];
  for (const found of hostcalls) {
    const { abi, call } = found;
    const name = glueName(found);
    const bound = bindHostcall(found.name, call, scheduler, abi.errnoNumbers, reportBug);
    kernel[name] = trace ? traced(name, bound, trace, scheduler) : bound;
    functions.push({ name, parameters: call.parameters, hasResult: call.hasResult });
  }
  const module = new WebAssembly.Module(encodeGlue(functions));
  return new WebAssembly.Instance(module, { [GLUE_IMPORTS]: kernel }).exports;
}

function traced(
  name: string,
  bound: (...args: (number | bigint)[]) => number,
  trace: HostcallTrace,
  scheduler: Scheduler,
): (...args: (number | bigint)[]) => number {
  return (...args) => {
    const answer = bound(...args);
    trace.record(name, scheduler.fuelUsed(), args, answer);
    return answer;
  };
}

export interface Guest {
  readonly instance: WebAssembly.Instance;
  readonly entryPoints: readonly WebAssembly.ExportedFunction[];
}

/**
 * Makes an instance for a process and gives the process its memory and its fuel; runs no guest
 * code.
 *
 * # Errors
 * - resource-exhausted: no memory for it, or more than the container may use
 * - invalid-argument: it imports what is no function, or its segments do not fit
 */
export function instantiate(
  { module, imports, hooks, rewritten }: Program,
  process: Process,
): Guest {
  const { memories, tableEntryCount, startExport, fuelExport, hooksExport } = rewritten;
  process.reserveMemory(memories[0]?.initialPages ?? 0, tableEntryCount);
  const instance = newInstance(module, imports);
  const { memory, [fuelExport]: fuel, [hooksExport]: table } = instance.exports;
  if (
    !(memory instanceof WebAssembly.Memory) ||
    !(fuel instanceof WebAssembly.Global) ||
    !(table instanceof WebAssembly.Table)
  ) {
    throw new Error('the rewriter left out what it promises');
  }
  hooks.forEach((hook, place) => {
    table.set(place, hook);
  });
  process.attach(new GuestMemory(memory), new FuelGauge(fuel));
  const names = startExport === undefined ? ['_start'] : [startExport, '_start'];
  const entryPoints = names.flatMap((name) => {
    const entry = instance.exports[name];
    return isFunction(entry) ? [entry] : [];
  });
  return { instance, entryPoints };
}

function isFunction(
  value: WebAssembly.ExportValue | undefined,
): value is WebAssembly.ExportedFunction {
  return typeof value === 'function';
}

function newInstance(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, imports);
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

function glueName({ abi, name }: LinkedHostcall): string {
  return `${abi.moduleName}.${name}`;
}

function findHostcall(wanted: FunctionImport, abis: readonly Abi[]): LinkedHostcall {
  const { module, name, type } = wanted;
  const abi = abis.find((candidate) => candidate.moduleName === module);
  const call = abi && Object.hasOwn(abi.calls, name) ? abi.calls[name] : undefined;
  if (!abi || !call) {
    throw new EngineError(
      'invalid-argument',
      `exec format error: unknown import: function "${name}" of module "${module}"`,
    );
  }
  const isSame =
    type !== undefined &&
    type.parameters.length === call.parameters.length &&
    type.parameters.every((parameter, index) => parameter === call.parameters[index]) &&
    type.results.length === (call.hasResult ? 1 : 0);
  if (!isSame) {
    throw new EngineError(
      'invalid-argument',
      `exec format error: import of function "${name}" of module "${module}" has another type`,
    );
  }
  return { abi, name, call };
}
