/** A terminal's size, in characters. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** Linux's struct winsize holds 16 bits of each. */
export const MAX_WINDOW_SIDE = 65_535;

export function clampWindow({ columns, rows }: WindowSize): WindowSize {
  const clamp = (side: number): number => Math.min(Math.max(0, Math.trunc(side)), MAX_WINDOW_SIDE);
  return { columns: clamp(columns), rows: clamp(rows) };
}
