import { closeSync, ftruncateSync, openSync, readSync } from 'node:fs';
import {
  decodeHeader,
  FRAME_HEADER_BYTES,
  FRAME_OVERHEAD_BYTES,
  FRAME_TRAILER_BYTES,
  frameBytes,
  MAX_PAYLOAD_BYTES,
} from './log-frame.ts';

const BLOCK_BYTES = 1024 * 1024;

/**
 * Cuts off what a killed daemon left behind of a last, unfinished frame. Answers the bytes that
 * were cut.
 *
 * When the last frame is whole nothing else is looked at: frames are only ever appended.
 */
export function recoverLog(path: string, sizeBytes: number): number {
  const fd = openSync(path, 'r+');
  try {
    if (endsWithFrame(fd, sizeBytes)) return 0;
    const goodBytes = wholeFrames(fd, sizeBytes);
    ftruncateSync(fd, goodBytes);
    return sizeBytes - goodBytes;
  } finally {
    closeSync(fd);
  }
}

function endsWithFrame(fd: number, sizeBytes: number): boolean {
  if (sizeBytes === 0) return true;
  if (sizeBytes <= FRAME_OVERHEAD_BYTES) return false;
  const trailer = Buffer.alloc(FRAME_TRAILER_BYTES);
  readSync(fd, trailer, 0, trailer.length, sizeBytes - FRAME_TRAILER_BYTES);
  const payloadBytes = trailer.readUInt32LE();
  const start = sizeBytes - FRAME_OVERHEAD_BYTES - payloadBytes;
  if (payloadBytes > MAX_PAYLOAD_BYTES || start < 0) return false;
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  readSync(fd, header, 0, header.length, start);
  return decodeHeader(header, 0)?.payloadBytes === payloadBytes;
}

/** The bytes from the beginning that are whole frames. */
function wholeFrames(fd: number, sizeBytes: number): number {
  const block = Buffer.alloc(BLOCK_BYTES);
  let good = 0;
  for (;;) {
    const length = readSync(fd, block, 0, BLOCK_BYTES, good);
    let position = 0;
    for (;;) {
      const header = decodeHeader(block.subarray(0, length), position);
      const end = header === undefined ? length + 1 : position + frameBytes(header);
      if (end > length) break;
      if (block.readUInt32LE(end - FRAME_TRAILER_BYTES) !== header?.payloadBytes) break;
      position = end;
    }
    if (position === 0 || good + position >= sizeBytes) return good + position;
    good += position;
  }
}
