import { ByteWriter } from '../base/byte-writer.ts';

/**
 * The glue between a guest and our hostcalls: a small module whose exports are the guest's imports.
 *
 * # Theory of operation
 * A hostcall must be a plain import, for a Suspending one costs ten times as much; yet some calls
 * have to block, and some must end the process without a JS exception (a guest's catch_all would
 * catch it). So each exported function is a loop around a plain import `fast`:
 *
 *     loop
 *       r = fast(arguments…)
 *       if r >= LEAST_ANSWER return r      the guest's answer
 *       if r == EXIT unreachable           a trap: nothing in a guest catches it
 *       if r == HANDLE_SIGNAL              a signal has a handler: it runs among the guest's frames,
 *         try handlers[0](takeSignal())    so that it may suspend, and leave by an exception
 *         catch_all { left(), rethrow }    (longjmp)
 *         handled()
 *       else
 *         if wait() unreachable            suspends (JSPI) until there is a reason to try again
 *     again
 *
 * What the guest sees are wasm functions of its own types, called wasm to wasm. The guest cannot
 * name `fast` or `wait`: they are imports of another module.
 */
export const WOULD_BLOCK = -0x1001;
export const EXIT = -0x1002;
export const HANDLE_SIGNAL = -0x1003;
/** Negated error numbers are answers, too (the threads proposal). */
const LEAST_ANSWER = -0x1000;

/** Value types by their byte in the binary format (core specification, section 5.3.1). */
export const I32 = 0x7f;
export const I64 = 0x7e;

export interface GlueFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  /**
   * True: the guest gets an i32 (an error number). False: nothing, and mostly the call does not
   * return (proc_exit).
   */
  readonly hasResult: boolean;
}

export const GLUE_IMPORTS = 'kernel';
export const GLUE_WAIT = 'wait';
export const GLUE_TAKE_SIGNAL = 'takeSignal';
export const GLUE_HANDLED = 'handled';
export const GLUE_LEFT = 'left';
/** The exported table whose one place `takeSignal` sets to the handler. */
export const GLUE_HANDLERS = 'handlers';

const FUNCTION_FORM = 0x60;
const EMPTY_BLOCK = 0x40;
const FUNCREF = 0x70;
const OP = {
  unreachable: 0x00,
  loop: 0x03,
  if: 0x04,
  try: 0x06,
  rethrow: 0x09,
  end: 0x0b,
  br: 0x0c,
  return: 0x0f,
  else: 0x05,
  call: 0x10,
  callIndirect: 0x11,
  catchAll: 0x19,
  localGet: 0x20,
  localTee: 0x22,
  i32Const: 0x41,
  i32Eq: 0x46,
  i32GeS: 0x4e,
} as const;

/**
 * The module for these functions: imports `kernel.<name>` for each and `kernel.wait`, exports
 * `<name>`.
 */
export function encodeGlue(functions: readonly GlueFunction[]): Uint8Array<ArrayBuffer> {
  const count = functions.length;
  const types = new ByteWriter().unsigned(count * 2 + 3);
  const imports = new ByteWriter().unsigned(count + OWN_IMPORT_COUNT);
  const declarations = new ByteWriter().unsigned(count);
  const exports = new ByteWriter().unsigned(count + 1);
  const own: OwnIndices = {
    wait: count,
    takeSignal: count + 1,
    handled: count + 2,
    left: count + 3,
    handlerType: count * 2 + 1,
  };
  const code = new ByteWriter().unsigned(count);
  functions.forEach((glued, index) => {
    // Two types a function: what the kernel's side answers (always an i32), and what the guest's
    // side does.
    writeType(types, glued.parameters, [I32]);
    writeType(types, glued.parameters, glued.hasResult ? [I32] : []);
    writeImport(imports, glued.name, index * 2);
    declarations.unsigned(index * 2 + 1);
    exports
      .name(glued.name)
      .u8(0x00)
      .unsigned(count + OWN_IMPORT_COUNT + index);
    code.sized(encodeBody(glued, index, own));
  });
  const answersType = count * 2;
  writeType(types, [], [I32]);
  writeType(types, [I32], []);
  writeType(types, [], []);
  writeImport(imports, GLUE_WAIT, answersType);
  writeImport(imports, GLUE_TAKE_SIGNAL, answersType);
  writeImport(imports, GLUE_HANDLED, answersType + 2);
  writeImport(imports, GLUE_LEFT, answersType + 2);
  exports.name(GLUE_HANDLERS).u8(0x01).unsigned(0);
  const tables = new ByteWriter().unsigned(1).u8(FUNCREF).u8(0x00).unsigned(1);
  const module = new ByteWriter().raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  const sections: [number, ByteWriter][] = [
    [1, types],
    [2, imports],
    [3, declarations],
    [4, tables],
    [7, exports],
    [10, code],
  ];
  for (const [id, content] of sections) module.u8(id).sized(content);
  return module.finish();
}

/** `wait`, `takeSignal`, `handled`, `left`. */
const OWN_IMPORT_COUNT = 4;

/** Indices of functions and types that are not the guest's. */
interface OwnIndices {
  readonly wait: number;
  readonly takeSignal: number;
  readonly handled: number;
  readonly left: number;
  readonly handlerType: number;
}

function writeImport(imports: ByteWriter, name: string, typeIndex: number): void {
  imports.name(GLUE_IMPORTS).name(name).u8(0x00).unsigned(typeIndex);
}

function writeType(
  types: ByteWriter,
  parameters: readonly number[],
  results: readonly number[],
): void {
  types.u8(FUNCTION_FORM).unsigned(parameters.length).raw(parameters);
  types.unsigned(results.length).raw(results);
}

function encodeBody(glued: GlueFunction, fastIndex: number, own: OwnIndices): ByteWriter {
  const answer = glued.parameters.length;
  const body = new ByteWriter().unsigned(1).unsigned(1).u8(I32);
  body.u8(OP.loop).u8(EMPTY_BLOCK);
  for (let index = 0; index < answer; index++) body.u8(OP.localGet).unsigned(index);
  body.u8(OP.call).unsigned(fastIndex).u8(OP.localTee).unsigned(answer);
  body.u8(OP.i32Const).signed(LEAST_ANSWER).u8(OP.i32GeS).u8(OP.if).u8(EMPTY_BLOCK);
  if (glued.hasResult) body.u8(OP.localGet).unsigned(answer);
  body.u8(OP.return).u8(OP.end);
  body.u8(OP.localGet).unsigned(answer).u8(OP.i32Const).signed(EXIT).u8(OP.i32Eq);
  body.u8(OP.if).u8(EMPTY_BLOCK).u8(OP.unreachable).u8(OP.end);
  body.u8(OP.localGet).unsigned(answer).u8(OP.i32Const).signed(HANDLE_SIGNAL).u8(OP.i32Eq);
  body.u8(OP.if).u8(EMPTY_BLOCK);
  body.u8(OP.try).u8(EMPTY_BLOCK);
  body.u8(OP.call).unsigned(own.takeSignal).u8(OP.i32Const).signed(0);
  body.u8(OP.callIndirect).unsigned(own.handlerType).unsigned(0);
  body.u8(OP.catchAll).u8(OP.call).unsigned(own.left).u8(OP.rethrow).unsigned(0).u8(OP.end);
  body.u8(OP.call).unsigned(own.handled);
  body.u8(OP.else);
  body.u8(OP.call).unsigned(own.wait).u8(OP.if).u8(EMPTY_BLOCK).u8(OP.unreachable).u8(OP.end);
  body.u8(OP.end);
  body.u8(OP.br).unsigned(0).u8(OP.end);
  return body.u8(OP.unreachable).u8(OP.end);
}
