import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DEFAULT_DETACH_KEYS,
  DetachScanner,
  parseDetachKeys,
} from '../../../src/wire/detach-keys.ts';

test('keys as bytes', () => {
  assert.equal([...parseDetachKeys(DEFAULT_DETACH_KEYS)], [16, 17]);
  assert.equal(
    [...parseDetachKeys('ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_')],
    [0, 27, 28, 29, 30, 31],
  );
  assert.equal([...parseDetachKeys('a,DEL,ctrl-a')], [97, 127, 1]);
  assert.equal([...parseDetachKeys('')], []);
  for (const bad of ['ctrl-', 'ctrl-é', 'ctrl-ab', 'ab', ',', 'é', 'del']) {
    assert.throws(() => parseDetachKeys(bad), `Invalid detach keys (${bad}) provided`);
  }
});

/** What passes, a chunk a part, up to the keys. */
function pass(keys: string, ...chunks: readonly string[]): readonly string[] {
  const scanner = new DetachScanner(parseDetachKeys(keys));
  const passed: string[] = [];
  for (const chunk of chunks) {
    const answer = scanner.scan(Buffer.from(chunk));
    passed.push(Buffer.from(answer.passed).toString());
    if (answer.isDetached) return [...passed, 'detached'];
  }
  return passed;
}

test('the keys are found wherever they are cut, and do not pass', () => {
  assert.equal(pass(DEFAULT_DETACH_KEYS, 'ab\x10\x11cd'), ['ab', 'detached']);
  assert.equal(pass(DEFAULT_DETACH_KEYS, 'ab\x10', '\x11'), ['ab', '', 'detached']);
  assert.equal(pass('a', 'xa'), ['x', 'detached']);
});

test('what only begins like the keys passes as soon as that is known', () => {
  assert.equal(pass(DEFAULT_DETACH_KEYS, '\x10', 'x', '\x11'), ['', '\x10x', '\x11']);
  assert.equal(pass(DEFAULT_DETACH_KEYS, '\x10\x10\x11'), ['\x10', 'detached']);
  assert.equal(
    pass('a,b,c', 'abx', 'ab', 'abc'),
    ['abx', '', 'ab', 'detached'].slice(0, 2).concat('ab', 'detached'),
  );
  assert.equal(pass('', '\x10\x11'), ['\x10\x11']);
});

test.run();
