import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { binarySize, parseBytes, parseCpus, parseFuel } from '../../../src/cli/quantities.ts';

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return 'nothing was refused';
}

test('sizes of memory, as go-units reads them', () => {
  const sizes: Readonly<Record<string, number>> = {
    '32': 32,
    '32b': 32,
    '32B': 32,
    '32k': 32 * 1024,
    '32K': 32 * 1024,
    '32kb': 32 * 1024,
    '32Kib': 32 * 1024,
    '32 kb': 32 * 1024,
    '64m': 64 * 1024 ** 2,
    '1.5GiB': 1.5 * 1024 ** 3,
    '32.5kB': 33_280,
    '2t': 2 * 1024 ** 4,
    '.3kB': 307,
    '0': 0,
  };
  for (const [text, bytes] of Object.entries(sizes)) assert.is(parseBytes(text), bytes, text);
});

test('sizes that are none, in go-units’ words', () => {
  assert.is(
    refusal(() => parseBytes('')),
    "invalid size: ''",
  );
  assert.is(
    refusal(() => parseBytes('hello')),
    "invalid size: 'hello'",
  );
  assert.is(
    refusal(() => parseBytes('-32')),
    "invalid size: '-32'",
  );
  assert.is(
    refusal(() => parseBytes('32bm')),
    "invalid suffix: 'bm'",
  );
  assert.is(
    refusal(() => parseBytes('32mm')),
    "invalid suffix: 'mm'",
  );
  assert.is(
    refusal(() => parseBytes('32mbyte')),
    "invalid suffix: 'mbyte'",
  );
  assert.is(
    refusal(() => parseBytes('1.2.3m')),
    'strconv.ParseFloat: parsing "1.2.3": invalid syntax',
  );
  assert.is(
    refusal(() => parseBytes(' 32 ')),
    'strconv.ParseFloat: parsing " 32": invalid syntax',
  );
});

test('CPUs are exact fractions', () => {
  assert.is(parseCpus('1.5'), 1_500_000_000);
  assert.is(parseCpus('.25'), 250_000_000);
  assert.is(parseCpus('1/2'), 500_000_000);
  assert.is(parseCpus('-1'), -1_000_000_000);
  assert.is(
    refusal(() => parseCpus('x')),
    'failed to parse x as a rational number',
  );
  assert.is(
    refusal(() => parseCpus('1/0')),
    'failed to parse 1/0 as a rational number',
  );
  assert.is(
    refusal(() => parseCpus('1/3')),
    'value is too precise',
  );
  assert.is(
    refusal(() => parseCpus('0.0000000001')),
    'value is too precise',
  );
  fc.assert(
    fc.property(fc.nat(64_000), (thousandths) => {
      assert.is(parseCpus((thousandths / 1000).toFixed(3)), thousandths * 1_000_000);
    }),
  );
});

test('fuel', () => {
  assert.is(parseFuel('5000000'), 5e6);
  assert.is(parseFuel('5M'), 5e6);
  assert.is(parseFuel('2.3g'), 2_300_000_000);
  assert.is(parseFuel('10k'), 10_000);
  assert.is(parseFuel('-1'), -1);
  for (const bad of ['', '0', '-2', '1.5', 'M', '1e6', '1 M', '99999999T', '5MB']) {
    assert.match(
      refusal(() => parseFuel(bad)),
      `invalid count of fuel: '${bad}'`,
    );
  }
});

test('sizes are told with four digits', () => {
  assert.is(binarySize(0), '0B');
  assert.is(binarySize(1023), '1023B');
  assert.is(binarySize(1.5 * 1024 ** 2), '1.5MiB');
  assert.is(binarySize(7.65432 * 1024 ** 3), '7.654GiB');
});

test.run();
