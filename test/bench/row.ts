/** One thing that is measured. Its id and unit stay for ever, so that a script can compare. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: 'ms' | 'µs' | 'KiB' | 'MB/s' | 'ratio' | '%' | 'MiB';
  /** What is promised for the median, in `unit`; undefined when nothing is. */
  readonly bar?: number;
  /** Which side of the bar is the promised one; `less` when it does not say. */
  readonly better?: 'less' | 'more';
  /** Takes all samples of our own engine. */
  readonly measure: () => Promise<readonly number[]>;
  /** What else was found, for the JSON; asked once the row is measured. */
  readonly details?: () => Promise<unknown>;
  /** The same on others that are on this machine, in turn with our own. */
  readonly peers?: readonly Peer[];
}

export interface Peer {
  readonly name: string;
  /** Why it cannot be measured here; undefined when it can. */
  readonly absence: () => string | undefined;
  readonly measure: () => Promise<readonly number[]>;
}

export interface Summary {
  readonly runs: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? upper) : upper;
  return {
    runs: sorted.length,
    min: sorted[0] ?? Number.NaN,
    median: (lower + upper) / 2,
    max: sorted.at(-1) ?? Number.NaN,
  };
}
