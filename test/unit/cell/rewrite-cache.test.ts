import { createHash, randomFillSync } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CellHost } from '../../../src/cell/cell-host.ts';
import { RewriteCache } from '../../../src/cell/rewrite-cache.ts';
import { systemClock } from '../../../src/main/system-clock.ts';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { wat } from '../../fake/wat.ts';

const test = suite('rewrite cache');
const directory = fs.mkdtempSync(join(tmpdir(), 'wolffia-test-'));
const bugs: unknown[] = [];
const host: CellHost = {
  clock: systemClock(),
  turns: { atNextTurn: (callback) => void setImmediate(callback) },
  files: { fs, platform: process.platform },
  fillRandom: (target) => void randomFillSync(target),
  memoryBytes: 1 << 30,
  threadLimit: 100,
  rewriteCacheDirectory: join(directory, 'rewritten'),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  reportBug: (_where, thrown) => void bugs.push(thrown),
};

/** Large enough to be worth a file. */
const program = await wat(`(module (memory (export "memory") 1)
  (data (i32.const 0) "${'a'.repeat(60_000)}${'b'.repeat(5_600)}")
  (func (export "_start") (loop $again (br $again))))`);
const expected = rewriteModule(program);
const files = (): string[] =>
  fs.readdirSync(join(directory, 'rewritten')).map((name) => join(directory, 'rewritten', name));

test.after(() => fs.rmSync(directory, { recursive: true, force: true }));

test('what was rewritten once is read the next time', () => {
  assert.equal(new RewriteCache(host).rewrite('sha256:1', program), expected);
  assert.is(files().length, 1);
  // Not the program but what the key names: that it is read shows by what the file holds.
  const again = new RewriteCache(host).rewrite('sha256:1', new Uint8Array(program.length));
  assert.equal(again, expected);
  assert.equal(bugs, []);
});

test('a file that is broken or cut short is made anew', () => {
  const [path = ''] = files();
  const whole = fs.readFileSync(path);
  for (const broken of [whole.subarray(0, 2), whole.subarray(0, -1), Buffer.alloc(0)]) {
    fs.writeFileSync(path, broken);
    assert.equal(new RewriteCache(host).rewrite('sha256:1', program), expected);
    assert.equal(fs.readFileSync(path), whole);
  }
  fs.writeFileSync(path, Buffer.concat([whole.subarray(0, 4), Buffer.alloc(whole.length, '}')]));
  assert.equal(new RewriteCache(host).rewrite('sha256:1', program), expected);
  assert.is(bugs.length, 1, 'JSON that is none is told');
});

test('small programs and engines without a folder have no files', () => {
  const { rewriteCacheDirectory: _, ...rest } = host;
  const homeless = new RewriteCache({ ...rest, rewriteCacheDirectory: undefined });
  assert.equal(homeless.rewrite('sha256:2', program), expected);
  assert.is(files().length, 1);
});

test('a folder that cannot be written does not keep a program from running', () => {
  const file = join(directory, 'file');
  fs.writeFileSync(file, '');
  bugs.length = 0;
  const cache = new RewriteCache({ ...host, rewriteCacheDirectory: join(file, 'below') });
  assert.equal(cache.rewrite('sha256:3', program), expected);
  assert.is(bugs.length, 1);
});

test('signs of life are given while a program of many functions is rewritten', async () => {
  let signCount = 0;
  const cache = new RewriteCache(host, () => {
    signCount += 1;
  });
  cache.rewrite('sha256:2', await wat(`(module ${'(func)'.repeat(100)})`));
  assert.is(signCount, 0);
  cache.rewrite('sha256:3', await wat(`(module ${'(func)'.repeat(5000)})`));
  assert.ok(signCount >= 2, `${signCount}`);
});

test.run();
