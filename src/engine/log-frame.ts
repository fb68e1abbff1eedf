import type { OutputStream } from '../runtime/contract.ts';

/**
 * The container log's format. A log is a sequence of frames, each the bytes of one write of the
 * program:
 *
 *     u32 length | u8 stream | u64 time | payload (`length` bytes) | u32 length
 *
 * Little endian; streams are 1 (stdout) and 2 (stderr); the time is in nanoseconds since the epoch.
 * The length stands at both ends, so that the last lines of a long log are found from its end, and
 * so that a torn tail shows itself.
 */
export const FRAME_HEADER_BYTES = 13;
export const FRAME_TRAILER_BYTES = 4;
export const FRAME_OVERHEAD_BYTES = FRAME_HEADER_BYTES + FRAME_TRAILER_BYTES;

/**
 * Longer writes become several frames, so that a reader's buffer of a few frames always suffices.
 */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

const STREAM_NUMBERS = { stdout: 1, stderr: 2 } as const satisfies Record<OutputStream, number>;

export interface LogEntry {
  readonly stream: OutputStream;
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
}

export interface FrameHeader {
  readonly stream: OutputStream;
  readonly timeNs: bigint;
  readonly payloadBytes: number;
}

/** All entries as frames, in one piece. */
export function encodeFrames(entries: readonly LogEntry[]): Uint8Array {
  let size = 0;
  for (const { bytes } of entries) size += bytes.length + FRAME_OVERHEAD_BYTES * frameCount(bytes);
  const encoded = Buffer.allocUnsafe(size);
  let position = 0;
  for (const { stream, timeNs, bytes } of entries) {
    for (let start = 0; start < bytes.length; start += MAX_PAYLOAD_BYTES) {
      const payload = bytes.subarray(start, start + MAX_PAYLOAD_BYTES);
      encoded.writeUInt32LE(payload.length, position);
      encoded.writeUInt8(STREAM_NUMBERS[stream], position + 4);
      encoded.writeBigUInt64LE(timeNs, position + 5);
      encoded.set(payload, position + FRAME_HEADER_BYTES);
      position += FRAME_HEADER_BYTES + payload.length;
      position = encoded.writeUInt32LE(payload.length, position);
    }
  }
  return encoded;
}

function frameCount(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / MAX_PAYLOAD_BYTES);
}

/** The header at `position`; undefined when these bytes are none. */
export function decodeHeader(bytes: Buffer, position: number): FrameHeader | undefined {
  if (position + FRAME_HEADER_BYTES > bytes.length) return undefined;
  const payloadBytes = bytes.readUInt32LE(position);
  const number = bytes.readUInt8(position + 4);
  if (payloadBytes === 0 || payloadBytes > MAX_PAYLOAD_BYTES) return undefined;
  if (number !== STREAM_NUMBERS.stdout && number !== STREAM_NUMBERS.stderr) return undefined;
  return {
    stream: number === STREAM_NUMBERS.stdout ? 'stdout' : 'stderr',
    timeNs: bytes.readBigUInt64LE(position + 5),
    payloadBytes,
  };
}

export function frameBytes(header: FrameHeader): number {
  return header.payloadBytes + FRAME_OVERHEAD_BYTES;
}
