import type { SeededRandom } from './seeded-random.ts';
import type { TerminalStep } from './terminal-cases.ts';

const KEYS = [
  ...['a', 'B', '7', '_', ' ', ' ', ';', '.', '\xc3\xa9', '\xe2\x82\xac', '\xa9', '\xff'],
  ...['\t', '\x01', '\x1b', '\x7f', '\x7f', '\x7f', '\x15', '\x17', '\x17', '\x16', '\x12'],
  ...['\x04', '\r', '\n', '\x00', '\x11'],
];
/**
 * Each alone in its step: what Linux drops of the output because of them depends on how fast that
 * was passed on.
 */
const SIGNAL_KEYS = ['\x03', '\x1c', '\x1a'];
const OUTPUT = ['x', 'word ', '\n', '\r', '\t', '\b', '\x01', '\xc3\xa9', '\r\n'];
const FLAGS = [
  ...['ISTRIP', 'INLCR', 'IGNCR', 'ICRNL', 'IXON', 'IXANY', 'IUTF8', 'IUTF8', 'OPOST', 'ONLCR'],
  ...['OCRNL', 'ONOCR', 'ONLRET', 'XTABS', 'ISIG', 'ICANON', 'ECHO', 'ECHOE', 'ECHOK', 'ECHONL'],
  ...['NOFLSH', 'ECHOCTL', 'ECHOKE', 'IEXTEN'],
];
const MAX_KEYS = 12;

function words(random: SeededRandom, list: readonly string[]): string {
  return Array.from({ length: random.between(1, MAX_KEYS) }, () => random.pick(list)).join('');
}

/** What somebody and a program may do to a terminal; nothing is said of what comes of it. */
export function randomTerminalSession(random: SeededRandom, length: number): TerminalStep[] {
  return Array.from({ length }, (): TerminalStep => {
    const kind = random.below(100);
    if (kind < 45) return ['type', words(random, KEYS), ''];
    if (kind < 50) return ['type', random.pick(SIGNAL_KEYS), ''];
    if (kind < 53) return ['type', '\x13', ''];
    if (kind < 68) return ['read', random.pick([1, 2, 5, 100]), null];
    if (kind < 80) return ['write', words(random, OUTPUT), ''];
    if (kind < 82) return ['flush', 0];
    if (kind < 85) {
      const controls = { endOfLine: random.pick([0, 0x3b]), secondEndOfLine: 0x2e };
      return ['set', { controls }];
    }
    const change = [random.pick(FLAGS), random.pick(FLAGS)];
    return ['set', random.chance(50) ? { on: change } : { off: change }];
  });
}
