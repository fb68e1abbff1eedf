const UNITS: readonly (readonly [number, number, string])[] = [
  // Up to this many seconds, counted in units of so many seconds.
  [60, 1, 'second'],
  [46 * 60, 60, 'minute'],
  [48 * 3600, 3600, 'hour'],
  [14 * 86_400, 86_400, 'day'],
  [60 * 86_400, 7 * 86_400, 'week'],
  [2 * 365 * 86_400, 30 * 86_400, 'month'],
];

/**
 * Docker's words for a span of time (go-units HumanDuration): `5 seconds`, `About an hour`, `2
 * weeks`.
 */
export function humanDuration(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / 1_000_000_000n);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  const hours = Math.round(seconds / 3600);
  if (minutes >= 46 && hours === 1) return 'About an hour';
  for (const [limit, unit, name] of UNITS) {
    if (seconds >= limit) continue;
    const count = name === 'hour' ? hours : Math.floor(seconds / unit);
    return `${count} ${name}s`;
  }
  return `${Math.floor(seconds / (365 * 86_400))} years`;
}
