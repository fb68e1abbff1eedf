const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Of bars and sums; lists show one less. */
export const TOTAL_DIGITS = 4;

/**
 * `12.3MB`: powers of ten, as Docker prints sizes (go-units `HumanSize`).
 */
export function humanSize(bytes: number, digits = 3): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(digits))}${UNITS[unit]}`;
}
