import { CONTROLS, DEFAULT_ATTRIBUTES, INPUT_FLAGS, LOCAL_FLAGS } from './terminal-attributes.ts';
import type { TerminalInput } from './terminal-input.ts';
import { isContinuation, isControl, type TerminalOutput } from './terminal-output.ts';

const BACKSPACE = 0x08;
const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const CARET = 0x5e;
/** ^X shows what is this far from X. */
const CONTROL_OFFSET = 0x40;
/** Linux shows it as it is even where it processes output: in its queue of echo it is special. */
const ALL_ONES = 0xff;

/**
 * The line that is being typed as the person sees it: shows what is typed, and undoes on the screen
 * what is erased from the line.
 */
export class TerminalEcho {
  attributes = DEFAULT_ATTRIBUTES;
  readonly #input: TerminalInput;
  readonly #output: TerminalOutput;

  constructor(input: TerminalInput, output: TerminalOutput) {
    this.#input = input;
    this.#output = output;
  }

  /** A byte that will be part of the line. */
  typed(byte: number): void {
    if (!this.#has(LOCAL_FLAGS.ECHO)) return;
    if (this.#input.isLineEmpty) this.#output.beginLine();
    this.#show(byte);
  }

  /** A byte that does something, and is shown. */
  shown(byte: number): void {
    if (this.#has(LOCAL_FLAGS.ECHO)) this.#show(byte);
  }

  newline(): void {
    const isCanonical = this.#has(LOCAL_FLAGS.ICANON);
    const isShown = this.#has(LOCAL_FLAGS.ECHO) || (isCanonical && this.#has(LOCAL_FLAGS.ECHONL));
    if (isShown) this.#output.echo(NEWLINE);
  }

  /** ^V: a caret, which what comes next is written over. */
  literal(): void {
    if (!this.#has(LOCAL_FLAGS.ECHO) || !this.#has(LOCAL_FLAGS.ECHOCTL)) return;
    this.#output.echo(CARET);
    this.#output.echo(BACKSPACE);
  }

  /** ^R: the line anew. */
  reprint(byte: number): void {
    this.#show(byte);
    this.#output.echo(NEWLINE);
    for (const typed of this.#input.editedLine()) this.#show(typed);
  }

  /** Erases the last character, which may have several bytes. */
  erase(): void {
    if (!this.#has(LOCAL_FLAGS.ECHO) || this.#has(LOCAL_FLAGS.ECHOE)) {
      this.#eraseWhile((_, count) => count === 0);
      return;
    }
    const size = this.#lastCharacterSize(this.#input.editedLine());
    if (size === 0) return;
    this.#input.dropLast(size);
    this.#show(this.attributes.controls[CONTROLS.erase] ?? 0);
  }

  /** ^W: erases to the beginning of the last word. */
  eraseWord(): void {
    let hasSeenWord = false;
    this.#eraseWhile((byte) => {
      const isOfWord = isWordByte(byte);
      if (hasSeenWord && !isOfWord) return false;
      hasSeenWord ||= isOfWord;
      return true;
    });
  }

  /** ^U: erases the line. */
  kill(): void {
    const size = this.#input.editedLine().length;
    if (size === 0) return;
    const rubsOut = [LOCAL_FLAGS.ECHOE, LOCAL_FLAGS.ECHOK, LOCAL_FLAGS.ECHOKE].every((flag) =>
      this.#has(flag),
    );
    if (this.#has(LOCAL_FLAGS.ECHO) && rubsOut) {
      this.#eraseWhile(() => true);
      return;
    }
    this.#input.dropLast(size);
    if (!this.#has(LOCAL_FLAGS.ECHO)) return;
    this.#show(this.attributes.controls[CONTROLS.kill] ?? 0);
    if (this.#has(LOCAL_FLAGS.ECHOK)) this.#output.echo(NEWLINE);
  }

  /**
   * Erases characters from the end as long as the answer to a character's first byte, and to how
   * many were erased before it, is yes.
   */
  #eraseWhile(isErased: (byte: number, count: number) => boolean): void {
    let line = this.#input.editedLine();
    for (let count = 0; ; count++) {
      const size = this.#lastCharacterSize(line);
      const rest = line.subarray(0, line.length - size);
      if (size === 0 || !isErased(line[rest.length] ?? 0, count)) return;
      this.#input.dropLast(size);
      if (this.#has(LOCAL_FLAGS.ECHO)) this.#rubOut(rest, line);
      line = rest;
    }
  }

  #has(flag: number): boolean {
    return (this.attributes.localFlags & flag) !== 0;
  }

  get #isUtf8(): boolean {
    return (this.attributes.inputFlags & INPUT_FLAGS.IUTF8) !== 0;
  }

  #isContinuation(byte: number): boolean {
    return this.#isUtf8 && isContinuation(byte);
  }

  #show(byte: number): void {
    if (this.#has(LOCAL_FLAGS.ECHOCTL) && isControl(byte) && byte !== TAB) {
      this.#output.echoRaw([CARET, byte ^ CONTROL_OFFSET]);
    } else if (byte === ALL_ONES) this.#output.echoRaw([byte]);
    else this.#output.echo(byte);
  }

  /** Bytes of the character at the end; 0 when there is none that is whole. */
  #lastCharacterSize(line: Uint8Array): number {
    for (let size = 1; size <= line.length; size++) {
      if (!this.#isContinuation(line[line.length - size] ?? 0)) return size;
    }
    return 0;
  }

  /** Takes a line's last character off the screen; `rest` is what is left of the line. */
  #rubOut(rest: Uint8Array, line: Uint8Array): void {
    const byte = line[rest.length] ?? 0;
    if (byte === TAB) {
      this.#rubOutTab(rest);
      return;
    }
    const isCaret = isControl(byte) && this.#has(LOCAL_FLAGS.ECHOCTL);
    const width = isControl(byte) ? (isCaret ? 2 : 0) : 1;
    for (let count = 0; count < width; count++) {
      for (const part of [BACKSPACE, SPACE, BACKSPACE]) this.#output.echo(part);
    }
  }

  #rubOutTab(rest: Uint8Array): void {
    const before = rest.lastIndexOf(TAB);
    let columns = 0;
    for (const byte of rest.subarray(before + 1)) {
      if (isControl(byte)) columns += this.#has(LOCAL_FLAGS.ECHOCTL) ? 2 : 0;
      else if (!this.#isContinuation(byte)) columns += 1;
    }
    this.#output.eraseTab(columns, before < 0);
  }
}

/** Letters and digits as Linux's kernel has them (Latin-1), and the underscore. */
function isWordByte(byte: number): boolean {
  const character = String.fromCharCode(byte);
  if (/[0-9A-Za-z_]/.test(character)) return true;
  return byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
}
