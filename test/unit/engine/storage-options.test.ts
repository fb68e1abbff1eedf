import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import type { MountRequest } from '../../../src/engine/create-request.ts';
import {
  NO_STORAGE_OPTIONS,
  rootfsOf,
  type StorageRequest,
  settleStorage,
  sizeLimitOf,
  tmpfsMountsOf,
} from '../../../src/engine/storage-options.ts';

const MEMORY = 1 << 30;
const SHM = { target: '/dev/shm', mode: 0o1777, uid: 0, gid: 0, isReadOnly: false };

function settle(part: Partial<StorageRequest>, mounts: readonly MountRequest[] = []) {
  return settleStorage({ ...NO_STORAGE_OPTIONS, shmSizeBytes: 0, ...part }, mounts);
}

function refuses(part: Partial<StorageRequest>, message: string): void {
  assert.throws(
    () => settle(part),
    (thrown: unknown) =>
      thrown instanceof EngineError &&
      thrown.kind === 'invalid-argument' &&
      thrown.message === message,
  );
}

test('nothing asked: 64 MiB at /dev/shm, and no limit', () => {
  const options = settle({});
  assert.is(sizeLimitOf(options), undefined);
  const sizeBytes = 64 << 20;
  assert.equal(tmpfsMountsOf(options, MEMORY), [{ ...SHM, sizeBytes, maxFiles: 16_384 }]);
  const plain = { layers: [], upperdir: '/u' };
  assert.equal(rootfsOf(options, [], '/u'), { ...plain, isReadOnly: false });
});

test('sizes are read as Docker reads them', () => {
  const limitOf = (size: string): number | undefined =>
    sizeLimitOf(settle({ driverOptions: { size } }));
  assert.is(limitOf('10G'), 10 * 2 ** 30);
  assert.is(limitOf('512'), 512);
  assert.is(limitOf('64mb'), 2 ** 26);
  assert.is(limitOf('1kib'), 1024);
  for (const size of ['', 'x', '-1', '1.5g', '1e3', '10%', '9999999999999g']) {
    refuses({ driverOptions: { size } }, `invalid size: '${size}'`);
  }
  refuses({ driverOptions: { foo: '1' } }, 'unknown storage option: foo');
  refuses({ shmSizeBytes: -1 }, 'SHM size can not be less than 0');
});

test('options of tmpfs', () => {
  const mountOf = (options: string) => {
    const mounts = tmpfsMountsOf(settle({ tmpfs: { '/run/': options } }), MEMORY);
    return mounts.find(({ target }) => target === '/run');
  };
  const plain = { ...SHM, target: '/run', sizeBytes: MEMORY / 2, maxFiles: MEMORY / 2 / 4096 };
  assert.equal(mountOf(''), plain);
  assert.equal(mountOf('rw,noexec,nosuid,nodev'), plain);
  assert.equal(mountOf('ro,size=8k,mode=700,uid=5,gid=6,nr_inodes=7'), {
    target: '/run',
    sizeBytes: 8192,
    maxFiles: 7,
    mode: 0o700,
    uid: 5,
    gid: 6,
    isReadOnly: true,
  });
  assert.is(mountOf('size=25%')?.sizeBytes, MEMORY / 4);
  for (const option of ['foo', 'mode=9', 'uid=-1', 'uid=4294967295', 'foo=1', 'mode=17777']) {
    refuses({ tmpfs: { '/run': option } }, `Invalid tmpfs option ${JSON.stringify(option)}`);
  }
  refuses({ tmpfs: { run: '' } }, "invalid mount path: 'run' mount path must be absolute");
  refuses({ tmpfs: { '/run': '', '/run/': '' } }, 'Duplicate mount point: /run');
});

test('mounts of type tmpfs are taken too, and one at /dev/shm is the only one there', () => {
  const request = {
    type: 'tmpfs',
    source: '',
    target: '/dev/shm',
    isReadOnly: false,
    isSourceCreated: false,
    tmpfsSizeBytes: 4096,
    tmpfsMode: 0o755,
  };
  assert.equal(tmpfsMountsOf(settle({}, [request, { ...request, type: 'bind' }]), MEMORY), [
    { ...SHM, sizeBytes: 4096, maxFiles: 1, mode: 0o755 },
  ]);
});

test.run();
