/**
 * The part of the WebAssembly JavaScript interface that the project uses (no DOM library is
 * loaded).
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    static exports(module: Module): readonly { readonly name: string; readonly kind: string }[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(limits: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  /** Those that the project knows by name are i32; others are only copied. */
  class Global {
    get value(): number;
    set value(next: number | bigint);
  }
  class Table {
    readonly length: number;
    set(index: number, value: ExportValue): void;
  }
  class RuntimeError extends Error {}
  class CompileError extends Error {}
  class LinkError extends Error {}

  type ExportValue = ExportedFunction | Memory | Global | Table;
  type ExportedFunction = (...args: (number | bigint)[]) => unknown;
  type Exports = { readonly [name: string]: ExportValue };
  type ImportValue = ((...args: never[]) => unknown) | Suspending | ExportValue;
  type Imports = { readonly [module: string]: { readonly [name: string]: ImportValue } };

  /** JSPI: an import that may answer a promise, on which the caller's stack is suspended. */
  class Suspending {
    constructor(callee: (...args: never[]) => unknown);
  }
  /** JSPI: an export whose caller gets a promise, because its callees may suspend. */
  function promising(callee: ExportedFunction): (...args: (number | bigint)[]) => Promise<unknown>;
  function validate(bytes: Uint8Array): boolean;
}
