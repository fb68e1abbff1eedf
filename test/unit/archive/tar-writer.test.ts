import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type TarEntry, TarReader } from '../../../src/archive/tar-reader.ts';
import {
  PLAIN_FILE,
  TAR_END,
  type TarMember,
  tarHeader,
  tarPadding,
} from '../../../src/archive/tar-writer.ts';

function file(facts: Partial<TarMember> & { readonly path: string }): TarMember {
  return { ...PLAIN_FILE, kind: 'regular', mode: 0o644, ...facts };
}

function readBack(files: readonly TarMember[]): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader((entry) => entries.push(entry));
  for (const one of files) {
    reader.push(tarHeader(one));
    const piece = new Uint8Array(1 << 20);
    for (let rest = one.sizeBytes; rest > 0; rest -= piece.length) {
      reader.push(piece.subarray(0, rest));
    }
    reader.push(tarPadding(one.sizeBytes));
  }
  reader.push(TAR_END);
  reader.end();
  return entries;
}

const FILES: readonly TarMember[] = [
  file({ path: 'plain', mode: 0o4755, uid: 1, gid: 2, modifiedNs: 1_000_000_000n }),
  file({ path: 'directory/', kind: 'directory', mode: 0o1777 }),
  file({ path: 'n'.repeat(100) }),
  file({ path: 'n'.repeat(101) }),
  file({ path: `${'p'.repeat(155)}/${'n'.repeat(100)}` }),
  file({ path: `${'p'.repeat(156)}/n` }),
  file({ path: `p/${'n'.repeat(99)}/`, kind: 'directory' }),
  file({ path: `p/${'n'.repeat(100)}/`, kind: 'directory' }),
  file({ path: `${'deep/'.repeat(300)}n` }),
  file({ path: 'n\u{e9}e/\u{1f33f}' }),
  file({ path: 'line\nbreak=1' }),
  file({ path: 'link', kind: 'symlink', linkTarget: '../plain' }),
  file({ path: 'long link', kind: 'symlink', linkTarget: 't'.repeat(101) }),
  file({ path: 'hard', kind: 'hard-link', linkTarget: 'plain' }),
  file({ path: 'tty', kind: 'character-device', deviceMajor: 4, deviceMinor: 0xfffff }),
  file({ path: 'disk', kind: 'block-device', deviceMajor: 0xfff, deviceMinor: 1 }),
  file({ path: 'pipe', kind: 'fifo' }),
  file({ path: 'owners', uid: 0o7777777, gid: 0o10000000 }),
  file({ path: 'more owners', uid: 0xffff_fffe, gid: 65_534 }),
  file({ path: 'a moment', modifiedNs: 1_700_000_000_123_456_789n }),
  file({ path: 'a tenth', modifiedNs: 1_700_000_000_100_000_000n }),
  file({ path: 'before', modifiedNs: -1n }),
  file({ path: 'long before', modifiedNs: -3_000_000_000n }),
  file({ path: 'late', modifiedNs: 9_223_372_036_854_775_807n }),
  file({ path: 'content', sizeBytes: 513 }),
  file({
    path: 'attributes',
    xattrs: new Map([
      ['user.bytes', Uint8Array.of(0, 0xff, 0xfe, 0x0a, 0x3d)],
      ['security.capability', new Uint8Array(20)],
      ['user.empty', new Uint8Array(0)],
      ['user.long', new Uint8Array(990)],
      ['user.longer', new Uint8Array(65_536)],
    ]),
  }),
];

test('what is written reads back the same', () => {
  const entries = readBack(FILES);
  for (const [index, written] of FILES.entries()) {
    const { offset, ...read } = entries[index] ?? { offset: -1 };
    assert.equal(read, { ...written, extents: undefined });
    assert.is(offset % 512, 0);
  }
});

test('records of all lengths say how long they are', () => {
  for (let length = 80; length < 130; length++) {
    const path = `\u{e9}${'n'.repeat(length)}`;
    assert.is(readBack([file({ path })])[0]?.path, path);
  }
  for (let length = 960; length < 1010; length++) {
    const path = `\u{e9}${'d/'.repeat(length / 2)}n`;
    assert.is(readBack([file({ path })])[0]?.path, path);
  }
});

test('sizes past what the digits can say', () => {
  const reader = new TarReader((entry) => assert.is(entry.sizeBytes, 2 ** 40));
  reader.push(tarHeader(file({ path: 'large', sizeBytes: 2 ** 40 })));
});

test('the same file is the same bytes, in as few blocks as there can be', () => {
  for (const one of FILES) assert.equal(tarHeader(one), tarHeader({ ...one }));
  const sizes = FILES.map((one) => tarHeader(one).length / 512);
  assert.equal(sizes.slice(0, 7), [1, 1, 1, 3, 1, 3, 1]);
});

test('GNU tar reads it', () => {
  const parts = FILES.filter(({ kind }) => kind !== 'hard-link').flatMap((one) => [
    tarHeader(one),
    new Uint8Array(one.sizeBytes),
    tarPadding(one.sizeBytes),
  ]);
  const input = Buffer.concat([...parts, TAR_END]);
  const { error, stdout, stderr } = spawnSync('tar', ['--utc', '--full-time', '-tvf', '-'], {
    input,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  if (error || !/GNU/.test(spawnSync('tar', ['--version']).stdout.toString())) {
    process.stdout.write('skipped: no GNU tar here\n');
    return;
  }
  assert.is(stderr.toString(), '');
  const lines = stdout.toString().trimEnd().split('\n');
  assert.is(lines.length, FILES.length - 1);
  assert.match(lines[0] ?? '', /^-rwsr-xr-x 1\/2 +0 1970-01-01 00:00:01 plain$/);
  assert.ok(lines.some((line) => line.endsWith('2023-11-14 22:13:20.123456789 a moment')));
  assert.ok(lines.some((line) => /^crw-r--r-- 0\/0 +4,1048575 /.test(line)));
});

test.run();
