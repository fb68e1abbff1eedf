/** The instructions that the rewriter names (core specification, section 5.4). */
export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  tableSet: 0x26,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtS: 0x55,
  i64GtU: 0x56,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i32Or: 0x72,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64DivS: 0x7f,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i32WrapI64: 0xa7,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  refNull: 0xd0,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  gcPrefix: 0xfb,
  numericPrefix: 0xfc,
  simdPrefix: 0xfd,
  atomicPrefix: 0xfe,
} as const;

/** Behind `OPCODE.numericPrefix`. */
export const BULK_OPCODE = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elementDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17,
} as const;

/** Behind `OPCODE.atomicPrefix`. */
export const ATOMIC_OPCODE = {
  notify: 0,
  wait32: 1,
  wait64: 2,
  fence: 3,
  i32Load: 0x10,
  i64Load: 0x11,
  last: 0x4e,
} as const;

/** The block type of a block that takes and leaves nothing. */
export const EMPTY_BLOCK = 0x40;

/**
 * How the decoder passes over an instruction. Those of one byte without control flow, nearly all
 * of any program, are told by this alone; `special` ones are looked at one by one.
 */
export const SHAPE = {
  plain: 0,
  integer: 1,
  memory: 2,
  float32: 3,
  float64: 4,
  localGet: 5,
  localSet: 6,
  global: 7,
  special: 8,
  unknown: 255,
} as const;

const SPECIAL: readonly number[] = [
  ...[OPCODE.unreachable, OPCODE.block, OPCODE.loop, OPCODE.if, OPCODE.else, OPCODE.try],
  ...[OPCODE.catch, OPCODE.throw, OPCODE.rethrow, OPCODE.throwRef, OPCODE.end, OPCODE.br],
  ...[OPCODE.brIf, OPCODE.brTable, OPCODE.return, OPCODE.call, OPCODE.callIndirect],
  ...[OPCODE.returnCall, OPCODE.returnCallIndirect, OPCODE.callRef, OPCODE.returnCallRef],
  ...[OPCODE.delegate, OPCODE.catchAll, OPCODE.selectTyped, OPCODE.tryTable],
  ...[OPCODE.tableGet, OPCODE.tableSet, OPCODE.memorySize, OPCODE.memoryGrow],
  ...[OPCODE.refNull, OPCODE.refFunc, OPCODE.brOnNull, OPCODE.brOnNonNull],
  ...[OPCODE.gcPrefix, OPCODE.numericPrefix, OPCODE.simdPrefix, OPCODE.atomicPrefix],
];

const FIRST_LOAD = 0x28;
const LAST_STORE = 0x3e;
const FIRST_NUMERIC = 0x45;
const LAST_NUMERIC = 0xc4;

/** By first byte, the `SHAPE` of an instruction. */
export const INSTRUCTION_SHAPES: Readonly<Uint8Array> = buildShapes();

function buildShapes(): Uint8Array {
  const shapes = new Uint8Array(256).fill(SHAPE.unknown);
  for (let opcode = FIRST_NUMERIC; opcode <= LAST_NUMERIC; opcode++) shapes[opcode] = SHAPE.plain;
  for (let opcode = FIRST_LOAD; opcode <= LAST_STORE; opcode++) shapes[opcode] = SHAPE.memory;
  // nop, drop, select; ref.is_null, ref.eq, ref.as_non_null
  for (const opcode of [0x01, 0x1a, 0x1b, 0xd1, 0xd3, 0xd4]) shapes[opcode] = SHAPE.plain;
  shapes[OPCODE.i32Const] = SHAPE.integer;
  shapes[OPCODE.i64Const] = SHAPE.integer;
  shapes[0x43] = SHAPE.float32;
  shapes[0x44] = SHAPE.float64;
  shapes[OPCODE.localGet] = SHAPE.localGet;
  shapes[OPCODE.localSet] = SHAPE.localSet;
  shapes[OPCODE.localTee] = SHAPE.localSet;
  shapes[OPCODE.globalGet] = SHAPE.global;
  shapes[OPCODE.globalSet] = SHAPE.global;
  for (const opcode of SPECIAL) shapes[opcode] = SHAPE.special;
  return shapes;
}
