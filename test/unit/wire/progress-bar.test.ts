import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { progressBar } from '../../../src/wire/progress-bar.ts';

test('a bar with numbers, as docker draws it', () => {
  const bar = (filled: number): string => `[${'='.repeat(filled)}>${' '.repeat(50 - filled)}]`;
  const cases: readonly (readonly [number | undefined, number | undefined, string])[] = [
    [0, 3_400_000, `${bar(0)}       0B/3.4MB`],
    [1_200_000, 3_400_000, `${bar(17)}    1.2MB/3.4MB`],
    [3_400_000, 3_400_000, `${bar(50)}    3.4MB/3.4MB`],
    // Who knows no sum, or a wrong one, has a number alone.
    [1_200_000, undefined, '   1.2MB'],
    [5_000_000, 3_400_000, `${bar(50)}      5MB`],
    [undefined, undefined, ''],
    [0, 0, ''],
    [-5, -7, ''],
  ];
  for (const [current, total, expected] of cases) {
    assert.is(progressBar({ current, total }, 200), expected);
  }
  assert.is(progressBar({ current: 10, total: 100 }, 110), '     10B/100B');
});

test('it is never longer than a line that has one', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 50), fc.nat(2 ** 50), fc.nat(300), (current, total, width) => {
      assert.ok(progressBar({ current, total }, width).length <= 110 - 20);
    }),
  );
});

test.run();
