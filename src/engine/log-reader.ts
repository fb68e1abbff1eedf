import { type FileHandle, open } from 'node:fs/promises';
import {
  decodeHeader,
  FRAME_HEADER_BYTES,
  FRAME_OVERHEAD_BYTES,
  FRAME_TRAILER_BYTES,
  frameBytes,
  type LogEntry,
  MAX_PAYLOAD_BYTES,
} from './log-frame.ts';

/** Holds several frames of the largest size. */
const BLOCK_BYTES = 4 * (MAX_PAYLOAD_BYTES + FRAME_OVERHEAD_BYTES);

export interface LogRange {
  /** Of a frame's beginning. */
  readonly start: number;
  /** How much of the file is whole; asked again whenever all of it was read. */
  readonly end: () => number;
  /** Resolves when there may be more; false when nothing more will come. */
  readonly more: () => Promise<boolean>;
}

/** The entries of a log, in order. A file that is not there is an empty log. */
export async function* readEntries(path: string, range: LogRange): AsyncGenerator<LogEntry> {
  await using file = await openIfThere(path);
  if (!file) return;
  let position = range.start;
  for (;;) {
    const end = range.end();
    if (position >= end) {
      if (await range.more()) continue;
      return;
    }
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, end - position));
    const { bytesRead } = await file.read(block, 0, block.length, position);
    let offset = 0;
    for (;;) {
      const header = decodeHeader(block.subarray(0, bytesRead), offset);
      if (!header || offset + frameBytes(header) > bytesRead) break;
      const start = offset + FRAME_HEADER_BYTES;
      const { stream, timeNs, payloadBytes } = header;
      yield { stream, timeNs, bytes: block.subarray(start, start + payloadBytes) };
      offset += frameBytes(header);
    }
    // A block that holds no whole frame is damage: nothing that follows could be told apart.
    if (offset === 0) return;
    position += offset;
  }
}

/** Where the last lines of a log begin: at a frame, and so many lines after its beginning. */
export interface LogTail {
  readonly start: number;
  readonly skipCount: number;
}

const NEWLINE = 10;

/**
 * Finds the last `lineCount` lines by going backwards from `end`, which is a frame's end. Only
 * entries that `isSelected` count; a last line without its newline counts, too.
 */
export async function findTail(
  path: string,
  end: number,
  lineCount: number,
  isSelected: (entry: LogEntry) => boolean,
): Promise<LogTail> {
  await using file = await openIfThere(path);
  if (!file) return { start: 0, skipCount: 0 };
  let start = end;
  let lines = 0;
  let isLast = true;
  // One line more than wanted: the first of them may have begun in an earlier frame.
  while (start > 0 && lines <= lineCount) {
    const found = await frameBefore(file, start);
    if (!found) break;
    start = found.start;
    if (!isSelected(found.entry)) continue;
    const { bytes } = found.entry;
    if (isLast && bytes.at(-1) !== NEWLINE) lines += 1;
    isLast = false;
    for (const byte of bytes) if (byte === NEWLINE) lines += 1;
  }
  return { start, skipCount: Math.max(0, lines - lineCount) };
}

async function frameBefore(
  file: FileHandle,
  end: number,
): Promise<{ start: number; entry: LogEntry } | undefined> {
  const trailer = Buffer.alloc(FRAME_TRAILER_BYTES);
  if (end < FRAME_OVERHEAD_BYTES) return undefined;
  await file.read(trailer, 0, trailer.length, end - trailer.length);
  const length = trailer.readUInt32LE() + FRAME_OVERHEAD_BYTES;
  if (length > MAX_PAYLOAD_BYTES + FRAME_OVERHEAD_BYTES || length > end) return undefined;
  const frame = Buffer.alloc(length);
  await file.read(frame, 0, length, end - length);
  const header = decodeHeader(frame, 0);
  if (!header || frameBytes(header) !== length) return undefined;
  const { stream, timeNs, payloadBytes } = header;
  const bytes = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + payloadBytes);
  return { start: end - length, entry: { stream, timeNs, bytes } };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
