import type { LogEntry } from './log-frame.ts';

const NEWLINE = 10;

/** Which part of a log is wanted. Times are nanoseconds since the epoch. */
export interface LogSelection {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
}

export function isSelected({ stream, timeNs }: LogEntry, selection: LogSelection): boolean {
  if (!selection[stream]) return false;
  if (selection.sinceNs !== undefined && timeNs < selection.sinceNs) return false;
  return selection.untilNs === undefined || timeNs <= selection.untilNs;
}

/** Leaves out the first `skipCount` lines, and what is not selected. */
export async function* selectLines(
  entries: AsyncIterable<LogEntry>,
  selection: LogSelection,
  skipCount: number,
): AsyncGenerator<LogEntry> {
  let left = skipCount;
  for await (const entry of entries) {
    if (!isSelected(entry, selection)) continue;
    let { bytes } = entry;
    while (left > 0 && bytes.length > 0) {
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) {
        bytes = bytes.subarray(bytes.length);
        break;
      }
      left -= 1;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > 0) yield { ...entry, bytes };
  }
}

/** Puts a time before every line that begins. Lines of the two streams are kept apart. */
export async function* stampLines(
  entries: AsyncIterable<LogEntry>,
  stamp: (timeNs: bigint) => string,
): AsyncGenerator<LogEntry> {
  const isInLine = { stdout: false, stderr: false };
  for await (const entry of entries) {
    const parts: Uint8Array[] = [];
    const prefix = new TextEncoder().encode(`${stamp(entry.timeNs)} `);
    let { bytes } = entry;
    while (bytes.length > 0) {
      if (!isInLine[entry.stream]) parts.push(prefix);
      const end = bytes.indexOf(NEWLINE);
      isInLine[entry.stream] = end < 0;
      parts.push(end < 0 ? bytes : bytes.subarray(0, end + 1));
      bytes = end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + 1);
    }
    yield { ...entry, bytes: Buffer.concat(parts) };
  }
}
