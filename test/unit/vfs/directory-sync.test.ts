import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { openHostDirectory } from '../../../src/vfs/host-dir.ts';
import { createHostPaths } from '../../../src/vfs/host-paths.ts';
import { openOverlay } from '../../../src/vfs/overlay.ts';
import { HostFixture } from '../../suite/host-fixture.ts';
import { openTestLayer } from '../../suite/layer-fixture.ts';

/** Host files that take note of what is synced, by inode, and fail when they are told to. */
class NotingHost {
  readonly synced: bigint[] = [];
  failure: string | undefined;
  readonly fs = {
    ...fs,
    fsync: (fd: number, callback: (error: Error | null) => void): void => {
      this.synced.push(fs.fstatSync(fd, { bigint: true }).ino);
      const { failure } = this;
      if (failure === undefined) fs.fsync(fd, callback);
      else callback(Object.assign(new Error(failure), { code: failure }));
    },
  };
  readonly paths = createHostPaths({ fs: this.fs, platform: process.platform });
}

const inodeOf = (path: string): bigint => fs.lstatSync(path, { bigint: true }).ino;

test('a directory of the host is synced, and not what is in it', async () => {
  using fixture = new HostFixture();
  const host = new NotingHost();
  fs.mkdirSync(fixture.path('d', 'e'), { recursive: true });
  const source = fixture.directory;
  using mounted = openHostDirectory(host.paths, { source, device: 5n, isReadOnly: false });
  await mounted.root.lookup('d').sync?.();
  assert.equal(host.synced, [inodeOf(fixture.path('d'))]);
  await mounted.root.sync?.();
  assert.equal(host.synced.slice(1), [inodeOf(source)]);
});

test('what the host cannot sync is told', async () => {
  using fixture = new HostFixture();
  const host = new NotingHost();
  const source = fixture.directory;
  using mounted = openHostDirectory(host.paths, { source, device: 5n, isReadOnly: false });
  host.failure = 'EIO';
  let thrown: unknown;
  await mounted.root.sync?.().catch((reason: unknown) => {
    thrown = reason;
  });
  assert.is(thrown, ERRNO.EIO);
});

test('a container’s directory is synced with those above it, as far as the upperdir has them', async () => {
  using fixture = new HostFixture();
  const host = new NotingHost();
  const upperdir = fixture.path('upper');
  using overlay = openOverlay({
    layers: [openTestLayer(fixture, { a: { b: { file: 'x' } } })],
    upperdir,
    paths: host.paths,
    device: 3n,
  });
  const directory = overlay.root.lookup('a').lookup('b');
  await directory.sync?.();
  assert.equal(host.synced, [], 'nothing has been written');
  directory.makeDirectory('made', 0o755);
  await directory.sync?.();
  const expected = ['a/b', 'a', ''].map((name) => inodeOf(join(upperdir, name)));
  assert.equal(host.synced, expected);
});

test.run();
