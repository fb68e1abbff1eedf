/**
 * The link between the daemon and a cell: frames over one byte stream (a socket pair inherited at
 * birth).
 *
 * # Format
 * A header of 12 bytes, little endian: `u32 payload size`, `u8 kind`, `u8 stream`, `u16 zero`, `u32
 * task`; then the payload.
 *
 * | kind | direction | stream | payload |
 * | --- | --- | --- | --- |
 * | message | both | 0 | a JSON message (messages.ts), at most 1 MiB |
 * | data | both | 0 stdin, 1 stdout, 2 stderr | bytes of that stream of the task |
 * | credit | both | as data | u32: so many bytes of the stream were consumed |
 * | end | daemon → cell | 0 | empty: standard input has ended |
 *
 * # Flow control
 * Each stream of each task starts with a window of `WINDOW_SIZE` bytes; its sender never has more
 * than that on the way, and its receiver gives credit when it has put the bytes where they belong.
 * So neither side holds more than a window a stream, whatever the other does.
 */
export const FRAME_KINDS = { message: 1, data: 2, credit: 3, end: 4 } as const;

export const LINK_VERSION = 4;
export const HEADER_SIZE = 12;
export const WINDOW_SIZE = 256 * 1024;
/**
 * What one data frame may hold: large enough to amortise the header, small enough to interleave
 * tasks.
 */
export const MAX_DATA_SIZE = 64 * 1024;
const MAX_MESSAGE_SIZE = 1024 * 1024;

export const STREAM = { stdin: 0, stdout: 1, stderr: 2 } as const;

export interface FrameHandler {
  onMessage(task: number, json: string): void;
  /** Pieces of a data frame's payload come as they arrive; `bytes` belongs to the callee. */
  onData(task: number, stream: number, bytes: Uint8Array): void;
  onCredit(task: number, stream: number, count: number): void;
  onEnd(task: number): void;
}

/** A protocol violation: the peer is broken or hostile, and the link must be closed. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/** A frame with its payload copied in behind the header, ready to be written. */
export function encodeFrame(
  kind: number,
  task: number,
  stream: number,
  payload: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + payload.length);
  writeHeader(frame, kind, task, stream, payload.length);
  frame.set(payload, HEADER_SIZE);
  return frame;
}

export function encodeMessage(task: number, message: object): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(message));
  if (payload.length > MAX_MESSAGE_SIZE) throw new LinkError('message too large');
  return encodeFrame(FRAME_KINDS.message, task, 0, payload);
}

export function encodeCredit(task: number, stream: number, count: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, count, true);
  return encodeFrame(FRAME_KINDS.credit, task, stream, payload);
}

function writeHeader(
  frame: Uint8Array,
  kind: number,
  task: number,
  stream: number,
  size: number,
): void {
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_SIZE);
  view.setUint32(0, size, true);
  view.setUint8(4, kind);
  view.setUint8(5, stream);
  view.setUint16(6, 0, true);
  view.setUint32(8, task, true);
}

/**
 * Takes the stream apart. Data payloads pass through uncopied; the rest is gathered, within its
 * bound.
 */
export class FrameDecoder {
  readonly #handler: FrameHandler;
  readonly #header = new Uint8Array(HEADER_SIZE);
  #headerFilled = 0;
  #kind = 0;
  #stream = 0;
  #task = 0;
  #left = 0;
  #payload: Uint8Array | undefined;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** # Errors: LinkError on anything that the format does not allow. */
  feed(chunk: Uint8Array): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#headerFilled < HEADER_SIZE) {
        const part = chunk.subarray(position, position + HEADER_SIZE - this.#headerFilled);
        this.#header.set(part, this.#headerFilled);
        this.#headerFilled += part.length;
        position += part.length;
        if (this.#headerFilled < HEADER_SIZE) return;
        this.#beginFrame();
      }
      const piece = chunk.subarray(position, position + this.#left);
      position += piece.length;
      this.#takePiece(piece);
    }
  }

  #beginFrame(): void {
    const view = new DataView(this.#header.buffer);
    this.#left = view.getUint32(0, true);
    this.#kind = view.getUint8(4);
    this.#stream = view.getUint8(5);
    this.#task = view.getUint32(8, true);
    if (view.getUint16(6, true) !== 0) throw new LinkError('reserved bits are set');
    if (this.#left > largestPayload(this.#kind)) {
      throw new LinkError(`a frame of kind ${this.#kind} has ${this.#left} bytes`);
    }
    if (this.#stream > STREAM.stderr) throw new LinkError(`unknown stream ${this.#stream}`);
    if (this.#kind !== FRAME_KINDS.data) this.#payload = new Uint8Array(this.#left);
    if (this.#left === 0) this.#takePiece(new Uint8Array(0));
  }

  #takePiece(piece: Uint8Array): void {
    if (this.#headerFilled < HEADER_SIZE) return;
    if (this.#payload) this.#payload.set(piece, this.#payload.length - this.#left);
    else if (piece.length > 0) this.#handler.onData(this.#task, this.#stream, piece);
    this.#left -= piece.length;
    if (this.#left > 0) return;
    const payload = this.#payload;
    this.#headerFilled = 0;
    this.#payload = undefined;
    if (payload) this.#endFrame(payload);
  }

  #endFrame(payload: Uint8Array): void {
    switch (this.#kind) {
      case FRAME_KINDS.message:
        this.#handler.onMessage(this.#task, new TextDecoder().decode(payload));
        return;
      case FRAME_KINDS.credit: {
        if (payload.length !== 4) throw new LinkError('a credit has four bytes');
        const count = new DataView(payload.buffer).getUint32(0, true);
        this.#handler.onCredit(this.#task, this.#stream, count);
        return;
      }
      default:
        this.#handler.onEnd(this.#task);
    }
  }
}

function largestPayload(kind: number): number {
  switch (kind) {
    case FRAME_KINDS.message:
      return MAX_MESSAGE_SIZE;
    case FRAME_KINDS.data:
      return MAX_DATA_SIZE;
    case FRAME_KINDS.credit:
      return 4;
    case FRAME_KINDS.end:
      return 0;
    default:
      throw new LinkError(`unknown frame kind ${kind}`);
  }
}
