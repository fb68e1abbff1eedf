import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeLayerIndex,
  encodeLayerIndex,
  type LayerEntry,
} from '../../../src/archive/layer-index.ts';
import { readLayer } from '../../../src/archive/layer-reader.ts';

type TestEntry = Partial<Header> & { readonly name: string; readonly content?: string };

async function tarOf(...entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}

async function read(bytes: Buffer, pieceSize = 1000) {
  const stored: Uint8Array[] = [];
  const layer = await readLayer(inPieces(bytes, pieceSize), async (chunk) => {
    stored.push(chunk);
  });
  return { ...layer, stored: Buffer.concat(stored) };
}

async function errorOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return 'no error';
}

function at(root: LayerEntry, ...path: string[]): LayerEntry {
  let entry = root;
  for (const name of path) {
    const child = entry.children.get(name);
    if (!child) throw new Error(`no ${name}`);
    entry = child;
  }
  return entry;
}

test('an archive is stored as it is, and its index tells where contents are', async () => {
  const tar = await tarOf(
    { name: 'bin/', type: 'directory', mode: 0o755 },
    { name: 'bin/tool', mode: 0o755, content: 'x'.repeat(5000), mtime: new Date(1_000) },
    { name: 'etc/motd', content: 'hello' },
    { name: 'link', type: 'symlink', linkname: 'bin/tool' },
  );
  for (const packed of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
    const { sizeBytes, root, stored } = await read(packed);
    assert.is(sizeBytes, tar.length);
    assert.ok(stored.equals(tar));
    const motd = at(root, 'etc', 'motd');
    assert.is(tar.toString('utf8', motd.offset, motd.offset + motd.sizeBytes), 'hello');
    assert.is(at(root, 'bin', 'tool').mode, 0o755);
    assert.is(at(root, 'bin', 'tool').modifiedNs, 1_000_000_000n);
    assert.is(at(root, 'link').linkTarget, 'bin/tool');
    assert.is(at(root, 'etc').kind, 'directory');
    assert.equal(decodeLayerIndex(encodeLayerIndex(root)), root);
  }
});

test('extended attributes and device numbers are in the index', async () => {
  const pax = {
    'SCHILY.xattr.user.name': 'välue',
    'SCHILY.xattr.security.selinux': 'label',
    'SCHILY.xattr.system.other': 'x',
    'SCHILY.xattr.user.': 'x',
    [`SCHILY.xattr.user.${'n'.repeat(251)}`]: 'x',
    'SCHILY.xattr.trusted.big': 'x'.repeat(131_072),
    'SCHILY.xattr.user.bytes': '\u{fffd}',
    comment: 'x',
  };
  const tar = await tarOf(
    { name: 'file', pax, content: 'x' },
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
    { name: 'disk', type: 'block-device', devmajor: 259, devminor: 0x12345 },
    { name: 'plain', devmajor: 1, devminor: 1 },
  );
  const { root } = await read(tar);
  const decoded = decodeLayerIndex(encodeLayerIndex(root));
  const texts = [...at(decoded, 'file').xattrs].map(([name, value]) => {
    return `${name}=${new TextDecoder().decode(value)}`;
  });
  assert.equal(texts, ['user.name=välue', 'security.selinux=label']);
  // As `mknod` and stat(2) of Linux have them.
  assert.is(at(decoded, 'null').rdev, 0x103);
  assert.is(at(decoded, 'disk').rdev, 0x12310345);
  assert.is(at(decoded, 'plain').rdev, 0);
});

test('long names, hard links and later entries', async () => {
  const long = `${'d'.repeat(120)}/${'f'.repeat(200)}`;
  const { root } = await read(
    await tarOf(
      { name: long, content: 'long' },
      { name: 'a', content: 'first' },
      { name: 'b', type: 'link', linkname: './a' },
      { name: 'c', type: 'link', linkname: 'b' },
      { name: 'a', content: 'second' },
    ),
    7,
  );
  assert.is(at(root, 'd'.repeat(120), 'f'.repeat(200)).sizeBytes, 4);
  assert.is(at(root, 'a').sizeBytes, 6);
  assert.is(at(root, 'b').sizeBytes, 5);
  assert.is(at(root, 'b').inode, at(root, 'c').inode);
  assert.is(at(root, 'b').linkCount, 2);
  assert.is(at(root, 'a').linkCount, 1);
});

test('whiteouts hide, and do not hide what the same layer has', async () => {
  const { root } = await read(
    await tarOf(
      { name: 'gone/.wh.file' },
      { name: 'opaque/.wh..wh..opq' },
      { name: 'opaque/new', content: 'n' },
      { name: '.wh.dir' },
      { name: 'dir/inner', content: 'i' },
      { name: 'kept', content: 'k' },
      { name: '.wh.kept' },
      { name: '.wh..wh.plnk/5' },
    ),
  );
  assert.ok(at(root, 'gone', 'file').isWhiteout);
  assert.ok(at(root, 'opaque').isOpaque);
  assert.not(at(root, 'opaque', 'new').isWhiteout);
  assert.ok(at(root, 'dir').isOpaque);
  assert.not(at(root, 'dir').isWhiteout);
  assert.not(at(root, 'kept').isWhiteout);
});

test('what is no archive is refused', async () => {
  assert.match(await errorOf(read(Buffer.alloc(0))), 'empty archive');
  assert.match(await errorOf(read(Buffer.alloc(5000, 'z'))), 'no valid tar archive');
  const tar = await tarOf({ name: 'x', content: 'y'.repeat(3000) });
  assert.match(await errorOf(read(tar.subarray(0, 2000))), 'unexpected end');
  assert.match(await errorOf(read(gzipSync(tar).subarray(0, 40))), 'damaged');
});

test('a failure of the store ends the reading', async () => {
  const tar = await tarOf({ name: 'x', content: 'y' });
  const failing = readLayer(inPieces(tar, 512), () => Promise.reject(new Error('disk full')));
  assert.is(await errorOf(failing), 'disk full');
});

test('a damaged index is told as such', async () => {
  const { root } = await read(await tarOf({ name: 'a/b/c', content: 'x' }));
  const index = encodeLayerIndex(root);
  for (let length = 0; length < index.length; length++) {
    assert.throws(() => decodeLayerIndex(index.subarray(0, length)), /damaged layer index/);
  }
});

test.run();
