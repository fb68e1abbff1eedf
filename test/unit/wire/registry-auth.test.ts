import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { encodeRegistryAuth, parseRegistryAuth } from '../../../src/wire/registry-auth.ts';

test('what is encoded is read, whatever is in it', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, (username, password, serveraddress) => {
      const auth = { username, password, serveraddress };
      assert.equal(parseRegistryAuth(encodeRegistryAuth(auth)), auth);
    }),
  );
});

test('clients differ in their alphabets, and may say nothing', () => {
  const json = JSON.stringify({ username: 'ada', password: '\u00ff\u00fe?>~' });
  for (const encoding of ['base64', 'base64url'] as const) {
    const header = Buffer.from(json).toString(encoding);
    assert.equal(parseRegistryAuth(header), JSON.parse(json));
  }
  for (const header of [undefined, '', 'e30=', 'e30', 'bnVsbA==']) {
    assert.equal(parseRegistryAuth(header), {});
  }
});

test('anything else is refused, in words without a secret', () => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
  const cases = [
    'secret',
    Buffer.from('{"password":"secret"').toString('base64'),
    encode('secret'),
    encode({ username: { secret: 1 } }),
    encode({ password: 'secret'.repeat(10_000) }),
  ];
  for (const header of cases) {
    try {
      parseRegistryAuth(header);
      assert.unreachable();
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      assert.is(thrown.kind, 'invalid-argument');
      assert.not.match(thrown.message, 'secret');
    }
  }
});

test('no header does anything but that', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (header) => {
      try {
        parseRegistryAuth(header);
      } catch (thrown) {
        assert.instance(thrown, EngineError);
      }
    }),
  );
});

test.run();
