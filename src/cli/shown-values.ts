import { humanDuration } from '../base/human-time.ts';

const SHORT_ID = 12;

/** The digits by which people name images and containers. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, SHORT_ID);
}

/** `3 days ago`, for seconds since the epoch. */
export function ageOf(createdSeconds: number, nowMs: number): string {
  const ageMs = Math.max(0, Math.round(nowMs - createdSeconds * 1000));
  return `${humanDuration(BigInt(ageMs) * 1_000_000n)} ago`;
}

/** `2026-11-22T03:03:25Z`, for seconds since the epoch. */
export function rfc3339Seconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** `2026-11-22 03:03:25 +0000 UTC`: as Go prints a time, and Docker with it. */
export function goTime(seconds: number): string {
  return rfc3339Seconds(seconds).replace('T', ' ').replace('Z', ' +0000 UTC');
}

/** One line of at most so many characters, with `…` where it was cut (docker/cli `Ellipsis`). */
export function shortened(text: string, length: number): string {
  const characters = [...text.replaceAll(/[\r\n]+/g, ' ')];
  if (characters.length <= length) return characters.join('');
  return `${characters.slice(0, length - 1).join('')}…`;
}
