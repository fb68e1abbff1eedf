/**
 * What a program sets of a terminal by tcsetattr: Linux's `struct termios`, as programs that are
 * built against musl know it (`struct wolffia_termios` in wolffia/abi.h). termios(3) tells what each
 * flag means; those that a terminal without a line and without paper ignores (IXOFF, as on Linux's
 * pseudo-terminals) are kept all the same, so that a program reads back what it set.
 */
export interface TerminalAttributes {
  readonly inputFlags: number;
  readonly outputFlags: number;
  readonly controlFlags: number;
  readonly localFlags: number;
  readonly lineDiscipline: number;
  /** `CONTROL_COUNT` bytes, at the places of `CONTROLS`. */
  readonly controls: Uint8Array;
  readonly inputSpeed: number;
  readonly outputSpeed: number;
}

/** `c_iflag` */
export const INPUT_FLAGS = {
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IXON: 0o2000,
  IXANY: 0o4000,
  IUTF8: 0o40000,
} as const;

/** `c_oflag` */
export const OUTPUT_FLAGS = {
  OPOST: 0o1,
  ONLCR: 0o4,
  OCRNL: 0o10,
  ONOCR: 0o20,
  ONLRET: 0o40,
  XTABS: 0o14000,
} as const;

/** `c_cflag` */
const CONTROL_FLAGS = { CSIZE: 0o60, CS8: 0o60, CREAD: 0o200, PARENB: 0o400 } as const;

/** `c_lflag` */
export const LOCAL_FLAGS = {
  ISIG: 0o1,
  ICANON: 0o2,
  ECHO: 0o10,
  ECHOE: 0o20,
  ECHOK: 0o40,
  ECHONL: 0o100,
  NOFLSH: 0o200,
  TOSTOP: 0o400,
  ECHOCTL: 0o1000,
  ECHOKE: 0o4000,
  IEXTEN: 0o100000,
} as const;

/** Where in `c_cc` which character stands. */
export const CONTROLS = {
  interrupt: 0,
  quit: 1,
  erase: 2,
  kill: 3,
  endOfFile: 4,
  time: 5,
  minimum: 6,
  start: 8,
  stop: 9,
  suspend: 10,
  endOfLine: 11,
  reprint: 12,
  wordErase: 14,
  literalNext: 15,
  secondEndOfLine: 16,
} as const;

/** A control character that is this one is switched off (`_POSIX_VDISABLE`). */
export const DISABLED = 0;

const CONTROL_COUNT = 32;
/** `B38400` */
const SPEED_38400 = 0o17;

function defaultControls(): Uint8Array {
  const controls = new Uint8Array(CONTROL_COUNT);
  controls[CONTROLS.interrupt] = 0x03;
  controls[CONTROLS.quit] = 0x1c;
  controls[CONTROLS.erase] = 0x7f;
  controls[CONTROLS.kill] = 0x15;
  controls[CONTROLS.endOfFile] = 0x04;
  controls[CONTROLS.minimum] = 1;
  controls[CONTROLS.start] = 0x11;
  controls[CONTROLS.stop] = 0x13;
  controls[CONTROLS.suspend] = 0x1a;
  controls[CONTROLS.reprint] = 0x12;
  controls[13] = 0x0f; // VDISCARD, which Linux gives no meaning.
  controls[CONTROLS.wordErase] = 0x17;
  controls[CONTROLS.literalNext] = 0x16;
  return controls;
}

/** As Linux opens a pseudo-terminal, but for IUTF8: everything here is UTF-8. */
export const DEFAULT_ATTRIBUTES: TerminalAttributes = {
  inputFlags: INPUT_FLAGS.ICRNL | INPUT_FLAGS.IXON | INPUT_FLAGS.IUTF8,
  outputFlags: OUTPUT_FLAGS.OPOST | OUTPUT_FLAGS.ONLCR,
  controlFlags: CONTROL_FLAGS.CS8 | CONTROL_FLAGS.CREAD | SPEED_38400,
  localFlags:
    LOCAL_FLAGS.ISIG |
    LOCAL_FLAGS.ICANON |
    LOCAL_FLAGS.ECHO |
    LOCAL_FLAGS.ECHOE |
    LOCAL_FLAGS.ECHOK |
    LOCAL_FLAGS.ECHOCTL |
    LOCAL_FLAGS.ECHOKE |
    LOCAL_FLAGS.IEXTEN,
  lineDiscipline: 0,
  controls: defaultControls(),
  inputSpeed: SPEED_38400,
  outputSpeed: SPEED_38400,
};

/** A pseudo-terminal always has eight bits and no parity. */
export function settledAttributes(asked: TerminalAttributes): TerminalAttributes {
  const { CSIZE, PARENB, CS8, CREAD } = CONTROL_FLAGS;
  return { ...asked, controlFlags: (asked.controlFlags & ~(CSIZE | PARENB)) | CS8 | CREAD };
}

/** Bytes of `struct wolffia_termios`. */
export const TERMIOS_SIZE = 60;
const LINE_AT = 16;
const CONTROLS_AT = 17;
const SPEEDS_AT = 52;

/** Reads `TERMIOS_SIZE` bytes, little endian. */
export function decodeAttributes(bytes: Uint8Array): TerminalAttributes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TERMIOS_SIZE);
  return {
    inputFlags: view.getUint32(0, true),
    outputFlags: view.getUint32(4, true),
    controlFlags: view.getUint32(8, true),
    localFlags: view.getUint32(12, true),
    lineDiscipline: view.getUint8(LINE_AT),
    controls: bytes.slice(CONTROLS_AT, CONTROLS_AT + CONTROL_COUNT),
    inputSpeed: view.getUint32(SPEEDS_AT, true),
    outputSpeed: view.getUint32(SPEEDS_AT + 4, true),
  };
}

export function encodeAttributes(attributes: TerminalAttributes): Uint8Array {
  const bytes = new Uint8Array(TERMIOS_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, attributes.inputFlags, true);
  view.setUint32(4, attributes.outputFlags, true);
  view.setUint32(8, attributes.controlFlags, true);
  view.setUint32(12, attributes.localFlags, true);
  view.setUint8(LINE_AT, attributes.lineDiscipline);
  bytes.set(attributes.controls, CONTROLS_AT);
  view.setUint32(SPEEDS_AT, attributes.inputSpeed, true);
  view.setUint32(SPEEDS_AT + 4, attributes.outputSpeed, true);
  return bytes;
}
