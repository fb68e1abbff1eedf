import { ERRNO } from '../../base/errno.ts';
import { SIGNALS } from '../../base/signals.ts';
import type { Terminal } from '../../kernel/terminal.ts';
import {
  INPUT_FLAGS,
  LOCAL_FLAGS,
  type TerminalAttributes,
} from '../../kernel/terminal-attributes.ts';
import type { Thread } from '../../kernel/thread.ts';
import { WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { mayUseTerminal } from '../terminal-access.ts';

/** `__wasi_tty_t`: four numbers, then six flags of a byte. */
const TTY_SIZE = 24;
const FLAGS_AT = 16;
const STANDARD_FDS = [0, 1, 2];

/** The state of the caller's controlling terminal, as far as wasix knows it. */
export const TERMINAL_CALLS = {
  tty_get: hostcall(['i32'], (thread, state) => {
    const bytes = thread.memory.bytes(state, TTY_SIZE).fill(0);
    const { window, attributes } = terminalOf(thread);
    const at = state >>> 0;
    [window.columns, window.rows, window.width, window.height].forEach((side, index) => {
      thread.memory.writeU32(at + index * 4, side);
    });
    const { localFlags, inputFlags } = attributes;
    const flags = [
      ...STANDARD_FDS.map((fd) => isTerminal(thread, fd)),
      (localFlags & LOCAL_FLAGS.ECHO) !== 0,
      (localFlags & LOCAL_FLAGS.ICANON) !== 0,
      (inputFlags & INPUT_FLAGS.ICRNL) !== 0,
    ];
    bytes.set(flags.map(Number), FLAGS_AT);
    return undefined;
  }),

  tty_set: hostcall(['i32'], (thread, state) => {
    const bytes = thread.memory.bytes(state, TTY_SIZE);
    const terminal = terminalOf(thread);
    if (!mayUseTerminal(thread, terminal, SIGNALS.SIGTTOU)) return WOULD_BLOCK;
    const [echo = 0, lineBuffered = 0, lineFeeds = 0] = bytes.subarray(FLAGS_AT + 3);
    terminal.setAttributes(changed(terminal.attributes, { echo, lineBuffered, lineFeeds }));
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

function terminalOf({ process }: Thread): Terminal {
  const { terminal } = process.session;
  if (!terminal) throw ERRNO.ENOTTY;
  return terminal;
}

function isTerminal({ fds }: Thread, fd: number): boolean {
  if (!fds.has(fd)) return false;
  const { description } = fds.get(fd);
  return description.kind === 'stream' && description.isTerminal;
}

function changed(
  attributes: TerminalAttributes,
  wanted: { readonly echo: number; readonly lineBuffered: number; readonly lineFeeds: number },
): TerminalAttributes {
  const withFlag = (flags: number, flag: number, isSet: number): number =>
    isSet === 0 ? flags & ~flag : flags | flag;
  const { localFlags, inputFlags } = attributes;
  const echoing = withFlag(localFlags, LOCAL_FLAGS.ECHO, wanted.echo);
  return {
    ...attributes,
    localFlags: withFlag(echoing, LOCAL_FLAGS.ICANON, wanted.lineBuffered),
    inputFlags: withFlag(inputFlags, INPUT_FLAGS.ICRNL, wanted.lineFeeds),
  };
}
