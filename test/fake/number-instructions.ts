/** Value types as the binary format spells them. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;

export interface Instruction {
  readonly bytes: readonly number[];
  readonly operands: readonly number[];
  /** The NaN that comes out (or whose sign decides) is the engine's choice of bits. */
  readonly leaksNan?: boolean;
  readonly mostlyTraps?: boolean;
}

type Rows = readonly (readonly [first: number, last: number, operands: readonly number[]])[];

function rows(table: Rows): Instruction[] {
  return table.flatMap(([first, last, operands]) =>
    Array.from({ length: last - first + 1 }, (_, index) => ({
      bytes: [first + index],
      operands,
    })),
  );
}

function saturating(first: number, operands: readonly number[]): Instruction[] {
  return [0, 1].map((index) => ({ bytes: [0xfc, first + index], operands }));
}

function vector(opcode: number, operands: readonly number[], ...lanes: number[]): Instruction {
  const leb = opcode < 0x80 ? [opcode] : [(opcode & 0x7f) | 0x80, opcode >> 7];
  return { bytes: [0xfd, ...leb, ...lanes], operands };
}

/** The instructions on numbers, by the type that they answer; some trap. */
export const NUMBER_INSTRUCTIONS: Readonly<Record<number, readonly Instruction[]>> = {
  [I32]: [
    ...rows([
      [0x45, 0x45, [I32]],
      [0x46, 0x4f, [I32, I32]],
      [0x50, 0x50, [I64]],
      [0x51, 0x5a, [I64, I64]],
      [0x5b, 0x60, [F32, F32]],
      [0x61, 0x66, [F64, F64]],
      [0x67, 0x69, [I32]],
      [0x6a, 0x78, [I32, I32]],
      [0x6a, 0x6c, [I32, I32]],
      [0xa7, 0xa7, [I64]],
      [0xc0, 0xc1, [I32]],
    ]),
    ...saturating(0, [F32]),
    ...saturating(2, [F64]),
    { bytes: [0xa8], operands: [F32], mostlyTraps: true },
    { bytes: [0xab], operands: [F64], mostlyTraps: true },
    { bytes: [0xbc], operands: [F32], leaksNan: true },
    vector(0x1b, [V128], 2),
    vector(0x53, [V128]),
    vector(0x15, [V128], 7),
  ],
  [I64]: [
    ...rows([
      [0x79, 0x7b, [I64]],
      [0x7c, 0x8a, [I64, I64]],
      [0x7c, 0x7e, [I64, I64]],
      [0xac, 0xad, [I32]],
      [0xc2, 0xc4, [I64]],
    ]),
    ...saturating(4, [F32]),
    ...saturating(6, [F64]),
    { bytes: [0xaf], operands: [F32], mostlyTraps: true },
    { bytes: [0xb0], operands: [F64], mostlyTraps: true },
    { bytes: [0xbd], operands: [F64], leaksNan: true },
    vector(0x1d, [V128], 1),
  ],
  [F32]: [
    ...rows([
      [0x8b, 0x91, [F32]],
      [0x92, 0x97, [F32, F32]],
      [0xb2, 0xb3, [I32]],
      [0xb4, 0xb5, [I64]],
      [0xb6, 0xb6, [F64]],
      [0xbe, 0xbe, [I32]],
    ]),
    { bytes: [0x98], operands: [F32, F32], leaksNan: true },
  ],
  [F64]: [
    ...rows([
      [0x99, 0x9f, [F64]],
      [0xa0, 0xa5, [F64, F64]],
      [0xb7, 0xb8, [I32]],
      [0xb9, 0xba, [I64]],
      [0xbb, 0xbb, [F32]],
      [0xbf, 0xbf, [I64]],
    ]),
    { bytes: [0xa6], operands: [F64, F64], leaksNan: true },
  ],
  [V128]: [
    vector(0x0f, [I32]),
    vector(0x11, [I32]),
    vector(0x12, [I64]),
    vector(0x4e, [V128, V128]),
    vector(0x51, [V128, V128]),
    vector(0x4d, [V128]),
    vector(0x52, [V128, V128, V128]),
    vector(0x0d, [V128, V128], 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31),
    vector(0x0e, [V128, V128]),
    vector(0x6e, [V128, V128]),
    vector(0xab, [V128, I32]),
    vector(0xae, [V128, V128]),
    vector(0xb5, [V128, V128]),
    vector(0xce, [V128, V128]),
    vector(0x1c, [V128, I32], 3),
  ],
};

/** Loads by the type that they answer: opcode and the largest alignment (as a power of two). */
export const LOADS: Readonly<Record<number, readonly (readonly [readonly number[], number])[]>> = {
  [I32]: [
    [[0x28], 2],
    [[0x2c], 0],
    [[0x2d], 0],
    [[0x2e], 1],
    [[0x2f], 1],
  ],
  [I64]: [
    [[0x29], 3],
    [[0x30], 0],
    [[0x33], 1],
    [[0x34], 2],
    [[0x35], 2],
  ],
  [F32]: [[[0x2a], 2]],
  [F64]: [[[0x2b], 3]],
  [V128]: [
    [[0xfd, 0], 4],
    [[0xfd, 1], 3],
    [[0xfd, 9], 2],
  ],
};

export const STORES: Readonly<Record<number, readonly (readonly [readonly number[], number])[]>> = {
  [I32]: [
    [[0x36], 2],
    [[0x3a], 0],
    [[0x3b], 1],
  ],
  [I64]: [
    [[0x37], 3],
    [[0x3c], 0],
    [[0x3d], 1],
    [[0x3e], 2],
  ],
  [F32]: [[[0x38], 2]],
  [F64]: [[[0x39], 3]],
  [V128]: [[[0xfd, 11], 4]],
};
