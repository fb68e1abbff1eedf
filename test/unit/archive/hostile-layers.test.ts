import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LayerEntry } from '../../../src/archive/layer-index.ts';
import { decodeLayerIndex, encodeLayerIndex } from '../../../src/archive/layer-index.ts';
import { readLayer } from '../../../src/archive/layer-reader.ts';
import { EngineError } from '../../../src/base/engine-error.ts';
import { octal, paxEntry, type RawEntry, rawEntry, rawTar } from '../../fake/tar-builder.ts';

// The rules of docs/reference/layers.md, in its order.

async function read(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<LayerEntry> {
  const chunks = source instanceof Uint8Array ? only(source) : source;
  const { root } = await readLayer(chunks, async () => {});
  return root;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function refusalOf(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  try {
    await read(source);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.kind === 'invalid-argument') return thrown.message;
    throw thrown;
  }
  return 'nothing';
}

function refusal(...entries: readonly (RawEntry | Uint8Array)[]): Promise<string> {
  return refusalOf(rawTar(...entries));
}

/** All files, a line each: what they are, their path, and what is special about them. */
function list(root: LayerEntry): string[] {
  const lines: string[] = [];
  const walk = (entry: LayerEntry, path: string): void => {
    for (const child of entry.children.values()) {
      const childPath = path === '' ? child.name : `${path}/${child.name}`;
      const words: string[] = [child.isWhiteout ? 'whiteout' : child.kind, childPath];
      if (child.isOpaque) words.push('opaque');
      if (child.linkTarget !== '') words.push(`-> ${child.linkTarget}`);
      if (child.kind === 'regular' && child.sizeBytes > 0) words.push(`(${child.sizeBytes})`);
      lines.push(words.join(' '));
      walk(child, childPath);
    }
  };
  walk(root, '');
  return lines.sort();
}

async function tree(...entries: readonly (RawEntry | Uint8Array)[]): Promise<string[]> {
  return list(await read(rawTar(...entries)));
}

const directory = (name: string): RawEntry => ({ name, type: '5', mode: '0000755\0' });
const symlink = (name: string, linkName: string): RawEntry => ({ name, type: '2', linkName });
const hardLink = (name: string, linkName: string): RawEntry => ({ name, type: '1', linkName });

test('paths are below the root, whatever they begin with', async () => {
  assert.equal(await tree({ name: '/a' }, { name: '//b//c' }, { name: './d/./e' }), [
    'directory b',
    'directory d',
    'regular a',
    'regular b/c',
    'regular d/e',
  ]);
});

test("'..' is resolved by the letter, and leads out of nothing", async () => {
  assert.equal(await tree({ name: 'a/../b' }, { name: '/../../c' }, { name: 'd/e/../../f' }), [
    'regular b',
    'regular c',
    'regular f',
  ]);
  const out = "leads out of the layer by '..'";
  assert.match(await refusal({ name: '../a' }), `"../a": ${out}`);
  assert.match(await refusal({ name: 'a/../../b' }), out);
  assert.match(await refusal({ name: '..' }), out);
  assert.match(await refusal({ name: 'a' }, hardLink('b', '../a')), out);
});

test('the root may be described, as a directory only', async () => {
  for (const name of ['.', './', '/', 'a/..']) {
    const root = await read(rawTar({ name, type: '5', mode: '0000700\0', uid: octal(5, 8) }));
    assert.equal([root.mode, root.uid, root.kind], [0o700, 5, 'directory']);
    for (const type of ['0', '2', '6']) {
      assert.match(await refusal({ name, type }), 'the root must be a directory');
    }
    assert.match(await refusal({ name: 'f' }, hardLink(name, 'f')), 'hard link');
  }
});

test('paths go through links of the layer as if its root were that of the system', async () => {
  const lines = await tree(
    directory('usr/lib'),
    symlink('lib', 'usr/lib'),
    symlink('out', '../../../../etc'),
    symlink('absolute', '/usr'),
    { name: 'lib/a' },
    { name: 'out/b' },
    { name: 'absolute/c' },
  );
  assert.equal(lines, [
    'directory etc',
    'directory usr',
    'directory usr/lib',
    'regular etc/b',
    'regular usr/c',
    'regular usr/lib/a',
    'symlink absolute -> /usr',
    'symlink lib -> usr/lib',
    'symlink out -> ../../../../etc',
  ]);
  assert.match(await refusal(symlink('a', 'a'), { name: 'a/b' }), 'too many symbolic links');
  const long = symlink('a', `${'x/../'.repeat(15)}a`);
  assert.match(await refusal(long, { name: 'a/b' }), /symbolic links/);
});

test('a link itself is not followed, but replaced', async () => {
  assert.equal(await tree(symlink('a', '/etc'), { name: 'a', content: 'x' }), ['regular a (1)']);
  assert.equal(await tree(symlink('a', '/etc'), directory('a'), { name: 'a/b' }), [
    'directory a',
    'regular a/b',
  ]);
});

test('a later entry of the same path counts, and directories are merged', async () => {
  assert.equal(await tree({ name: 'a', content: '1' }, { name: './a', content: '22' }), [
    'regular a (2)',
  ]);
  assert.equal(await tree(directory('a'), { name: 'a/b' }, directory('a/')), [
    'directory a',
    'regular a/b',
  ]);
  assert.equal(await tree(directory('a'), { name: 'a/b' }, { name: 'a' }), ['regular a']);
  assert.equal(await tree({ name: 'a/b' }, { name: 'a' }, directory('a'), { name: 'a/c' }), [
    'directory a',
    'regular a/c',
  ]);
});

test('a file is no directory', async () => {
  assert.match(await refusal({ name: 'a' }, { name: 'a/b' }), '"a/b": a is no directory');
  assert.match(await refusal({ name: 'a', type: '6' }, directory('a/b')), 'a is no directory');
});

test('hard links are to files that are there already', async () => {
  const root = await read(
    rawTar({ name: 'a', content: 'x' }, hardLink('b/c', '/a'), { name: 'a' }),
  );
  const linked = root.children.get('b')?.children.get('c');
  assert.equal([linked?.sizeBytes, linked?.linkCount], [1, 1]);
  assert.equal(await tree(symlink('a', 'x'), hardLink('b', 'a')), [
    'symlink a -> x',
    'symlink b -> x',
  ]);
  assert.equal(await tree({ name: 'a', content: 'x' }, hardLink('a', 'a')), ['regular a (1)']);
  const none = 'which is no file of this layer';
  assert.match(await refusal(hardLink('b', 'a'), { name: 'a' }), `hard link to "a", ${none}`);
  assert.match(await refusal(directory('a'), hardLink('b', 'a')), none);
  assert.match(await refusal({ name: '.wh.a' }, hardLink('b', 'a')), none);
  assert.match(await refusal({ name: '.wh.a' }, hardLink('b', '.wh.a')), none);
  assert.match(await refusal(hardLink('b', '.')), none);
  assert.match(await refusal(hardLink('b', '')), none);
});

test('device nodes and FIFOs are in the layer, and nobody stands behind them', async () => {
  const device: RawEntry = { name: 'sda', type: '4', deviceMajor: octal(8, 8) };
  assert.equal(await tree(device, { name: 'p', type: '6' }, { ...device, name: 'c', type: '3' }), [
    'block-device sda',
    'character-device c',
    'fifo p',
  ]);
});

test('whiteouts hide what lower layers have', async () => {
  assert.equal(
    await tree({ name: 'd/.wh.a' }, { name: '.wh.b', type: '5' }, hardLink('.wh.c', 'nothing')),
    ['directory d', 'whiteout b', 'whiteout c', 'whiteout d/a'],
  );
  // In either order, what the same layer has stays.
  assert.equal(await tree({ name: '.wh.a' }, { name: 'a' }), ['regular a']);
  assert.equal(await tree({ name: 'a' }, { name: '.wh.a' }), ['regular a']);
  assert.equal(await tree({ name: '.wh.a' }, { name: 'a/b' }), [
    'directory a opaque',
    'regular a/b',
  ]);
  assert.equal(await tree({ name: 'a/b' }, { name: '.wh.a' }), [
    'directory a opaque',
    'regular a/b',
  ]);
  assert.equal(await tree({ name: '.wh.a' }, { name: '.wh.a' }), ['whiteout a']);
});

test('marks of odd names', async () => {
  assert.equal(await tree({ name: 'd/.wh..wh..opq' }, { name: '.wh..wh..opq' }), [
    'directory d opaque',
  ]);
  assert.ok((await read(rawTar({ name: '.wh..wh..opq' }))).isOpaque);
  // Of aufs, for itself.
  assert.equal(await tree({ name: '.wh..wh.aufs' }, directory('.wh..wh.plnk')), []);
  for (const name of ['.wh.', '.wh..', '.wh...']) {
    assert.match(await refusal({ name }), 'hides nothing', name);
  }
  // Below what is no directory but a mark there is nothing.
  assert.equal(await tree({ name: '.wh.a/b' }, { name: '.wh..wh.plnk/1.2' }), []);
  assert.equal(await tree({ name: '.wh.a' }, { name: '.wh.a/b' }), ['whiteout a']);
});

test('names that no file can have', async () => {
  assert.match(await refusal({ name: '' }), 'a file without a name');
  const long = 'n'.repeat(256);
  assert.match(await refusal(paxEntry([['path', long]]), {}), 'a name is too long');
  assert.match(await refusal(paxEntry([['path', `${long}/a`]]), {}), 'a name is too long');
  assert.match(await refusal(paxEntry([['path', '\u{e9}'.repeat(128)]]), {}), 'a name is too long');
  assert.is(await refusal(paxEntry([['path', '\u{e9}'.repeat(127)]]), {}), 'nothing');
  assert.match(await refusal(paxEntry([['path', 'a\0b']]), {}), 'a null byte in a name');
  const target = paxEntry([['linkpath', 'a\0b']]);
  assert.match(await refusal(target, symlink('l', '')), 'a null byte in a name');
  const far = paxEntry([['linkpath', 'x'.repeat(4096)]]);
  assert.match(await refusal(far, symlink('l', '')), 'the target of the link is too long');
});

test('names that are no UTF-8 are shown with what stands for such bytes', async () => {
  const bytes = Buffer.from([0x61, 0xc3, 0x28, 0xff]);
  const lines = await tree({ patches: new Map([[0, Buffer.concat([bytes, Buffer.alloc(90)])]]) });
  assert.equal(lines, ['regular a\u{fffd}(\u{fffd}']);
});

test('depth has a bound', async () => {
  const deep = (names: number): Uint8Array => paxEntry([['path', 'd/'.repeat(names)]]);
  assert.is(await refusal(deep(512), { type: '5' }), 'nothing');
  assert.match(await refusal(deep(513), { type: '5' }), 'more than 512 names');
  // By links, too.
  const half = 'd/'.repeat(40);
  const links = symlink('d/l', half.slice(0, 98));
  const through = paxEntry([['path', `d/l/${'d/'.repeat(505)}`]]);
  assert.match(await refusal(links, through, { type: '5' }), 'more than 512 names');
});

test('sizes that lie', async () => {
  const lying = rawEntry({ name: 'a', size: octal(100_000, 12), content: 'x' });
  assert.match(await refusal(lying), 'unexpected end');
  assert.match(await refusal({ name: 'a', size: '-0000000001\0' }), 'a number that is none');
  assert.match(await refusal(paxEntry([['size', '-5']]), { name: 'a' }), 'a negative size');
});

test('owners and modes that no file can have', async () => {
  const root = await read(
    rawTar(
      paxEntry([
        ['uid', '-5'],
        ['gid', '99999999999'],
      ]),
      { name: 'a', mode: '7777777\0' },
    ),
  );
  const file = root.children.get('a');
  assert.equal([file?.uid, file?.gid, file?.mode], [65_534, 65_534, 0o7777]);
});

async function* endless(
  entries: (index: number) => readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  for (let index = 0; ; ) {
    const batch: Uint8Array[] = [];
    for (let end = index + 500; index < end; index++) batch.push(...entries(index));
    yield Buffer.concat(batch);
  }
}

test('a layer has a million files, and not many more', async () => {
  const block = rawEntry({ name: '0'.repeat(7) });
  const sum = Number.parseInt(block.toString('latin1', 148, 154), 8) - 7 * 0x30;
  const named = (index: number): Uint8Array => {
    const entry = Buffer.from(block);
    const digits = String(index).padStart(7, '0');
    entry.write(digits);
    const sumOfName = [...digits].reduce((total, digit) => total + digit.charCodeAt(0), 0);
    entry.write(octal(sum + sumOfName, 7), 148);
    return entry;
  };
  assert.match(await refusalOf(endless((at) => [named(at)])), 'more than 1048576 files');
  // The same one again and again, too.
  assert.match(await refusalOf(endless(() => [block])), 'more than 1048576 files');
});

test('names and attributes of all files together have a bound', async () => {
  const value = 'x'.repeat(100_000);
  const large = paxEntry([['SCHILY.xattr.user.large', value]]);
  const entries = endless((index) => [large, rawEntry({ name: String(index) })]);
  assert.match(await refusalOf(entries), 'more than 134217728 bytes of names and attributes');
  const pieces = Array.from({ length: 40_000 }, (_, index) => `${index * 2},1`).join(',');
  const sparse = paxEntry([
    ['GNU.sparse.size', '80000'],
    ['GNU.sparse.map', pieces],
  ]);
  const file = rawEntry({ name: 'sparse', content: 'x'.repeat(40_000) });
  const many = (async function* (): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.concat([sparse, file]);
  })();
  assert.match(await refusalOf(many), 'more than 1048576 pieces of sparse files');
});

test('global headers may be many', async () => {
  const value = 'x'.repeat(100_000);
  const global = paxEntry([['SCHILY.xattr.user.large', value]], 'g');
  const root = await read(rawTar(...Array.from({ length: 200 }, () => global), { name: 'a' }));
  assert.is(root.children.get('a')?.xattrs.size, 0);
});

test('an index of a hostile layer reads back as it was', async () => {
  const root = await read(
    rawTar(
      { name: '.wh.gone' },
      { name: 'd/.wh..wh..opq' },
      paxEntry([
        ['mtime', '-9223372036.854775808'],
        ['SCHILY.xattr.user.b', Uint8Array.of(0, 255)],
        ['GNU.sparse.size', '17592186044416'],
        ['GNU.sparse.map', '5,1,17592186044415,1'],
      ]),
      { name: 'sparse', content: 'ab' },
    ),
  );
  assert.equal(decodeLayerIndex(encodeLayerIndex(root)), root);
  const sparse = root.children.get('sparse');
  assert.is(sparse?.modifiedNs, -9_223_372_036_854_775_808n);
});

test.run();
