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

test.run();
