import { ERRNO, Errno } from '../base/errno.ts';
import type { ByteSink } from './byte-channel.ts';
import { OUTPUT_FLAGS } from './terminal-attributes.ts';
import { WaitQueue } from './wait-queue.ts';

/** What waits for a sink that is full, or for ^Q. */
const CAPACITY = 8192;
/** Of it, what programs leave to the echo, which has nobody who could wait. */
const ECHO_RESERVE = 4096;
/** As many pieces of echo wait for ^Q; what is typed beyond is not shown. */
const MAX_PENDING_ECHOES = 4096;
const TAB_WIDTH = 8;
/** The most bytes that one byte becomes: a tab in spaces. */
const MAX_EXPANSION = TAB_WIDTH;

const BACKSPACE = 0x08;
const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;

/** As Linux has it: Latin-1's upper controls are none. */
export function isControl(byte: number): boolean {
  return byte < SPACE || byte === DELETE;
}

/** Whether a byte goes on with a character of UTF-8 that began before it. */
export function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The way of a terminal's output: processed (OPOST), with the column kept, to whoever shows it. */
export class TerminalOutput {
  flags: number;
  isUtf8: boolean;
  readonly writable = new WaitQueue();
  readonly #sink: ByteSink;
  readonly #queue = new Uint8Array(CAPACITY);
  /** Where the cursor stands, as far as what passed here tells. */
  #column = 0;
  #start = 0;
  #end = 0;
  /** The column behind which the line that is being typed began. */
  #lineColumn = 0;
  #isStopped = false;
  /** Echo that waits for ^Q: what it becomes is settled when it is shown. */
  #pendingEchoes: (() => void)[] = [];
  #isWaiting = false;

  constructor(sink: ByteSink, flags: number, isUtf8: boolean) {
    this.#sink = sink;
    this.flags = flags;
    this.isUtf8 = isUtf8;
  }

  /** ^S: nothing goes out until ^Q. */
  stop(): void {
    this.#isStopped = true;
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    for (const echo of this.#pendingEchoes.splice(0)) this.#echo(echo);
    this.drain();
    this.writable.wakeAll();
  }

  /** Bytes that a program may write. */
  get freeBytes(): number {
    if (this.#isStopped) return 0;
    return Math.max(0, CAPACITY - ECHO_RESERVE - (this.#end - this.#start) - MAX_EXPANSION);
  }

  /** A program's write. Errors: EAGAIN when there is no room: wait on `writable`. */
  write(source: Uint8Array): number {
    let taken = 0;
    while (taken < source.length) {
      if (this.freeBytes === 0) this.drain();
      if (this.freeBytes === 0) break;
      const plain = this.#plainRun(source.subarray(taken, taken + this.freeBytes));
      if (plain > 0) this.#append(source.subarray(taken, taken + plain));
      else this.#process(source[taken] ?? 0);
      taken += Math.max(1, plain);
    }
    this.drain();
    if (taken === 0 && source.length > 0) throw ERRNO.EAGAIN;
    return taken;
  }

  /** Echoes a byte as a program would have written it. */
  echo(byte: number): void {
    this.#echo(() => this.#process(byte));
  }

  /** Echoes bytes as they are; the cursor moves by so many columns. */
  echoRaw(bytes: readonly number[]): void {
    this.#echo(() => {
      for (const byte of bytes) this.#put(byte);
      this.#column += bytes.length;
    });
  }

  /** The next echo is the first of a line that is being typed. */
  beginLine(): void {
    this.#echo(() => {
      this.#lineColumn = this.#column;
    });
  }

  /**
   * Goes back over a tab. How far follows from the columns between it and the tab before it, or the
   * beginning of the line.
   */
  eraseTab(columns: number, isFirst: boolean): void {
    this.#echo(() => {
      const from = columns + (isFirst ? this.#lineColumn : 0);
      const width = TAB_WIDTH - (from % TAB_WIDTH);
      for (let count = 0; count < width; count++) this.#put(BACKSPACE);
      this.#column = Math.max(0, this.#column - width);
    });
  }

  /** Passes on what the sink takes. */
  drain(): void {
    while (this.#start < this.#end && !this.#isStopped) {
      try {
        this.#start += this.#sink.write(this.#queue.subarray(this.#start, this.#end));
      } catch (thrown) {
        if (!(thrown instanceof Errno)) throw thrown;
        if (thrown === ERRNO.EAGAIN) {
          this.#waitForSink();
          return;
        }
        // Nobody shows it: it goes where the output of a terminal without a reader goes.
        this.#start = this.#end;
      }
    }
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Resolves when all has gone out, or is held back by ^S. */
  async drained(): Promise<void> {
    while (this.#start < this.#end && !this.#isStopped) {
      await new Promise<void>((resolve) => void this.#sink.writable.add(resolve));
      this.drain();
    }
  }

  /** Drops what has not gone out. */
  flush(): void {
    this.#start = this.#end = 0;
    this.#pendingEchoes = [];
    this.writable.wakeAll();
  }

  #waitForSink(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#sink.writable.add(() => {
      this.#isWaiting = false;
      this.drain();
      if (this.freeBytes > 0) this.writable.wakeAll();
    });
  }

  /**
   * How many bytes at the beginning go out as they are, and can be copied at once: most of what is
   * ever written. Moves the cursor behind them.
   */
  #plainRun(bytes: Uint8Array): number {
    if ((this.flags & OUTPUT_FLAGS.OPOST) === 0) return bytes.length;
    const { isUtf8 } = this;
    let count = 0;
    let columns = 0;
    for (; count < bytes.length; count++) {
      const byte = bytes[count] ?? 0;
      if (isControl(byte)) break;
      if (!isUtf8 || !isContinuation(byte)) columns += 1;
    }
    this.#column += columns;
    return count;
  }

  #process(byte: number): void {
    if ((this.flags & OUTPUT_FLAGS.OPOST) === 0) {
      this.#put(byte);
      return;
    }
    switch (byte) {
      case NEWLINE:
        this.#newline();
        return;
      case RETURN:
        this.#return();
        return;
      case TAB:
        this.#tab();
        return;
      case BACKSPACE:
        this.#column = Math.max(0, this.#column - 1);
        break;
      default:
        if (!isControl(byte) && !(this.isUtf8 && isContinuation(byte))) this.#column += 1;
    }
    this.#put(byte);
  }

  #newline(): void {
    if (this.flags & OUTPUT_FLAGS.ONLRET) this.#column = 0;
    if (this.flags & OUTPUT_FLAGS.ONLCR) {
      this.#put(RETURN);
      this.#column = 0;
    }
    this.#lineColumn = this.#column;
    this.#put(NEWLINE);
  }

  #return(): void {
    if (this.flags & OUTPUT_FLAGS.ONOCR && this.#column === 0) return;
    if (this.flags & OUTPUT_FLAGS.OCRNL) {
      if (this.flags & OUTPUT_FLAGS.ONLRET) this.#column = this.#lineColumn = 0;
      this.#put(NEWLINE);
      return;
    }
    this.#column = this.#lineColumn = 0;
    this.#put(RETURN);
  }

  #tab(): void {
    const spaces = TAB_WIDTH - (this.#column % TAB_WIDTH);
    this.#column += spaces;
    if ((this.flags & OUTPUT_FLAGS.XTABS) !== OUTPUT_FLAGS.XTABS) {
      this.#put(TAB);
      return;
    }
    for (let count = 0; count < spaces; count++) this.#put(SPACE);
  }

  /** A piece of echo, of at most `MAX_EXPANSION` bytes. */
  #echo(act: () => void): void {
    if (this.#isStopped) {
      if (this.#pendingEchoes.length < MAX_PENDING_ECHOES) this.#pendingEchoes.push(act);
      return;
    }
    if (!this.#hasEchoRoom) this.drain();
    if (this.#hasEchoRoom) act();
  }

  get #hasEchoRoom(): boolean {
    return this.#end - this.#start + MAX_EXPANSION <= CAPACITY;
  }

  #put(byte: number): void {
    if (this.#end === CAPACITY) this.#compact();
    this.#queue[this.#end] = byte;
    this.#end += 1;
  }

  #append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > CAPACITY) this.#compact();
    this.#queue.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #compact(): void {
    this.#queue.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }
}
