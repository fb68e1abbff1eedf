import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type TarEntry, TarReader } from '../../../src/archive/tar-reader.ts';
import { EngineError } from '../../../src/base/engine-error.ts';
import {
  base256,
  GNU,
  octal,
  paxEntry,
  paxRecords,
  type RawEntry,
  rawEntry,
  rawTar,
} from '../../fake/tar-builder.ts';

function readAll(bytes: Uint8Array, chunkBytes = bytes.length): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader((entry) => entries.push(entry));
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    reader.push(bytes.subarray(at, at + chunkBytes));
  }
  reader.end();
  return entries;
}

/** The only file of an archive. */
function readOne(...parts: readonly (RawEntry | Uint8Array)[]): TarEntry {
  const entries = readAll(rawTar(...parts));
  const [entry] = entries;
  if (!entry || entries.length > 1) throw new Error(`${entries.length} entries`);
  return entry;
}

function refusal(...parts: readonly (RawEntry | Uint8Array)[]): string {
  return refusalOf(rawTar(...parts));
}

function refusalOf(bytes: Uint8Array): string {
  try {
    readAll(bytes);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.kind === 'invalid-argument') return thrown.message;
    throw thrown;
  }
  return 'nothing';
}

function contentOf(tar: Uint8Array, entry: TarEntry): string {
  const content = Buffer.alloc(entry.sizeBytes, '.');
  const whole = [{ position: 0, sizeBytes: entry.sizeBytes, offset: entry.offset }];
  for (const { position, sizeBytes, offset } of entry.extents ?? whole) {
    content.set(tar.subarray(offset, offset + sizeBytes), position);
  }
  return content.toString();
}

test('what a header of ustar says', () => {
  const file = readOne({
    name: 'name',
    prefix: 'some/prefix',
    mode: '0104755 ',
    uid: '  1750\0 ',
    gid: '',
    modified: octal(1_700_000_000, 12),
    content: 'content',
  });
  assert.equal(file, {
    path: 'some/prefix/name',
    kind: 'regular',
    mode: 0o104755,
    uid: 1000,
    gid: 0,
    modifiedNs: 1_700_000_000_000_000_000n,
    sizeBytes: 7,
    offset: 512,
    extents: undefined,
    linkTarget: '',
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
  });
});

test('all types that files have', () => {
  const tar = rawTar(
    { name: 'old', type: '\0', content: 'x' },
    { name: 'old-directory/', type: '\0' },
    { name: 'contiguous', type: '7', content: 'x' },
    { name: 'hard', type: '1', linkName: 'old' },
    { name: 'soft', type: '2', linkName: '/old' },
    { name: 'tty', type: '3', deviceMajor: '0000005\0', deviceMinor: '0000001\0' },
    { name: 'disk', type: '4', deviceMajor: '0000010\0', deviceMinor: '0000002\0' },
    { name: 'directory', type: '5' },
    { name: 'pipe', type: '6' },
  );
  const facts = readAll(tar).map(({ path, kind, linkTarget, deviceMajor, deviceMinor }) =>
    [path, kind, linkTarget, deviceMajor, deviceMinor].join(' '),
  );
  assert.equal(facts, [
    'old regular  0 0',
    'old-directory/ directory  0 0',
    'contiguous regular  0 0',
    'hard hard-link old 0 0',
    'soft symlink /old 0 0',
    'tty character-device  5 1',
    'disk block-device  8 2',
    'directory directory  0 0',
    'pipe fifo  0 0',
  ]);
});

test('where chunks are cut makes no difference', () => {
  const tar = rawTar(
    { name: 'L', type: 'L', magic: GNU, content: `${'long/'.repeat(150)}name\0` },
    { name: 'a', content: 'a'.repeat(1000) },
    paxEntry([['path', 'p'.repeat(700)]]),
    { name: 'b', content: 'b'.repeat(512) },
    { name: 'c' },
  );
  const expected = readAll(tar);
  assert.is(expected.length, 3);
  for (const size of [1, 3, 511, 512, 513, 1000, 1536]) assert.equal(readAll(tar, size), expected);
});

test('numbers beyond their digits are in base 256, and may be negative', () => {
  const file = readOne({
    magic: GNU,
    uid: base256(3_000_000n, 8),
    gid: base256(0xffff_fffen, 8),
    modified: base256(-5n, 12),
  });
  assert.equal([file.uid, file.gid, file.modifiedNs], [3_000_000, 0xffff_fffe, -5_000_000_000n]);
  assert.match(refusal({ size: base256(-1n, 12) }), 'a negative size');
  assert.match(refusal({ size: base256(1n << 62n, 12) }), 'a size that cannot be');
  assert.match(refusal({ size: base256(1n << 40n, 12) }), 'unexpected end');
  assert.match(refusal({ size: '00000000009\0' }), 'a number that is none');
  assert.match(refusal({ mode: 'rw-r--r-' }), 'a number that is none');
  const far = readOne({ modified: base256(1n << 80n, 12) });
  assert.is(far.modifiedNs, 2n ** 63n - 1n);
});

test('checksums are looked at, those of old writers allowed', () => {
  assert.match(refusal({ checksum: '0000000\0' }), 'a wrong checksum');
  assert.match(refusal({ checksum: 'x' }), 'a wrong checksum');
  const name = 'n\u{e9}';
  const unsigned = readOne({ name });
  assert.is(unsigned.path, name);
  const block = rawEntry({ name });
  const sum = Number.parseInt(block.toString('latin1', 148, 154), 8);
  // Bytes of 128 and more were negative to them.
  assert.is(readOne({ name, checksum: `${octal(sum - 2 * 256, 7)} ` }).path, name);
});

test('GNU long names, and what Go once put where GNU has times', () => {
  const path = `${'d/'.repeat(200)}name`;
  const link = readOne(
    { name: '././@LongLink', type: 'K', magic: GNU, content: `${'t'.repeat(300)}\0` },
    { name: '././@LongLink', type: 'L', magic: GNU, content: `${path}\0` },
    { name: 'short', type: '2', magic: GNU, linkName: 'short' },
  );
  assert.equal([link.path, link.linkTarget], [path, 't'.repeat(300)]);
  assert.is(readOne({ name: 'n', magic: GNU, prefix: 'a/prefix' }).path, 'a/prefix/n');
  assert.is(readOne({ name: 'n', magic: GNU, prefix: octal(1_600_000_000, 12) }).path, 'n');
  assert.is(readOne({ name: 'n', magic: '\0'.repeat(8), prefix: 'nothing' }).path, 'n');
});

test('extended headers outdo the header, and are of one file only', () => {
  const value = Uint8Array.of(0, 1, 0xff, 0xfe, 0x0a, 0x3d);
  const tar = rawTar(
    paxEntry([
      ['path', 'a=b\nc'],
      ['uid', '5000000'],
      ['gid', '1'],
      ['mtime', '1.000000001999'],
      ['SCHILY.xattr.security.capability', value],
      ['LIBARCHIVE.xattr.security.capability', 'AAAA'],
      ['LIBARCHIVE.xattr.user.a%3Db', 'AAH//go9'],
      ['comment', 'x'],
      ['vendor.word', ''],
    ]),
    { name: 'a' },
    { name: 'b', uid: '0000012\0' },
    paxEntry([
      ['linkpath', 'elsewhere'],
      ['mtime', '-1.5'],
    ]),
    { name: 'c', type: '2', linkName: 'x' },
  );
  const [a, b, c] = readAll(tar);
  assert.equal(a && [a.path, a.uid, a.gid, a.modifiedNs], ['a=b\nc', 5_000_000, 1, 1_000_000_001n]);
  const xattrs = [...(a?.xattrs ?? [])].map(([name, bytes]) => [name, [...bytes]]);
  assert.equal(xattrs, [
    ['security.capability', [...value]],
    ['user.a=b', [...value]],
  ]);
  assert.equal(b && [b.path, b.uid, b.xattrs.size], ['b', 10, 0]);
  assert.equal(c && [c.linkTarget, c.modifiedNs], ['elsewhere', -1_500_000_000n]);
});

test('global headers say owners and times of all that follows, and no more', () => {
  const tar = rawTar(
    paxEntry(
      [
        ['uid', '7'],
        ['mtime', '3'],
        ['path', 'everywhere'],
        ['size', '0'],
        ['SCHILY.xattr.user.a', 'x'],
      ],
      'g',
    ),
    { name: 'a', content: 'content' },
    paxEntry([['uid', '8']]),
    { name: 'b' },
    paxEntry([['uid', '']]),
    { name: 'c' },
    paxEntry([['mtime', '']], 'g'),
    { name: 'd' },
  );
  const facts = readAll(tar).map(({ path, uid, modifiedNs, sizeBytes, xattrs }) =>
    [path, uid, modifiedNs, sizeBytes, xattrs.size].join(' '),
  );
  assert.equal(facts, [
    'a 7 3000000000 7 0',
    'b 8 3000000000 0 0',
    'c 0 3000000000 0 0',
    'd 7 0 0 0',
  ]);
});

test('the size of an extended header counts', () => {
  const content = Buffer.concat([Buffer.from('x'.repeat(700)), Buffer.alloc(324)]);
  const tar = rawTar(
    paxEntry([['size', '700']]),
    Buffer.concat([rawEntry({ name: 'a', size: octal(0, 12) }), content]),
    { name: 'b' },
  );
  const [a, b] = readAll(tar);
  assert.equal([a?.sizeBytes, b?.path], [700, 'b']);
});

test('extended headers that are none', () => {
  const bad = (text: string): string => {
    return refusal(rawEntry({ type: 'x', content: text }), { name: 'a' });
  };
  assert.is(bad(''), 'nothing');
  assert.is(bad('10 a=bcde\n\0\0\0'), 'nothing');
  for (const text of [
    'x',
    '8 a=bcde\n',
    '11 a=bcde\n',
    '10 abcdef\n',
    '10a=bcdef\n',
    '-1 a=b\n',
    '999999999 a=b\n',
    '3 \n',
  ]) {
    assert.match(bad(text), 'an extended header that is none', text);
  }
  const says = (key: string, value: string): string => bad(paxRecords([[key, value]]).toString());
  assert.match(says('uid', '0x10'), 'a number that is none');
  assert.match(says('size', '-1'), 'a negative size');
  assert.match(says('size', '99999999999999999999'), 'a size that cannot be');
  assert.match(says('mtime', 'yesterday'), 'a time that is none');
  const large = rawEntry({ type: 'x', size: octal((1 << 20) + 1, 12) });
  assert.match(refusal(large), 'an extended header of more than 1048576 bytes');
});

test('a sparse file in the old form of GNU', () => {
  const pairs = (...numbers: readonly number[]): string =>
    numbers.map((number) => octal(number, 12)).join('');
  const inHeader = pairs(0, 4, 1000, 4, 2000, 4, 3000, 4);
  const more = Buffer.alloc(512);
  more.write(pairs(4000, 4, 5000, 0));
  const header = rawEntry({
    name: 'sparse',
    type: 'S',
    magic: GNU,
    size: octal(20, 12),
    patches: new Map([
      [386, inHeader],
      [482, '\x01'],
      [483, octal(5000, 12)],
    ]),
  });
  const tar = rawTar(header, more, Buffer.from('aaaabbbbccccddddeeee'.padEnd(512, '\0')), {
    name: 'next',
  });
  for (const size of [1, 512, tar.length]) {
    const [file, next] = readAll(tar, size);
    assert.is(next?.path, 'next');
    assert.equal([file?.sizeBytes, file?.offset, file?.extents?.length], [5000, 1024, 5]);
    const text = file ? contentOf(tar, file) : '';
    assert.is(
      text.replace(/\.+/g, (dots) => `[${dots.length}]`),
      'aaaa[996]bbbb[996]cccc[996]dddd[996]eeee[996]',
    );
  }
});

const SPARSE_CASES: readonly {
  readonly title: string;
  readonly pax: readonly (readonly [string, string])[];
  readonly content: string;
}[] = [
  {
    title: '0.0',
    pax: [
      ['GNU.sparse.size', '30'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.offset', '5'],
      ['GNU.sparse.numbytes', '3'],
      ['GNU.sparse.offset', '20'],
      ['GNU.sparse.numbytes', '2'],
    ],
    content: 'abcde',
  },
  {
    title: '0.1',
    pax: [
      ['GNU.sparse.name', 'sparse'],
      ['GNU.sparse.size', '30'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.map', '5,3,20,2'],
      ['path', 'GNUSparseFile.0/sparse'],
    ],
    content: 'abcde',
  },
  {
    title: '1.0',
    pax: [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 'sparse'],
      ['GNU.sparse.realsize', '30'],
    ],
    content: `${'2\n5\n3\n20\n2\n'.padEnd(512, '\0')}abcde`,
  },
];

for (const { title, pax, content } of SPARSE_CASES) {
  test(`a sparse file in PAX's form ${title}`, () => {
    const tar = rawTar(paxEntry(pax), { name: 'sparse', content }, { name: 'next' });
    for (const size of [1, 600, tar.length]) {
      const [file, next] = readAll(tar, size);
      assert.equal([file?.path, file?.sizeBytes, next?.path], ['sparse', 30, 'next']);
      assert.is(file && contentOf(tar, file), `.....abc${'.'.repeat(12)}de........`);
    }
  });
}

test('maps of sparse files that cannot be', () => {
  const mapped = (map: string, size = '30', content = 'abcde'): string =>
    refusal(
      paxEntry([
        ['GNU.sparse.size', size],
        ['GNU.sparse.map', map],
      ]),
      { content },
    );
  assert.is(mapped('5,3,20,2'), 'nothing');
  assert.is(mapped('', '30', ''), 'nothing');
  assert.match(mapped('5,3,20'), 'without sizes');
  assert.match(mapped('5,3,6,2'), 'out of order');
  assert.match(mapped('20,2,5,3'), 'out of order');
  assert.match(mapped('5,3,29,2'), 'out of order');
  assert.match(mapped('5,-1,20,6'), 'out of order');
  assert.match(mapped('5,3,20,3'), 'another size than its map');
  assert.match(mapped('5,3'), 'another size than its map');
  assert.match(mapped('5,3,x,2'), 'a number that is none');
  assert.match(mapped('5,3,20,2', '99999999999999'), 'more than 17592186044416 bytes');
  const inContent = (content: string, major = '1'): string =>
    refusal(
      paxEntry([
        ['GNU.sparse.major', major],
        ['GNU.sparse.realsize', '30'],
      ]),
      { content },
    );
  assert.match(inContent(`${'1\n0\n1\n'.padEnd(512, '\0')}a`, '2'), 'of version 2');
  assert.match(inContent('1\n0\n1\n'), 'without a map');
  assert.match(inContent('no map'.padEnd(600, '\0')), 'without a map');
  assert.match(inContent('300000\n'.padEnd(600, '\0')), 'more than 262144 pieces');
});

test('names and types that cannot be', () => {
  assert.match(refusal({ name: '' }), 'a file without a name');
  assert.match(refusal({ type: 'V' }), "is of the unknown type 'V'");
  assert.match(refusal({ type: 'D' }), "is of the unknown type 'D'");
  // What is no UTF-8 is shown as such.
  const bytes = new Map([[0, Uint8Array.of(0x61, 0xff, 0x62)]]);
  assert.is(readOne({ name: '', patches: bytes }).path, 'a\u{fffd}b');
});

test('where an archive ends', () => {
  const file = rawEntry({ name: 'a', content: 'x'.repeat(600) });
  const zeros = Buffer.alloc(512);
  // Without an end, with half of it, and with anything behind it.
  assert.is(refusalOf(file), 'nothing');
  assert.is(refusalOf(Buffer.concat([file, zeros])), 'nothing');
  assert.is(refusalOf(Buffer.concat([file, zeros, zeros, Buffer.from('garbage')])), 'nothing');
  assert.is(refusalOf(file.subarray(0, 512 + 600)), 'nothing');
  assert.match(refusalOf(Buffer.concat([file, zeros, file])), 'a block of zeros between files');
  for (const length of [1, 511, 512, 513, 1111]) {
    assert.match(refusalOf(file.subarray(0, length)), 'unexpected end');
  }
  const pax = paxEntry([['path', 'b']]);
  assert.match(refusalOf(pax), 'unexpected end');
  assert.match(refusalOf(pax.subarray(0, 700)), 'unexpected end');
});

test('entries without content have none, whatever they claim', () => {
  const size = octal(5000, 12);
  const tar = rawTar(
    { name: 'directory', type: '5', size },
    { name: 'link', type: '2', linkName: 'x', size },
    { name: 'hard', type: '1', linkName: 'x', size },
    { name: 'pipe', type: '6', size },
    { name: 'last' },
  );
  assert.equal(
    readAll(tar).map(({ sizeBytes }) => sizeBytes),
    [0, 0, 0, 0, 0],
  );
});

test.run();
