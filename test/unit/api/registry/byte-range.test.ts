import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChunkRange, parseRange } from '../../../../src/api/registry/byte-range.ts';

test('what a Range header asks for', () => {
  const cases: readonly (readonly [string | undefined, ReturnType<typeof parseRange>])[] = [
    [undefined, undefined],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=5-', { first: 5, last: 9 }],
    ['bytes=5-100', { first: 5, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-30', { first: 0, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=6-5', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
  ];
  for (const [header, expected] of cases) assert.equal(parseRange(header, 10), expected, header);
  assert.is(parseRange('bytes=0-', 0), 'unsatisfiable');
});

test('a range is of what there is, whatever is asked for', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => `bytes=${from}-${to}`),
    fc.nat().map((suffix) => `bytes=-${suffix}`),
  );
  fc.assert(
    fc.property(header, fc.nat(), (text, sizeBytes) => {
      const range = parseRange(text, sizeBytes);
      if (range === undefined || range === 'unsatisfiable') return;
      assert.ok(0 <= range.first && range.first <= range.last && range.last < sizeBytes);
    }),
  );
});

test('what a chunk says that it is', () => {
  assert.equal(parseChunkRange('0-9'), { first: 0, last: 9 });
  // As some clients write it.
  assert.equal(parseChunkRange('bytes 10-19/*'), { first: 10, last: 19 });
  for (const header of ['', '9-0', '1', '-1', '1-', 'x', '0x1-0x2', '1e3-1e4']) {
    assert.is(parseChunkRange(header), undefined, header);
  }
});

test.run();
