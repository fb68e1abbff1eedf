import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../../../src/base/parse-json.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

test('the same as JSON.parse', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      assert.equal(parseJson(text), JSON.parse(text));
    }),
  );
  for (const text of ['', '{', '"', '"\\', ']', '{"a":}']) {
    assert.throws(
      () => parseJson(text),
      (error: unknown) => error instanceof SyntaxError,
    );
  }
});

test('nesting has a bound, and only nesting', () => {
  assert.ok(parseJson(nested(100)));
  assert.throws(() => parseJson(nested(101)), /nests too deeply/);
  assert.throws(() => parseJson('{"a":'.repeat(1_000)), /nests too deeply/);
  const flat = JSON.stringify([...Array(1_000).fill([]), '['.repeat(1_000), '\\"[['.repeat(100)]);
  assert.equal(parseJson(flat), JSON.parse(flat));
});

test.run();
