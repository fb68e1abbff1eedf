import {
  encodeCredit,
  encodeFrame,
  FRAME_KINDS,
  MAX_DATA_SIZE,
  STREAM,
  WINDOW_SIZE,
} from '../../link/frame.ts';
import type { OutputStream, TaskExit, TaskIo } from '../contract.ts';

/**
 * Credit is given back in lumps, so that a program that prints line by line does not cost a frame a
 * line.
 */
const CREDIT_LUMP = WINDOW_SIZE / 4;

/**
 * The daemon's end of one task's streams over the link: windows, credit, and the order of things.
 * It sends through `send` and holds nothing of the cell.
 */
export class CellTask {
  readonly exited: Promise<TaskExit>;
  readonly #number: number;
  readonly #io: TaskIo;
  readonly #send: (frame: Uint8Array) => void;
  readonly #uncredited = { stdout: 0, stderr: 0 };
  #resolveExited: (exit: TaskExit) => void = () => {};
  #pendingWrites: Promise<unknown> = Promise.resolve();
  #stdinWindow = WINDOW_SIZE;
  #stdinWaiter: (() => void) | undefined;
  #stdinTail: Promise<void> = Promise.resolve();
  #isStdinClosed = false;
  #isOver = false;

  constructor(number: number, io: TaskIo, send: (frame: Uint8Array) => void) {
    this.#number = number;
    this.#io = io;
    this.#send = send;
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  takeOutput(stream: OutputStream, bytes: Uint8Array): void {
    const written = this.#io.write(stream, bytes);
    if (!written) {
      this.#giveCredit(stream, bytes.length);
      return;
    }
    const credited = written.then(() => this.#giveCredit(stream, bytes.length));
    this.#pendingWrites = Promise.allSettled([this.#pendingWrites, credited]);
  }

  takeCredit(count: number): void {
    this.#stdinWindow = Math.min(WINDOW_SIZE, this.#stdinWindow + count);
    this.#stdinWaiter?.();
  }

  /**
   * Publishes the exit once all output that came before it is where it belongs. The first exit
   * counts.
   */
  finish(exit: TaskExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stdinWaiter?.();
    void this.#pendingWrites.then(() => this.#resolveExited(exit));
  }

  /** Sends in the order of the calls; resolves when all of `bytes` are within the window. */
  writeStdin(bytes: Uint8Array): Promise<void> {
    this.#stdinTail = this.#stdinTail.then(() => this.#sendStdin(bytes));
    return this.#stdinTail;
  }

  closeStdin(): void {
    if (this.#isStdinClosed) return;
    this.#isStdinClosed = true;
    this.#stdinTail = this.#stdinTail.then(() => {
      if (!this.#isOver) {
        this.#send(encodeFrame(FRAME_KINDS.end, this.#number, STREAM.stdin, new Uint8Array(0)));
      }
    });
  }

  async #sendStdin(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0 && !this.#isOver) {
      if (this.#stdinWindow === 0) {
        await new Promise<void>((resolve) => {
          this.#stdinWaiter = resolve;
        });
        this.#stdinWaiter = undefined;
        continue;
      }
      const part = rest.subarray(0, Math.min(this.#stdinWindow, MAX_DATA_SIZE));
      this.#stdinWindow -= part.length;
      rest = rest.subarray(part.length);
      this.#send(encodeFrame(FRAME_KINDS.data, this.#number, STREAM.stdin, part));
    }
  }

  #giveCredit(stream: OutputStream, count: number): void {
    const owed = this.#uncredited[stream] + count;
    const isDue = owed >= CREDIT_LUMP;
    this.#uncredited[stream] = isDue ? 0 : owed;
    if (isDue && !this.#isOver) this.#send(encodeCredit(this.#number, STREAM[stream], owed));
  }
}
