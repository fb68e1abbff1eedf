/**
 * What a terminal does, step by step, as Linux's pseudo-terminals do it: recorded by
 * test/conformance/pty-recorder.py; terminal.test.ts beside it compares them again. Bytes are the
 * characters U+0000 to U+00FF.
 */
export interface TerminalChange {
  readonly on?: readonly string[];
  readonly off?: readonly string[];
  readonly controls?: Readonly<Record<string, number>>;
}

/**
 * What is done (`type`, on the master side; the rest on the slave side), and then: what is shown
 * because of it, what it answers (null: EAGAIN), and the signals to the foreground.
 */
export type TerminalStep =
  | readonly ['type', string, string, ...string[]]
  | readonly ['write', string, string]
  | readonly ['read', number, string | null]
  | readonly ['set', TerminalChange]
  | readonly ['flush', number]
  | readonly ['resize', readonly [rows: number, columns: number], ...string[]];

export const TERMINAL_CASES: Readonly<Record<string, readonly TerminalStep[]>> = {
  'a line is read when it is done': [
    ['type', 'abc', 'abc'],
    ['read', 100, null],
    ['type', ' def\r', ' def\r\n'],
    ['read', 100, 'abc def\n'],
    ['read', 100, null],
  ],
  'one line a read, in parts': [
    ['type', 'one\ntwo\nthree', 'one\r\ntwo\r\nthree'],
    ['read', 2, 'on'],
    ['read', 100, 'e\n'],
    ['read', 100, 'two\n'],
    ['read', 100, null],
  ],
  erase: [
    ['type', 'abc\x7f\x7fd\x7f\x7f\x7f\x7fx\r', 'abc\b \b\b \bd\b \b\b \bx\r\n'],
    ['read', 100, 'x\n'],
  ],
  'erase of control characters': [
    ['type', 'a\x01\x1b\x7f\x7f\x7f\r', 'a^A^[\b \b\b \b\b \b\b \b\b \b\r\n'],
    ['read', 100, '\n'],
  ],
  'erase of tabs': [
    ['write', 'ab> ', 'ab> '],
    ['type', 'x\ty\t\t\x01\t', 'x\ty\t\t^A\t'],
    ['type', '\x7f', '\b\b\b\b\b\b'],
    ['type', '\x7f', '\b \b\b \b'],
    ['type', '\x7f', '\b\b\b\b\b\b\b\b'],
    ['type', '\x7f', '\b\b\b\b\b\b\b'],
    ['type', '\x7f', '\b \b'],
    ['type', '\x7f', '\b\b\b'],
    ['type', '\x7f', '\b \b'],
    ['type', '\x7f', ''],
  ],
  'erase of a tab behind wide prompts': [
    ['write', 'one\x08\x08\x01\ttwo', 'one\b\b\x01\ttwo'],
    ['type', 'caf\xc3\xa9\t', 'caf\xc3\xa9\t'],
    ['type', '\x7f', '\b\b\b\b\b\b\b\b'],
    ['set', { on: ['IUTF8'] }],
    ['type', '\t', '\t'],
    ['type', '\x7f', '\b'],
  ],
  'erase of UTF-8': [
    ['set', { on: ['IUTF8'] }],
    ['type', 'a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80', 'a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'],
    ['type', '\x7f', '\b \b'],
    ['type', '\x7f', '\b \b'],
    ['type', '\x7f\r', '\b \b\r\n'],
    ['read', 100, 'a\n'],
    ['type', '\xa9\xa9\x7f\r', '\xa9\xa9\r\n'],
    ['read', 100, '\xa9\xa9\n'],
  ],
  'erase of bytes': [
    ['type', 'a\xc3\xa9\x7f\r', 'a\xc3\xa9\b \b\r\n'],
    ['read', 100, 'a\xc3\n'],
  ],
  kill: [
    [
      'type',
      'some words\t\x01\x15again\r',
      'some words\t^A\b \b\b \b\b\b\b\b\b\b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \bagain\r\n',
    ],
    ['read', 100, 'again\n'],
    ['type', '\x15\r', '\r\n'],
  ],
  'kill without ECHOKE': [
    ['set', { off: ['ECHOKE'] }],
    ['type', 'some words\x15again\r', 'some words^U\r\nagain\r\n'],
    ['read', 100, 'again\n'],
    ['set', { off: ['ECHOK'] }],
    ['type', 'some words\x15again\r', 'some words^Uagain\r\n'],
  ],
  'word erase': [
    ['type', 'one two_3-four  ', 'one two_3-four  '],
    ['type', '\x17', '\b \b\b \b\b \b\b \b\b \b\b \b'],
    ['type', '\x17', '\b \b\b \b\b \b\b \b\b \b\b \b'],
    ['type', '\x17', '\b \b\b \b\b \b\b \b'],
    ['type', '\x17', ''],
    ['type', 'caf\xe9 x\x17\x17', 'caf\xe9 x\b \b\b \b\b \b\b \b\b \b\b \b'],
    ['type', '\r', '\r\n'],
    ['read', 100, '\n'],
  ],
  'without ECHOE': [
    ['set', { off: ['ECHOE'] }],
    ['type', 'abc\x7f\x17\x15\r', 'abc^?\b \b\b \b\r\n'],
    ['read', 100, '\n'],
  ],
  'without ECHO': [
    ['set', { off: ['ECHO'] }],
    ['type', 'secret\x7f\x7f\x03', '', 'SIGINT'],
    ['type', 'word one\x17\x15two\x12\x16\x03\n', ''],
    ['read', 100, 'two\x12\x03\n'],
    ['set', { on: ['ECHONL'] }],
    ['type', 'abc\n', '\r\n'],
  ],
  'without ECHOCTL': [
    ['set', { off: ['ECHOCTL'] }],
    ['type', 'a\x01b\x7f\x7f\x7f\x16\x02\r', 'a\x01b\b \b\b \b\x02\r\n'],
    ['read', 100, '\x02\n'],
    ['type', '\x03', '\x03', 'SIGINT'],
  ],
  reprint: [
    ['type', 'abc\x01\td\x12', 'abc^A\td^R\r\nabc^A\td'],
    ['type', '\x7fe\r', '\b \be\r\n'],
    ['read', 100, 'abc\x01\te\n'],
  ],
  'literal next': [
    ['type', 'a\x16\x03\x16\x7f\x16\x16\x16\r\x16\n\x16\x04', 'a^\b^C^\b^?^\b^V^\b^M^\b^J^\b^D'],
    ['type', '\x7f\x7f', '\b \b\b \b\b \b\b \b'],
    ['type', '\r', '\r\n'],
    ['read', 100, 'a\x03\x7f\x16\r\n'],
  ],
  'end of file': [
    ['type', '\x04', ''],
    ['read', 100, ''],
    ['read', 100, null],
    ['type', 'abc\x04', 'abc'],
    ['read', 100, 'abc'],
    ['read', 100, null],
    ['type', 'abcd\x04', 'abcd'],
    ['read', 4, 'abcd'],
    ['read', 4, null],
    ['type', 'abcd\x04\x04', 'abcd'],
    ['read', 2, 'ab'],
    ['read', 2, 'cd'],
    ['read', 4, ''],
    ['read', 4, null],
  ],
  'other ends of lines': [
    ['set', { controls: { endOfLine: 0x3b, secondEndOfLine: 0x2e } }],
    ['type', 'a;b.c\n', 'a;b.c\r\n'],
    ['read', 100, 'a;'],
    ['read', 100, 'b.'],
    ['read', 100, 'c\n'],
    ['set', { off: ['IEXTEN'] }],
    ['type', 'a.b;', 'a.b;'],
    ['read', 100, 'a.b;'],
  ],
  'without IEXTEN': [
    ['set', { off: ['IEXTEN'] }],
    ['type', 'a\x17\x16\x12\x7f\r', 'a^W^V^R\b \b\b \b\r\n'],
    ['read', 100, 'a\x17\x16\n'],
  ],
  'returns and newlines': [
    ['set', { off: ['ICRNL'] }],
    ['type', 'a\rb\n', 'a^Mb\r\n'],
    ['read', 100, 'a\rb\n'],
    ['set', { on: ['INLCR', 'ICRNL'] }],
    ['type', 'a\nb\r', 'a^Mb\r\n'],
    ['read', 100, 'a\rb\n'],
    ['set', { on: ['IGNCR'] }],
    ['type', 'a\r\nb', 'a^Mb'],
    ['read', 100, null],
  ],
  'seven bits': [
    ['set', { on: ['ISTRIP'] }],
    ['type', '\xe1\xe2\x8d', 'ab\r\n'],
    ['read', 100, 'ab\n'],
  ],
  'signals flush': [
    ['type', 'abc\n', 'abc\r\n'],
    ['type', 'def\x03ghi', '^Cghi', 'SIGINT'],
    ['type', '\x1c', '^\\', 'SIGQUIT'],
    ['type', '\x1a', '^Z', 'SIGTSTP'],
    ['type', 'x\n', 'x\r\n'],
    ['read', 100, 'x\n'],
    ['read', 100, null],
  ],
  'signals without flush': [
    ['set', { on: ['NOFLSH'] }],
    ['type', 'abc\n', 'abc\r\n'],
    ['type', 'def\x03ghi\n', 'def^Cghi\r\n', 'SIGINT'],
    ['read', 100, 'abc\n'],
    ['read', 100, 'defghi\n'],
  ],
  'without ISIG': [
    ['set', { off: ['ISIG'] }],
    ['type', 'a\x03\x1c\x1a\n', 'a^C^\\^Z\r\n'],
    ['read', 100, 'a\x03\x1c\x1a\n'],
  ],
  'another interrupt character': [
    ['set', { controls: { interrupt: 0x78 } }],
    ['type', 'a\x03x', 'x', 'SIGINT'],
    ['set', { controls: { interrupt: 0 } }],
    ['type', 'b\x00x\n', 'b^@x\r\n'],
    ['read', 100, 'b\x00x\n'],
  ],
  raw: [
    ['set', { off: ['ICANON', 'ECHO', 'ISIG', 'IEXTEN', 'ICRNL', 'IXON', 'OPOST'] }],
    ['type', 'a\r\n\x03\x04\x7f\x11\x16\xff\x00', ''],
    ['read', 3, 'a\r\n'],
    ['read', 100, '\x03\x04\x7f\x11\x16\xff\x00'],
    ['read', 100, null],
    ['write', 'a\n\tb\r', 'a\n\tb\r'],
  ],
  'raw with echo': [
    ['set', { off: ['ICANON'] }],
    ['type', 'a\x01\x7f\x15\x04', 'a^A^?^U^D'],
    ['type', '\r', '\r\n'],
    ['type', '\n', '^J'],
    ['read', 100, 'a\x01\x7f\x15\x04\n\n'],
    ['set', { on: ['ECHONL'], off: ['ECHO'] }],
    ['type', '\r\n', ''],
  ],
  'raw without a minimum': [
    ['set', { off: ['ICANON', 'ECHO'], controls: { minimum: 0 } }],
    ['read', 100, ''],
    ['type', 'abc', ''],
    ['read', 2, 'ab'],
    ['read', 100, 'c'],
    ['read', 100, ''],
  ],
  'from a line to raw mode': [
    ['type', 'done\nhalf', 'done\r\nhalf'],
    ['set', { off: ['ICANON'] }],
    ['read', 100, 'done\nhalf'],
  ],
  'from a line that ^D ended to raw mode': [
    ['type', 'done\x04half', 'donehalf'],
    ['set', { off: ['ICANON'] }],
    ['read', 100, 'done\x00half'],
  ],
  'from raw mode to lines': [
    ['set', { off: ['ICANON'] }],
    ['type', 'some\nthing', 'some^Jthing'],
    ['set', { on: ['ICANON'] }],
    ['read', 3, 'som'],
    ['read', 100, 'e\nthing'],
    ['type', 'more\x7f\x7f\x7f\x7f\x7f\n', 'more\b \b\b \b\b \b\b \b\r\n'],
    ['read', 100, '\n'],
  ],
  output: [
    ['write', 'a\nb\r\nc\td\x08e\x01\x7f\xff', 'a\r\nb\r\r\nc\td\be\x01\x7f\xff'],
    ['set', { on: ['OCRNL'] }],
    ['write', 'a\rb\n', 'a\nb\r\n'],
    ['set', { on: ['ONOCR'], off: ['OCRNL'] }],
    ['write', '\ra\r\rb', 'a\rb'],
    ['set', { off: ['ONLCR'] }],
    ['write', '\n\r\n\r', '\n\r\n'],
    ['set', { on: ['ONLRET'] }],
    ['write', 'ab\n\r\n\r', 'ab\n\n'],
  ],
  'tabs in spaces': [
    ['set', { on: ['XTABS'] }],
    ['write', 'a\tb\t', 'a       b       '],
    ['write', '\n12345678\t\r\t1\x08\x08\t', '\r\n12345678        \r        1\b\b '],
    ['write', '\n\xc3\xa9\t', '\r\n\xc3\xa9      '],
    ['set', { on: ['IUTF8'] }],
    ['write', '\n\xc3\xa9\t', '\r\n\xc3\xa9       '],
    ['type', '\x01\t', '^A      '],
    ['type', '\x7f\x7f', '\b\b\b\b\b\b\b \b\b \b'],
  ],
  'stop and go': [
    ['type', 'a\x13bc', ''],
    ['write', 'x', ''],
    ['type', '\x11', 'abc'],
    ['write', 'x', 'x'],
    ['type', '\x13', ''],
    ['type', '\x03', '^C', 'SIGINT'],
    ['set', { on: ['IXANY'] }],
    ['type', '\x13d', 'd'],
    ['type', '\x13', ''],
    ['set', { off: ['IXON'] }],
    ['type', 'e\x13\x11\n', 'e^S^Q\r\n'],
    ['read', 100, 'de\x13\x11\n'],
  ],
  flush: [
    ['type', 'done\nhalf', 'done\r\nhalf'],
    ['flush', 0],
    ['type', 'more\n', 'more\r\n'],
    ['read', 100, 'more\n'],
    ['read', 100, null],
  ],
  'a line that is too long': [
    ['set', { off: ['ECHO'] }],
    ['type', `${'0123456789abcdef'.repeat(256)}tail`, ''],
    ['read', 5000, null],
    ['type', '\n', ''],
    ['read', 5000, `${'0123456789abcdef'.repeat(255)}0123456789abcde\n`],
  ],
  'the size of the window': [
    ['resize', [24, 80], 'SIGWINCH'],
    ['resize', [24, 80]],
    ['resize', [25, 80], 'SIGWINCH'],
  ],
};
