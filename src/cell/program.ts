import type { Abi } from '../abi/abi.ts';
import { encodeGlue, GLUE_IMPORTS, GLUE_WAIT } from '../abi/glue.ts';
import { type BugReporter, bindHostcall, type Hostcall } from '../abi/hostcall.ts';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { GuestMemory } from '../kernel/guest-memory.ts';
import type { Process } from '../kernel/process.ts';
import { requireCommand } from '../rewrite/admit.ts';
import { type FunctionImport, rewriteModule } from '../rewrite/rewrite-module.ts';

/**
 * A program ready to be started any number of times: the compiled module and the glue for just the
 * hostcalls that it imports. Shared by all processes of the cell that run it.
 */
export interface Program {
  readonly module: WebAssembly.Module;
  readonly glue: WebAssembly.Module;
  readonly hostcalls: readonly LinkedHostcall[];
  readonly startExport: string | undefined;
}

interface LinkedHostcall {
  readonly abi: Abi;
  readonly name: string;
  readonly call: Hostcall;
}

/**
 * Rewrites, links and compiles a program.
 *
 * # Errors
 * invalid-argument (`exec format error: …`): no module, refused by admission, an import that no ABI
 * has (named) or has with other types, or code that V8 finds invalid.
 */
export function prepareProgram(bytes: Uint8Array<ArrayBuffer>, abis: readonly Abi[]): Program {
  const rewritten = rewriteModule(bytes);
  requireCommand(rewritten);
  const hostcalls = rewritten.functionImports.map((wanted) => findHostcall(wanted, abis));
  const unique = [...new Map(hostcalls.map((found) => [glueName(found), found])).values()];
  const functions = unique.map((found) => ({
    name: glueName(found),
    parameters: found.call.parameters,
    hasResult: found.call.hasResult,
  }));
  try {
    return {
      module: new WebAssembly.Module(rewritten.bytes),
      glue: new WebAssembly.Module(encodeGlue(functions)),
      hostcalls: unique,
      startExport: rewritten.startExport,
    };
  } catch (thrown) {
    if (!(thrown instanceof WebAssembly.CompileError)) throw thrown;
    throw new EngineError('invalid-argument', `exec format error: ${messageOf(thrown)}`);
  }
}

export interface Guest {
  readonly instance: WebAssembly.Instance;
  readonly entryPoints: readonly WebAssembly.ExportedFunction[];
}

/**
 * Makes an instance for a process and gives the process its memory; runs no guest code.
 *
 * # Errors
 * - resource-exhausted: no memory for it
 * - invalid-argument: it imports what is no function, or its segments do not fit
 */
export function instantiate(program: Program, process: Process, reportBug: BugReporter): Guest {
  const kernel: Record<string, WebAssembly.ImportValue> = {
    [GLUE_WAIT]: new WebAssembly.Suspending(() => process.wait()),
  };
  for (const found of program.hostcalls) {
    const { abi, call, name } = found;
    kernel[glueName(found)] = bindHostcall(name, call, process, abi.errnoNumbers, reportBug);
  }
  const glue = new WebAssembly.Instance(program.glue, { [GLUE_IMPORTS]: kernel }).exports;
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const found of program.hostcalls) {
    const glued = glue[glueName(found)];
    if (!glued) continue;
    const module = imports[found.abi.moduleName] ?? {};
    imports[found.abi.moduleName] = module;
    module[found.name] = glued;
  }
  const instance = newInstance(program.module, imports);
  const { memory } = instance.exports;
  if (memory instanceof WebAssembly.Memory) process.attachMemory(new GuestMemory(memory));
  const names = program.startExport === undefined ? ['_start'] : [program.startExport, '_start'];
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
