import * as fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import {
  type FileSystemFixture,
  namesOf,
  READ,
  readAll,
  runReadOnlySuite,
  SAMPLE,
  throwsErrno,
} from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';
import { openTestLayer, SAMPLE_TREE } from '../../suite/layer-fixture.ts';

function sampleLayer(): FileSystemFixture {
  const host = new HostFixture();
  const fileSystem = openTestLayer(host, SAMPLE_TREE);
  return {
    fileSystem,
    [Symbol.dispose]: () => {
      fileSystem[Symbol.dispose]();
      host[Symbol.dispose]();
    },
  };
}

runReadOnlySuite('layer', sampleLayer);

test('the archive stays open as long as anybody holds the layer or a file of it', () => {
  using host = new HostFixture();
  const layer = openTestLayer(host, SAMPLE_TREE);
  const second = layer.retain();
  const file = layer.root.lookup('hello').open(READ);
  layer[Symbol.dispose]();
  assert.is(second.root.lookup('hello').attributes().sizeBytes, 6);
  second[Symbol.dispose]();
  assert.is(readAll(file), SAMPLE.hello.content);
  file.close();
  file.close();
  throwsErrno(() => file.readAt(new Uint8Array(1), 0), ERRNO.EBADF);
  assert.throws(() => layer.retain(), 'layer used after it was disposed');
});

test('whiteouts are not files, and devices are not opened', () => {
  using host = new HostFixture();
  using layer = openTestLayer(host, {
    gone: { mark: 'whiteout' },
    tty: { kind: 'character-device' },
    pipe: { kind: 'fifo' },
  });
  assert.equal(namesOf(layer.root), ['pipe', 'tty']);
  throwsErrno(() => layer.root.lookup('gone'), ERRNO.ENOENT);
  throwsErrno(() => layer.root.lookup('tty').open(READ), ERRNO.ENXIO);
  throwsErrno(() => layer.root.lookup('pipe').open(READ), ERRNO.ENXIO);
});

test('an archive that is shorter than its index says is damaged, not empty', () => {
  using host = new HostFixture();
  using layer = openTestLayer(host, SAMPLE_TREE);
  const [archive] = fs.readdirSync(host.directory);
  fs.truncateSync(host.path(archive ?? ''), 100);
  const file = layer.root.lookup('hello').open(READ);
  throwsErrno(() => file.readAt(new Uint8Array(10), 0), ERRNO.EIO);
  file.close();
});

const PIECES = [
  { position: 3, sizeBytes: 2, offset: 512 },
  { position: 10, sizeBytes: 4, offset: 514 },
  { position: 14, sizeBytes: 1, offset: 518 },
  { position: 40_000, sizeBytes: 3, offset: 519 },
];

for (const sizeBytes of [10_000, 40_003, 50_000]) {
  test(`a sparse file of ${sizeBytes} bytes has zeros where the archive has nothing`, () => {
    const extents = PIECES.filter(({ position }) => position < sizeBytes);
    const expected = new Uint8Array(sizeBytes);
    for (const { position, sizeBytes: length, offset } of extents) {
      for (let index = 0; index < length; index++) {
        expected[position + index] = 'abcdefghij'.charCodeAt(offset - 512 + index);
      }
    }
    using host = new HostFixture();
    const sparse = { facts: { sizeBytes, extents }, of: 'abcdefghij' };
    using layer = openTestLayer(host, { sparse });
    const file = layer.root.lookup('sparse').open(READ);
    const starts = [0, 3, 4, 9, 11, 13, 15, 5000, 9_990, 39_999, 40_001, 49_999];
    for (const start of starts.filter((one) => one < sizeBytes)) {
      for (const length of [1, 2, 8, 100, sizeBytes]) {
        const target = new Uint8Array(length).fill(0xff);
        const wanted = expected.subarray(start, start + length);
        assert.is(file.readAt(target, start), wanted.length);
        assert.equal(target.subarray(0, wanted.length), wanted);
      }
    }
    assert.is(file.attributes().blocks, 1);
    file.close();
  });
}

test('a file of nothing but a hole', () => {
  using host = new HostFixture();
  const facts = { sizeBytes: 2 ** 44, extents: [] };
  using layer = openTestLayer(host, { hole: { facts, of: '' } });
  const file = layer.root.lookup('hole').open(READ);
  const target = new Uint8Array(10).fill(1);
  assert.equal([file.readAt(target, 2 ** 44 - 4), ...target], [4, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  assert.equal([file.attributes().sizeBytes, file.attributes().blocks], [2 ** 44, 0]);
  file.close();
});

test('small files are read from the archive once, as long as there is room for them', () => {
  using host = new HostFixture();
  let reads = 0;
  const readSync: typeof host.host.fs.readSync = (...args) => {
    reads++;
    return fs.readSync(...args);
  };
  Object.assign(host, { host: { ...host.host, fs: { ...fs, readSync } } });
  const texts = Array.from({ length: 70 }, (_, index) => String(index % 10).repeat(16_384));
  const small = Object.fromEntries(texts.map((text, index) => [String(index), text]));
  using layer = openTestLayer(host, { ...small, large: 'l'.repeat(16_385) });
  const read = (name: string): string => {
    const file = layer.root.lookup(name).open(READ);
    const text = readAll(file);
    file.close();
    return text;
  };
  for (let round = 0; round < 2; round++) assert.is(read('7'), texts[7]);
  assert.is(reads, 1);
  const file = layer.root.lookup('7').open(READ);
  const target = new Uint8Array(4).fill(1);
  assert.equal([file.readAt(target, 16_382), ...target], [2, 55, 55, 1, 1]);
  file.close();
  // As many as fit into a mebibyte.
  for (let index = 0; index < 64; index++) read(String(index));
  assert.is(reads, 64);
  read('0');
  assert.is(reads, 64);
  for (let index = 64; index < 70; index++) assert.is(read(String(index)), texts[index]);
  read('0');
  read('1');
  assert.is(reads, 71);
  read('large');
  reads = 0;
  assert.is(read('large').length, 16_385);
  assert.ok(reads > 0);
});

test.run();
