import type { Clock } from '../base/clock.ts';
import { ERRNO, Errno } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import type { ByteSink, ByteSource } from './byte-channel.ts';
import {
  CONTROLS,
  DEFAULT_ATTRIBUTES,
  DISABLED,
  INPUT_FLAGS,
  LOCAL_FLAGS,
  settledAttributes,
  type TerminalAttributes,
} from './terminal-attributes.ts';
import { TerminalEcho } from './terminal-echo.ts';
import { TerminalInput } from './terminal-input.ts';
import { TerminalOutput } from './terminal-output.ts';
import { type ProcessGroups, TerminalSession } from './terminal-session.ts';
import { WaitQueue } from './wait-queue.ts';

/** As Linux's struct winsize: characters, and pixels, which are 0 when nobody knows. */
export interface TerminalWindow {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

export interface TerminalOptions {
  /** What is typed. */
  readonly input: ByteSource;
  /** What is shown. */
  readonly output: ByteSink;
  readonly groups: ProcessGroups;
  readonly clock: Clock;
  readonly window: TerminalWindow;
}

/** tcflush(3)'s queue. */
export const FLUSH = { input: 0, output: 1, both: 2 } as const;

/** Typed bytes are taken in pieces of so many. */
const PIECE_SIZE = 512;
/** VTIME is in tenths of a second. */
const TENTH_NS = 100_000_000n;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * A terminal: the line discipline between a person who types and reads, and programs.
 *
 * # Theory of operation
 * Its slave side is what programs have as fds: `read` gives what was typed once it is theirs (a
 * line in canonical mode), `write` shows something. Its master side is a source of typed bytes,
 * which it takes as it has room for them, and a sink for what is to be seen: what programs write
 * and the echo of what is typed. Nothing is lost when the sink is full but echo: programs wait, and
 * so do those who type.
 *
 * It does what Linux's n_tty does (drivers/tty/n_tty.c), byte for byte where that can be seen: the
 * table of test/fake/terminal-cases.ts was recorded there.
 */
export class Terminal implements ByteSource, ByteSink {
  readonly readable = new WaitQueue();
  readonly session: TerminalSession;
  readonly #source: ByteSource;
  readonly #clock: Clock;
  readonly #input = new TerminalInput(true);
  readonly #output: TerminalOutput;
  readonly #echo: TerminalEcho;
  #attributes = DEFAULT_ATTRIBUTES;
  #window: TerminalWindow;
  /** The next byte is meant literally (^V). */
  #isLiteral = false;
  #isHungUp = false;
  #isSourceAwaited = false;
  #lastInputNs = 0n;

  constructor({ input, output, groups, clock, window }: TerminalOptions) {
    this.session = new TerminalSession(groups);
    this.#source = input;
    this.#clock = clock;
    this.#window = window;
    const { inputFlags, outputFlags } = this.#attributes;
    this.#output = new TerminalOutput(output, outputFlags, (inputFlags & INPUT_FLAGS.IUTF8) !== 0);
    this.#echo = new TerminalEcho(this.#input, this.#output);
    this.#pull();
  }

  get attributes(): TerminalAttributes {
    return this.#attributes;
  }

  /** tcsetattr(3). With `flushesInput` (TCSAFLUSH) what was typed and not read is dropped. */
  setAttributes(asked: TerminalAttributes, flushesInput = false): void {
    if (flushesInput) this.flush(FLUSH.input);
    const before = this.#attributes;
    const settled = settledAttributes(asked);
    this.#attributes = settled;
    const isCanonical = this.#has(LOCAL_FLAGS.ICANON);
    if (isCanonical !== ((before.localFlags & LOCAL_FLAGS.ICANON) !== 0)) {
      this.#input.setCanonical(isCanonical);
      this.#isLiteral = false;
    }
    this.#output.flags = settled.outputFlags;
    this.#output.isUtf8 = (settled.inputFlags & INPUT_FLAGS.IUTF8) !== 0;
    this.#echo.attributes = settled;
    // Nobody could start it any more.
    if (!this.#takes(INPUT_FLAGS.IXON)) this.#output.start();
    this.#pull();
    this.readable.wakeAll();
  }

  get window(): TerminalWindow {
    return this.#window;
  }

  /** Tells those in the foreground when the size is another one. */
  resize(window: TerminalWindow): void {
    const { rows, columns, width, height } = this.#window;
    const isSame =
      rows === window.rows &&
      columns === window.columns &&
      width === window.width &&
      height === window.height;
    if (isSame) return;
    this.#window = window;
    this.session.signalForeground(SIGNALS.SIGWINCH);
  }

  /** tcflush(3): drops what was not read, or not shown. */
  flush(queue: number): void {
    if (queue !== FLUSH.output) {
      this.#input.clear();
      this.#dropSource();
    }
    if (queue !== FLUSH.input) this.#output.flush();
  }

  /** Resolves when all that was written is where it is shown, or is held back by ^S. */
  drained(): Promise<void> {
    return this.#output.drained();
  }

  /** The other side is gone: from now on reads answer the end, and writes EIO. */
  hangUp(): void {
    if (this.#isHungUp) return;
    this.#isHungUp = true;
    this.session.hangUp();
    this.#input.clear();
    this.#output.flush();
    this.readable.wakeAll();
  }

  get availableBytes(): number {
    return this.#input.availableBytes;
  }

  /** Whether a read would answer 0: after a hangup, and where ^D was typed on an empty line. */
  get hasEnded(): boolean {
    return this.#isHungUp || (this.#input.isReadable && this.#input.availableBytes === 0);
  }

  /**
   * Whether TOSTOP is set: a write from the background is asked for then as a read always is.
   */
  get stopsBackgroundWrites(): boolean {
    return this.#has(LOCAL_FLAGS.TOSTOP);
  }

  /**
   * As a read that waits: EAGAIN until there is a line or, in raw mode, VMIN bytes. One that has
   * waited until `readDeadlineNs` is answered by `readNow`.
   */
  read(target: Uint8Array): number {
    if (this.#isHungUp) return 0;
    if (!this.#isAnswered(target.length)) throw ERRNO.EAGAIN;
    return this.readNow(target);
  }

  /** What there is; 0 when there is nothing. */
  readNow(target: Uint8Array): number {
    if (this.#isHungUp) return 0;
    const count = this.#input.read(target);
    this.#pull();
    return count;
  }

  /**
   * Until when a read that began at `startNs` waits, by VTIME: without VMIN since its beginning,
   * with it since the last byte that came. Undefined: as long as it takes.
   */
  readDeadlineNs(startNs: bigint): bigint | undefined {
    if (!this.#isRaw || this.#time === 0) return undefined;
    const span = BigInt(this.#time) * TENTH_NS;
    if (this.#minimum === 0) return startNs + span;
    if (this.#input.availableBytes === 0) return undefined;
    return (this.#lastInputNs > startNs ? this.#lastInputNs : startNs) + span;
  }

  get writable(): WaitQueue {
    return this.#output.writable;
  }

  get freeBytes(): number {
    return this.#isHungUp ? 0 : this.#output.freeBytes;
  }

  /** Errors: EAGAIN when there is no room, or ^S was typed; EIO after a hangup. */
  write(source: Uint8Array): number {
    if (this.#isHungUp) throw ERRNO.EIO;
    return this.#output.write(source);
  }

  #isAnswered(size: number): boolean {
    if (!this.#isRaw) return this.#input.isReadable;
    const { availableBytes } = this.#input;
    if (this.#minimum > 0) return availableBytes >= Math.min(this.#minimum, size);
    return availableBytes > 0 || this.#time === 0;
  }

  get #isRaw(): boolean {
    return !this.#has(LOCAL_FLAGS.ICANON);
  }

  get #minimum(): number {
    return this.#control('minimum');
  }

  get #time(): number {
    return this.#control('time');
  }

  #has(flag: number): boolean {
    return (this.#attributes.localFlags & flag) !== 0;
  }

  #takes(flag: number): boolean {
    return (this.#attributes.inputFlags & flag) !== 0;
  }

  #control(name: keyof typeof CONTROLS): number {
    return this.#attributes.controls[CONTROLS[name]] ?? DISABLED;
  }

  #is(byte: number, name: keyof typeof CONTROLS): boolean {
    return byte !== DISABLED && byte === this.#control(name);
  }

  /** Takes what was typed as far as there is room, and waits for more. */
  #pull(): void {
    const piece = new Uint8Array(PIECE_SIZE);
    while (!this.#isHungUp) {
      const room = this.#input.isLineFull ? 1 : Math.max(0, this.#input.room);
      if (room === 0) return;
      let count: number;
      try {
        count = this.#source.read(piece.subarray(0, room));
      } catch (thrown) {
        if (!(thrown instanceof Errno)) throw thrown;
        this.#awaitSource();
        return;
      }
      // Nobody types any more; the programs go on.
      if (count === 0) return;
      this.#lastInputNs = this.#clock.monotonicNs();
      for (const byte of piece.subarray(0, count)) this.#receive(byte);
      this.#output.drain();
      if (this.#isRaw) this.readable.wakeAll();
    }
  }

  #awaitSource(): void {
    if (this.#isSourceAwaited) return;
    this.#isSourceAwaited = true;
    this.#source.readable.add(() => {
      this.#isSourceAwaited = false;
      this.#pull();
    });
  }

  #dropSource(): void {
    const piece = new Uint8Array(PIECE_SIZE);
    while (this.#source.availableBytes > 0) this.#source.read(piece);
  }

  #receive(typed: number): void {
    const byte = this.#takes(INPUT_FLAGS.ISTRIP) ? typed & 0x7f : typed;
    if (this.#isLiteral) {
      this.#isLiteral = false;
      this.#receivePlain(byte);
      return;
    }
    if (this.#controlFlow(byte) || this.#signal(byte)) return;
    if (byte === RETURN && this.#takes(INPUT_FLAGS.IGNCR)) {
      this.#restart();
      return;
    }
    const mapped = this.#mapLineEnd(byte);
    if (!this.#isRaw && this.#edit(mapped)) return;
    this.#receivePlain(mapped, mapped === NEWLINE && byte === RETURN);
  }

  #mapLineEnd(byte: number): number {
    if (byte === RETURN && this.#takes(INPUT_FLAGS.ICRNL)) return NEWLINE;
    return byte === NEWLINE && this.#takes(INPUT_FLAGS.INLCR) ? RETURN : byte;
  }

  /** Under IXANY whatever is typed starts the output again. */
  #restart(): void {
    if (this.#takes(INPUT_FLAGS.IXON) && this.#takes(INPUT_FLAGS.IXANY)) this.#output.start();
  }

  /** A newline is shown as `^J` unless it was typed as a return. */
  #receivePlain(byte: number, isReturn = false): void {
    this.#restart();
    if (isReturn) this.#echo.newline();
    else this.#echo.typed(byte);
    this.#input.put(byte);
  }

  #controlFlow(byte: number): boolean {
    if (!this.#takes(INPUT_FLAGS.IXON)) return false;
    if (this.#is(byte, 'start')) this.#output.start();
    else if (this.#is(byte, 'stop')) this.#output.stop();
    else return false;
    return true;
  }

  #signal(byte: number): boolean {
    const signal = this.#has(LOCAL_FLAGS.ISIG) ? this.#signalOf(byte) : undefined;
    if (signal === undefined) return false;
    this.session.signalForeground(signal);
    if (!this.#has(LOCAL_FLAGS.NOFLSH)) {
      this.#input.clear();
      this.#output.flush();
    }
    if (this.#takes(INPUT_FLAGS.IXON)) this.#output.start();
    this.#echo.shown(byte);
    return true;
  }

  #signalOf(byte: number): number | undefined {
    if (this.#is(byte, 'interrupt')) return SIGNALS.SIGINT;
    if (this.#is(byte, 'quit')) return SIGNALS.SIGQUIT;
    return this.#is(byte, 'suspend') ? SIGNALS.SIGTSTP : undefined;
  }

  /** What a byte does to the line in canonical mode; false: it is part of the line. */
  #edit(byte: number): boolean {
    this.#restart();
    const isExtended = this.#has(LOCAL_FLAGS.IEXTEN);
    if (this.#is(byte, 'erase')) this.#echo.erase();
    else if (this.#is(byte, 'kill')) this.#echo.kill();
    else if (isExtended && this.#is(byte, 'wordErase')) this.#echo.eraseWord();
    else if (isExtended && this.#is(byte, 'literalNext')) {
      this.#isLiteral = true;
      this.#echo.literal();
    } else if (isExtended && this.#has(LOCAL_FLAGS.ECHO) && this.#is(byte, 'reprint')) {
      this.#echo.reprint(byte);
    } else if (byte === NEWLINE) {
      this.#echo.newline();
      this.#endLine(NEWLINE);
    } else if (this.#is(byte, 'endOfFile')) this.#endLine(DISABLED);
    else if (this.#is(byte, 'endOfLine') || (isExtended && this.#is(byte, 'secondEndOfLine'))) {
      this.#echo.typed(byte);
      this.#endLine(byte);
    } else return false;
    return true;
  }

  #endLine(byte: number): void {
    this.#input.endLine(byte);
    this.readable.wakeAll();
  }
}
