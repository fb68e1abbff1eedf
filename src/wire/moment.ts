import { EngineError } from '../base/engine-error.ts';

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};

/** As people write a point in time: nobody needs more of it. */
const MAX_LENGTH = 100;

/**
 * A point in time as Docker's clients and filters take it, in nanoseconds since the epoch: seconds
 * with a fraction, RFC 3339 and shorter forms (`2026-01-02`), or a span before now (`1h30m`).
 *
 * # Errors
 * invalid-argument
 */
export function parseMoment(text: string, nowNs: bigint): bigint {
  if (text.length > MAX_LENGTH) throw invalid(text.slice(0, MAX_LENGTH));
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds !== undefined) {
    return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  }
  if (/^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|us|µs|ns|m|s))+$/.test(text)) return nowNs - spanNs(text);
  const milliseconds = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw invalid(text);
  return BigInt(milliseconds) * 1_000_000n;
}

function spanNs(text: string): bigint {
  let span = 0n;
  for (const [, whole = '0', fraction = '', unit = 's'] of text.matchAll(
    /(\d+)(?:\.(\d+))?(h|ms|us|µs|ns|m|s)/g,
  )) {
    const scale = 10n ** BigInt(fraction.length);
    span += (BigInt(whole + fraction) * (NANOSECONDS[unit] ?? 0n)) / scale;
  }
  return span;
}

function invalid(text: string): EngineError {
  return new EngineError(
    'invalid-argument',
    `invalid value for a time: ${text}: give 2026-01-02T13:23:37Z or 42m`,
  );
}
