import { humanSize, TOTAL_DIGITS } from '../base/human-size.ts';

/** How far something has come, in bytes; nothing at all when neither is known. */
export interface ProgressDetail {
  readonly current?: number | undefined;
  readonly total?: number | undefined;
}

/** Of the bar between the brackets. */
const BAR_WIDTH = 50;
/** A narrower terminal gets the numbers alone. */
const LEAST_WIDTH_OF_BAR = 110;
const NUMBER_WIDTH = 8;

/**
 * `[====>     ]  1.2MB/3.4MB`, as Docker's daemon and clients draw it; empty when nothing is known.
 * `width` is the terminal's, in characters.
 */
export function progressBar({ current = 0, total = 0 }: ProgressDetail, width: number): string {
  if (current <= 0 && total <= 0) return '';
  const done = humanSize(current, TOTAL_DIGITS).padStart(NUMBER_WIDTH);
  if (total <= 0) return done;
  const numbers = current > total ? done : `${done}/${humanSize(total, TOTAL_DIGITS)}`;
  if (width <= LEAST_WIDTH_OF_BAR) return numbers;
  const filled = Math.min(BAR_WIDTH, Math.floor(Math.floor((current / total) * 100) / 2));
  return `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] ${numbers}`;
}
