import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { parseMoment } from '../../../src/wire/moment.ts';

const NOW_NS = 1_700_000_000_000_000_000n;

test('seconds, dates and spans', () => {
  const cases: readonly (readonly [string, bigint])[] = [
    ['1600000000', 1_600_000_000_000_000_000n],
    ['1600000000.5', 1_600_000_000_500_000_000n],
    ['1600000000.000000001', 1_600_000_000_000_000_001n],
    ['2026-01-02T03:04:05Z', 1_767_323_045_000_000_000n],
    ['2026-01-02T03:04:05+01:00', 1_767_319_445_000_000_000n],
    ['2026-01-02', 1_767_312_000_000_000_000n],
    ['10s', NOW_NS - 10_000_000_000n],
    ['1h30m', NOW_NS - 5_400_000_000_000n],
    ['1.5h', NOW_NS - 5_400_000_000_000n],
    ['250ms', NOW_NS - 250_000_000n],
    ['3us2ns', NOW_NS - 3_002n],
  ];
  for (const [text, expected] of cases) assert.is(parseMoment(text, NOW_NS), expected, text);
});

test('anything else is refused', () => {
  const cases = ['', 'x', '-1s', '1h 30m', '2026-13-45', '1d', '9'.repeat(200), 'h', '1.s'];
  for (const text of cases) {
    try {
      parseMoment(text, NOW_NS);
      assert.unreachable(text);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      assert.ok(thrown.message.length < 250);
    }
  }
});

test.run();
