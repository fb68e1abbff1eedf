import type { Abi } from '../abi/abi.ts';
import {
  encodeGlue,
  GLUE_HANDLED,
  GLUE_HANDLERS,
  GLUE_IMPORTS,
  GLUE_LEFT,
  GLUE_TAKE_SIGNAL,
  GLUE_WAIT,
  type GlueFunction,
} from '../abi/glue.ts';
import { bindHooks, type Hook } from '../abi/hooks.ts';
import { type BugReporter, bindHostcall, type Hostcall } from '../abi/hostcall.ts';
import type { HostcallTrace } from '../abi/hostcall-trace.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { requireCommand } from '../rewrite/admit.ts';
import type { FunctionImport, RewrittenModule } from '../rewrite/rewrite-module.ts';
import type { InitialState } from './initial-state.ts';
import type { InstancePool } from './instance-pool.ts';

/**
 * A program ready to be started any number of times: the compiled module, and what it imports (the
 * glue for just the hostcalls that it names). Shared by all processes of the cell that run it.
 */
export interface Program {
  /** Where instances that have ended wait to be used again. */
  readonly instances: InstancePool;
  /** Pages of memory that an instance has at its beginning. */
  readonly initialPages: number;
  /** Known once there is an instance; for programs whose instances can be set back. */
  initialState: InitialState | undefined;
  readonly module: WebAssembly.Module;
  readonly imports: WebAssembly.Imports;
  /** What goes into the places of the module's table of hooks. */
  readonly hooks: readonly WebAssembly.ExportValue[];
  readonly rewritten: Omit<RewrittenModule, 'bytes'>;
  /** It looks for directories that were opened for it, as programs do that know no working one. */
  readonly wantsPreopens: boolean;
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
  readonly instances: InstancePool;
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
    const hooks = bindHooks(linker.scheduler, linker.reportBug);
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
    const wantsPreopens = unique.some(({ name }) => name === 'fd_prestat_get');
    return {
      module,
      imports,
      hooks: exportedHooks,
      rewritten: facts,
      wantsPreopens,
      instances: linker.instances,
      initialPages: rewritten.memories[0]?.initialPages ?? 0,
      initialState: undefined,
    };
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
  // The table is the instance's own, which does not exist before its imports do.
  let handlers: WebAssembly.Table | undefined;
  kernel[GLUE_TAKE_SIGNAL] = () => {
    const taken = scheduler.running?.takeSignal();
    // Nothing to call is a trap: the guest took its handler away.
    if (taken) handlers?.set(0, taken.handler);
    return taken?.signal ?? 0;
  };
  kernel[GLUE_HANDLED] = () => scheduler.running?.handled();
  kernel[GLUE_LEFT] = () => scheduler.running?.leftHandler();
  const module = new WebAssembly.Module(encodeGlue(functions));
  const { exports } = new WebAssembly.Instance(module, { [GLUE_IMPORTS]: kernel });
  const table = exports[GLUE_HANDLERS];
  if (table instanceof WebAssembly.Table) handlers = table;
  return exports;
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
