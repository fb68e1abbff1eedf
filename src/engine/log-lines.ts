import type { LogRecord } from './container-log.ts';

const NEWLINE = 10;

/** Which part of a log is wanted. Times are nanoseconds since the epoch. */
export interface LogSelection {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
}

export function isSelected({ stream, timeNs }: LogRecord, selection: LogSelection): boolean {
  if (!selection[stream]) return false;
  if (selection.sinceNs !== undefined && timeNs < selection.sinceNs) return false;
  return selection.untilNs === undefined || timeNs <= selection.untilNs;
}

/** How many lines the records hold; a last one without its newline counts. */
export async function countLines(
  records: AsyncIterable<LogRecord>,
  selection: LogSelection,
): Promise<number> {
  let count = 0;
  let isInLine = false;
  for await (const record of records) {
    if (!isSelected(record, selection)) continue;
    for (const byte of record.bytes) if (byte === NEWLINE) count += 1;
    if (record.bytes.length > 0) isInLine = record.bytes.at(-1) !== NEWLINE;
  }
  return isInLine ? count + 1 : count;
}

/** Leaves out the first `skipCount` lines, and what is not selected. */
export async function* selectLines(
  records: AsyncIterable<LogRecord>,
  selection: LogSelection,
  skipCount: number,
): AsyncGenerator<LogRecord> {
  let left = skipCount;
  for await (const record of records) {
    if (!isSelected(record, selection)) continue;
    let { bytes } = record;
    while (left > 0 && bytes.length > 0) {
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) {
        bytes = bytes.subarray(bytes.length);
        break;
      }
      left -= 1;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > 0) yield { ...record, bytes };
  }
}

/** Puts a time before every line that begins. Lines of the two streams are kept apart. */
export async function* stampLines(
  records: AsyncIterable<LogRecord>,
  stamp: (timeNs: bigint) => string,
): AsyncGenerator<LogRecord> {
  const isInLine = { stdout: false, stderr: false };
  for await (const record of records) {
    const parts: Uint8Array[] = [];
    const prefix = new TextEncoder().encode(`${stamp(record.timeNs)} `);
    let { bytes } = record;
    while (bytes.length > 0) {
      if (!isInLine[record.stream]) parts.push(prefix);
      const end = bytes.indexOf(NEWLINE);
      isInLine[record.stream] = end < 0;
      parts.push(end < 0 ? bytes : bytes.subarray(0, end + 1));
      bytes = end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + 1);
    }
    yield { ...record, bytes: Buffer.concat(parts) };
  }
}
