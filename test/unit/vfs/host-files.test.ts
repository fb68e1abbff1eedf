import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostSeconds } from '../../../src/vfs/host-files.ts';

const test = suite('host files');

test('times near the epoch are set to the nanosecond, later ones to what a double holds', () => {
  const path = join(fs.mkdtempSync(join(tmpdir(), 'wolffia-test-')), 'file');
  fs.writeFileSync(path, '');
  const setAndRead = (timeNs: bigint): bigint => {
    const seconds = hostSeconds(timeNs);
    fs.utimesSync(path, seconds, seconds);
    return fs.statSync(path, { bigint: true }).mtimeNs;
  };
  for (const timeNs of [0n, 1n, 1_002_003_000n, 1_002_003_004n, 86_400_000_000_007n]) {
    assert.is(setAndRead(timeNs), timeNs);
  }
  const today = 1_795_566_305_123_456_789n;
  const error = setAndRead(today) - today;
  assert.ok(error > -240n && error < 240n, `${error}`);
  fs.rmSync(join(path, '..'), { recursive: true });
});

test.run();
