import { wat } from '../fake/wat.ts';

/**
 * The module that the suite's scripts import from (`interpreter/host/spectest.ml` of the
 * specification). Its functions print nothing.
 */
const spectest = (isShared: boolean): string => `(module
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)
  (table (export "table64") i64 10 20 funcref)
  (memory (export "memory") 1 2)
  (memory (export "shared_memory") 1 2 ${isShared ? 'shared' : ''})
  (func (export "print"))
  (func (export "print_i32") (param i32))
  (func (export "print_i64") (param i64))
  (func (export "print_f32") (param f32))
  (func (export "print_f64") (param f64))
  (func (export "print_i32_f32") (param i32 f32))
  (func (export "print_f64_f64") (param f64 f64)))`;

/** `isShared`: whether its shared memory is one; rewritten modules import one that is not. */
export async function assembleSpectest(isShared: boolean): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await wat(spectest(isShared)));
}
