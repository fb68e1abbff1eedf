import { EngineError } from '../base/engine-error.ts';

/**
 * Docker's way of sending several streams over one connection: each frame has a header of 8 bytes,
 * the stream's number, three zeros, the payload's length (u32, big endian), and then the payload.
 * https://docs.docker.com/reference/api/engine/version/v1.51/#tag/Container/operation/ContainerAttach
 */
export const STREAM_NUMBERS = { stdin: 0, stdout: 1, stderr: 2, systemError: 3 } as const;

export type FrameStream = keyof typeof STREAM_NUMBERS;

export const FRAME_HEADER_BYTES = 8;

/**
 * What a decoder takes for one frame. Docker's own frames are at most 32 KiB; anything near this is
 * no frame.
 */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

const STREAM_OF_NUMBER: readonly FrameStream[] = ['stdin', 'stdout', 'stderr', 'systemError'];

/** The header to send before `sizeBytes` bytes of payload. */
export function frameHeader(stream: FrameStream, sizeBytes: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  header[0] = STREAM_NUMBERS[stream];
  new DataView(header.buffer).setUint32(4, sizeBytes);
  return header;
}

/** Header and payload in one piece. */
export function encodeFrame(stream: FrameStream, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  frame.set(frameHeader(stream, payload.length));
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Takes a multiplexed stream apart as it comes. Payloads are handed on as they arrive, views into
 * the chunk that was fed: a long frame is never gathered, and only a header that was cut in two is
 * kept.
 */
export class FrameDecoder {
  readonly #emit: (stream: FrameStream, payload: Uint8Array) => void;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerLength = 0;
  #stream: FrameStream = 'stdout';
  #rest = 0;

  constructor(emit: (stream: FrameStream, payload: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** # Errors: data-loss when the bytes are no frames. The decoder is of no use afterwards. */
  feed(chunk: Uint8Array): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#rest === 0) {
        position += this.#takeHeader(chunk.subarray(position));
        continue;
      }
      const payload = chunk.subarray(position, position + this.#rest);
      position += payload.length;
      this.#rest -= payload.length;
      this.#emit(this.#stream, payload);
    }
  }

  /** # Errors: data-loss when the stream ended inside a frame. */
  finish(): void {
    if (this.#rest === 0 && this.#headerLength === 0) return;
    throw new EngineError('data-loss', 'multiplexed stream ended inside a frame');
  }

  #takeHeader(bytes: Uint8Array): number {
    const part = bytes.subarray(0, FRAME_HEADER_BYTES - this.#headerLength);
    this.#header.set(part, this.#headerLength);
    this.#headerLength += part.length;
    if (this.#headerLength < FRAME_HEADER_BYTES) return part.length;
    this.#headerLength = 0;
    const [number = 0, ...padding] = this.#header.subarray(0, 4);
    const stream = STREAM_OF_NUMBER[number];
    const sizeBytes = new DataView(this.#header.buffer).getUint32(4);
    if (stream === undefined || padding.some((byte) => byte !== 0) || sizeBytes > MAX_FRAME_BYTES) {
      throw new EngineError('data-loss', 'no frame of a multiplexed stream: unrecognized header');
    }
    this.#stream = stream;
    this.#rest = sizeBytes;
    return part.length;
  }
}
