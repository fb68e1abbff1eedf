import { ERRNO } from '../../base/errno.ts';
import { SIGNALS } from '../../base/signals.ts';
import { terminalUserOf } from '../../kernel/process-groups.ts';
import type { Terminal } from '../../kernel/terminal.ts';
import {
  decodeAttributes,
  encodeAttributes,
  TERMIOS_SIZE,
} from '../../kernel/terminal-attributes.ts';
import type { Thread } from '../../kernel/thread.ts';
import { WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { writeText } from '../strings.ts';
import { mayUseTerminal } from '../terminal-access.ts';

const WINDOW_SIZE = 8;
/** TCSANOW, TCSADRAIN, TCSAFLUSH: what was written is on its way in any case. */
const WHEN = { now: 0, drain: 1, flush: 2 } as const;
const LAST_QUEUE = 2;

/** termios(3), job control and the size of a terminal. */
export const TERMINAL_CALLS = {
  tty_get: hostcall(['i32', 'i32'], (thread, fd, termios) => {
    const bytes = encodeAttributes(terminalOf(thread, fd).attributes);
    thread.memory.bytes(termios, TERMIOS_SIZE).set(bytes);
    return undefined;
  }),

  tty_set: hostcall(['i32', 'i32', 'i32'], (thread, fd, when, termios) => {
    const terminal = terminalOf(thread, fd);
    if (when < WHEN.now || when > WHEN.flush) throw ERRNO.EINVAL;
    const attributes = decodeAttributes(thread.memory.bytes(termios, TERMIOS_SIZE));
    if (!mayUseTerminal(thread, terminal, SIGNALS.SIGTTOU)) return WOULD_BLOCK;
    terminal.setAttributes(attributes, when === WHEN.flush);
    return undefined;
  }),

  tty_window_get: hostcall(['i32', 'i32'], (thread, fd, window) => {
    const { rows, columns, width, height } = terminalOf(thread, fd).window;
    thread.memory.bytes(window, WINDOW_SIZE);
    [rows, columns, width, height].forEach((side, index) => {
      thread.memory.writeU16((window >>> 0) + index * 2, side);
    });
    return undefined;
  }),

  tty_window_set: hostcall(['i32', 'i32'], (thread, fd, window) => {
    const { memory } = thread;
    const at = window >>> 0;
    memory.bytes(at, WINDOW_SIZE);
    terminalOf(thread, fd).resize({
      rows: memory.readU16(at),
      columns: memory.readU16(at + 2),
      width: memory.readU16(at + 4),
      height: memory.readU16(at + 6),
    });
    return undefined;
  }),

  tty_group_get: hostcall(['i32', 'i32'], (thread, fd, group) => {
    const { session } = terminalOf(thread, fd);
    thread.memory.writeU32(group, session.foregroundOf(terminalUserOf(thread)));
    return undefined;
  }),

  tty_group_set: hostcall(['i32', 'i32'], (thread, fd, group) => {
    const { session } = terminalOf(thread, fd);
    if (session.setForeground(terminalUserOf(thread), group) === 'allowed') return undefined;
    thread.giveWay();
    return WOULD_BLOCK;
  }),

  tty_session_get: hostcall(['i32', 'i32'], (thread, fd, session) => {
    const id = terminalOf(thread, fd).session.sessionOf(terminalUserOf(thread));
    thread.memory.writeU32(session, id);
    return undefined;
  }),

  tty_control: hostcall(['i32'], (thread, fd) => {
    const terminal = terminalOf(thread, fd);
    const { session } = thread.process;
    const has = session.terminal !== undefined && session.terminal !== terminal;
    terminal.session.control(terminalUserOf(thread), has);
    session.terminal = terminal;
    return undefined;
  }),

  tty_flush: hostcall(['i32', 'i32'], (thread, fd, queue) => {
    const terminal = terminalOf(thread, fd);
    if (queue < 0 || queue > LAST_QUEUE) throw ERRNO.EINVAL;
    if (!mayUseTerminal(thread, terminal, SIGNALS.SIGTTOU)) return WOULD_BLOCK;
    terminal.flush(queue);
    return undefined;
  }),

  tty_name: hostcall(['i32', 'i32', 'i32', 'i32'], (thread, fd, pointer, capacity, length) => {
    terminalOf(thread, fd);
    const target = { pointer, capacity, length };
    return writeText(thread.memory, TERMINAL_NAME, target, ERRNO.ERANGE);
  }),
} satisfies Record<string, Hostcall>;

/** A process has at most one terminal: that of its container, or of its exec. */
const TERMINAL_NAME = '/dev/tty';

function terminalOf(thread: Thread, fd: number): Terminal {
  const { description } = thread.fds.get(fd);
  if (description.kind !== 'stream' || !description.terminal) throw ERRNO.ENOTTY;
  return description.terminal;
}
