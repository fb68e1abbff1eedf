/** Randomness as a parameter, so that a test gets the same ids and names each time. */
export interface RandomSource {
  bytes(count: number): Uint8Array;
}

/**
 * A whole number from 0 to `limit - 1`; `limit` at most 65,536. The bias is of no matter for names.
 */
export function randomBelow(random: RandomSource, limit: number): number {
  const [low = 0, high = 0] = random.bytes(2);
  return (high * 256 + low) % limit;
}
