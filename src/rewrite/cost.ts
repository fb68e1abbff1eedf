import { OPCODE } from './opcode.ts';

/**
 * What a run costs.
 *
 * # Theory of operation
 * An executed instruction costs 1, whatever it is; those that no machine code comes of cost 0
 * (`nop`, `drop`, the brackets `block`, `loop`, `else`, `end`, `try`, `catch`). Weights nearer to
 * nanoseconds were not worth it: programs mix instructions so evenly that they changed the ratio of
 * fuel to time by less than the ratio differs from machine to machine. Work that grows with an
 * operand is charged by that operand.
 *
 * Instructions that execute equally often are charged together, where the first of them stands. A
 * trap or an exception that leaves such a region midway leaves it charged whole.
 */
export const COST = {
  plain: 1,
  indirectCall: 2,
} as const;

/** Operands are shifted right by these: one unit of fuel for so many bytes or entries. */
export const SIZE_SHIFT = {
  /** `memory.copy`, `fill`, `init`: 16 bytes. */
  memory: 4,
  /** `table.copy`, `fill`, `init`, `grow`, and arrays of the GC proposal: 8 entries. */
  table: 3,
} as const;

/** Zeroed memory is cheap, but pages that are touched cost the host. */
export const GROWTH_COST_PER_PAGE_SHIFT = 9;

export const LIMITS_BETWEEN_CHECKS = {
  /**
   * Fuel that code without a loop may use between two checks, operations by size aside. It bounds
   * how late a yield comes: 10 µs or so.
   */
  straightLine: 10_000,
  /**
   * A function that may run without a check at its entry, for its charge is part of its callers',
   * costs no more than this with all that it calls so. Without a bound, functions that call one
   * another in pairs, thirty deep, would run 2^30 calls unchecked.
   */
  foldedFunction: 2_000,
  /** The same for those that are called through a table or from outside. */
  uncheckedFunction: 1_000,
  /** What one operation by size counts for towards `straightLine`: of 1 MiB at most, see below. */
  sizedOperation: 2_500,
  /** Fuel that a counted loop may be charged ahead. */
  countedChunk: 1 << 18,
  countedIterations: 4_096,
} as const;

/** Operations on more than this are cut into pieces with checks between them. */
export const PIECE = {
  memoryBytes: 1 << 20,
  tableEntries: 1 << 16,
} as const;

/** By first byte, the cost of the instructions that the decoder passes over at once. */
export const INSTRUCTION_COSTS: Readonly<Uint8Array> = buildCosts();

function buildCosts(): Uint8Array {
  const costs = new Uint8Array(256).fill(COST.plain);
  costs[0x01] = 0;
  costs[OPCODE.drop] = 0;
  return costs;
}
