import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChallenges } from '../../../src/registry/challenge.ts';

function parsed(header: string): unknown[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

test('one of Bearer, with commas and escapes inside of quotes', () => {
  assert.equal(
    parsed(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    ),
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull,push',
        },
      ],
    ],
  );
  assert.equal(parsed('Basic Realm = "a \\"b\\", c"'), [['basic', { realm: 'a "b", c' }]]);
});

test('several in one header', () => {
  assert.equal(parsed('Negotiate, Basic realm="x", , BEARER realm=y , service="z"'), [
    ['negotiate', {}],
    ['basic', { realm: 'x' }],
    ['bearer', { realm: 'y', service: 'z' }],
  ]);
  assert.equal(parsed('Negotiate YWJj==, Basic realm="x"'), [
    ['negotiate', {}],
    ['basic', { realm: 'x' }],
  ]);
});

test('what is malformed ends the list', () => {
  assert.equal(parsed(''), []);
  assert.equal(parsed('"'), []);
  assert.equal(parsed('Basic realm="open'), [['basic', {}]]);
  assert.is(parseChallenges('a,'.repeat(1_000)).length, 16);
});

test('no header makes it throw or hang', () => {
  const piece = fc.constantFrom('Basic', ' ', ',', '=', '"', '\\', 'a', 'b=', 'x="y"', '\t', '==');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      parseChallenges(pieces.join(''));
    }),
  );
  parseChallenges(`Basic ${'a '.repeat(8_000)}`);
  parseChallenges(`Basic x="${'\\'.repeat(16_000)}`);
});

test.run();
