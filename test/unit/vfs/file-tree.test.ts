import * as fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import type { FileSystem } from '../../../src/vfs/contract.ts';
import { FileTree, type OpenOptions } from '../../../src/vfs/file-tree.ts';
import { openHostDirectory } from '../../../src/vfs/host-dir.ts';
import { LazyFileSystem } from '../../../src/vfs/lazy.ts';
import { openOverlay } from '../../../src/vfs/overlay.ts';
import type { Location } from '../../../src/vfs/path-walk.ts';
import { bytesOf, readAll, throwsErrno } from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';
import { openTestLayer, type Tree } from '../../suite/layer-fixture.ts';

process.umask(0o022);

const IMAGE: Tree = {
  bin: { sh: 'shell', link: { link: 'sh' } },
  etc: { hosts: 'hosts' },
  tmp: {},
  var: { run: { link: '/run' } },
  run: {},
  absolute: { link: '/etc/hosts' },
  escape: { link: '../../../etc/hosts' },
  loop: { link: 'loop' },
  dangling: { link: 'tmp/made' },
  directory: { link: 'bin/' },
};

/** A container's tree over an image, with a host directory beside it that can be mounted. */
class TreeFixture implements Disposable {
  readonly host = new HostFixture();
  readonly tree: FileTree;

  constructor() {
    const layers = [openTestLayer(this.host, IMAGE)];
    const upperdir = this.host.path('upper');
    this.tree = new FileTree(openOverlay({ layers, upperdir, paths: this.host.paths, device: 1n }));
    fs.mkdirSync(this.host.path('volume/sub'), { recursive: true });
    fs.writeFileSync(this.host.path('volume/file'), 'of the host');
  }

  get root(): Location {
    return this.tree.root;
  }

  bind(name = 'volume', isReadOnly = false): FileSystem {
    const source = this.host.path(name);
    return openHostDirectory(this.host.paths, { source, device: 2n, isReadOnly });
  }

  read(path: string, start = this.root): string {
    const opened = this.tree.open({ start, path }, OPEN);
    if (opened.type !== 'file') throw ERRNO.EISDIR;
    try {
      return readAll(opened.file);
    } finally {
      opened.file.close();
    }
  }

  write(path: string, text: string): void {
    const options = { ...OPEN, write: true, create: true, truncate: true };
    const opened = this.tree.open({ start: this.root, path }, options);
    if (opened.type !== 'file') throw ERRNO.EISDIR;
    opened.file.writeAt(bytesOf(text), 0);
    opened.file.close();
  }

  names(path: string): string[] {
    const directory = this.tree.resolve({ start: this.root, path }, true);
    return this.tree
      .list(directory)
      .map((entry) => entry.name)
      .sort();
  }

  at(path: string, start = this.root): { start: Location; path: string } {
    return { start, path };
  }

  [Symbol.dispose](): void {
    this.tree[Symbol.dispose]();
    this.host[Symbol.dispose]();
  }
}

const OPEN: OpenOptions = {
  read: true,
  write: false,
  create: false,
  exclusive: false,
  directory: false,
  truncate: false,
  followLast: true,
  permissions: 0o644,
};

test('paths are resolved as the kernel does', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  assert.is(fixture.read('/etc/hosts'), 'hosts');
  assert.is(fixture.read('etc//./hosts'), 'hosts');
  assert.is(fixture.read('bin/../etc/../../../etc/hosts'), 'hosts');
  assert.is(fixture.read('absolute'), 'hosts');
  assert.is(fixture.read('escape'), 'hosts');
  assert.is(fixture.read('directory/link'), 'shell');
  const bin = tree.resolve(fixture.at('bin'), true);
  assert.is(fixture.read('../etc/hosts', bin), 'hosts');
  assert.is(tree.resolve(fixture.at('..', bin), true).path, '/');
  assert.is(tree.resolve(fixture.at('link', bin), false).path, '/bin/link');
  assert.is(tree.resolve(fixture.at('/var/run/.'), true).path, '/run');
  assert.is(tree.resolve(fixture.at('directory'), false).node.kind, 'symlink');
  assert.is(tree.resolve(fixture.at('directory/'), false).path, '/bin');
});

test('paths that lead nowhere', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  const stat = (path: string) => () => tree.stat(fixture.at(path), true);
  throwsErrno(stat(''), ERRNO.ENOENT);
  throwsErrno(stat('none/x'), ERRNO.ENOENT);
  throwsErrno(stat('dangling'), ERRNO.ENOENT);
  throwsErrno(stat('etc/hosts/x'), ERRNO.ENOTDIR);
  throwsErrno(stat('etc/hosts/'), ERRNO.ENOTDIR);
  throwsErrno(stat('etc/hosts/..'), ERRNO.ENOTDIR);
  throwsErrno(stat('loop'), ERRNO.ELOOP);
  throwsErrno(stat('loop/x'), ERRNO.ELOOP);
  throwsErrno(stat('a\0b'), ERRNO.EINVAL);
  throwsErrno(stat('n'.repeat(256)), ERRNO.ENAMETOOLONG);
  throwsErrno(stat('ü'.repeat(128)), ERRNO.ENAMETOOLONG);
  throwsErrno(stat(`${'./'.repeat(2047)}etc`), ERRNO.ENAMETOOLONG);
  assert.is(tree.stat(fixture.at(`${'./'.repeat(2046)}etc`), true).kind, 'directory');
  throwsErrno(
    () => tree.stat({ start: tree.resolve(fixture.at('etc/hosts'), true), path: 'x' }, true),
    ERRNO.ENOTDIR,
  );
});

test('what a guest writes cannot lead out, where that is asked for', () => {
  using fixture = new TreeFixture();
  const { tree, root } = fixture;
  const bin = tree.resolve(fixture.at('bin'), true);
  const stat = (path: string, start = root) =>
    tree.stat({ start, path, refuseEscape: true }, true).kind;
  throwsErrno(() => stat('/etc'), ERRNO.ENOTCAPABLE);
  throwsErrno(() => stat('..'), ERRNO.ENOTCAPABLE);
  throwsErrno(() => stat('etc/../../etc'), ERRNO.ENOTCAPABLE);
  throwsErrno(() => stat('../../etc', bin), ERRNO.ENOTCAPABLE);
  throwsErrno(() => stat('directory/../..'), ERRNO.ENOTCAPABLE);
  assert.is(stat('../etc', bin), 'directory');
  assert.is(stat('absolute'), 'regular');
  assert.is(stat('escape'), 'regular');
});

test('open: creating, truncating, directories and links', () => {
  using fixture = new TreeFixture();
  const { tree, root } = fixture;
  const open = (path: string, options: Partial<OpenOptions>) =>
    tree.open({ start: root, path }, { ...OPEN, ...options });
  const create = { write: true, create: true };
  throwsErrno(() => open('tmp/x', {}), ERRNO.ENOENT);
  throwsErrno(() => open('tmp/x/', create), ERRNO.EISDIR);
  throwsErrno(() => open('tmp', create), ERRNO.EISDIR);
  throwsErrno(() => open('tmp', { write: true }), ERRNO.EISDIR);
  throwsErrno(() => open('tmp', { truncate: true }), ERRNO.EISDIR);
  throwsErrno(() => open('etc/hosts', { directory: true }), ERRNO.ENOTDIR);
  throwsErrno(() => open('tmp/x', { directory: true, create: true }), ERRNO.EINVAL);
  throwsErrno(() => open('etc/hosts', { ...create, exclusive: true }), ERRNO.EEXIST);
  throwsErrno(() => open('dangling', { ...create, exclusive: true }), ERRNO.EEXIST);
  throwsErrno(() => open('dangling', { ...create, followLast: false }), ERRNO.ELOOP);
  throwsErrno(() => open('absolute', { followLast: false }), ERRNO.ELOOP);
  fixture.write('dangling', 'by a link');
  assert.is(fixture.read('tmp/made'), 'by a link');
  fixture.write('tmp/made', 'x');
  assert.is(fixture.read('tmp/made'), 'x');
  const directory = open('directory/', { directory: true });
  assert.is(directory.type === 'directory' && directory.directory.path, '/bin');
});

test('trailing slashes and dots', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.makeDirectory(fixture.at('tmp/d/'), 0o755);
  throwsErrno(() => tree.makeDirectory(fixture.at('tmp/.'), 0o755), ERRNO.EEXIST);
  throwsErrno(() => tree.makeDirectory(fixture.at('/'), 0o755), ERRNO.EEXIST);
  throwsErrno(() => tree.makeSymlink('x', fixture.at('tmp/l/')), ERRNO.ENOENT);
  throwsErrno(() => tree.removeFile(fixture.at('etc/hosts/')), ERRNO.ENOTDIR);
  throwsErrno(() => tree.removeFile(fixture.at('tmp/d/')), ERRNO.EISDIR);
  throwsErrno(() => tree.removeFile(fixture.at('.')), ERRNO.EISDIR);
  throwsErrno(() => tree.removeFile(fixture.at('directory/')), ERRNO.ENOTDIR);
  throwsErrno(() => tree.removeDirectory(fixture.at('directory/')), ERRNO.ENOTDIR);
  throwsErrno(() => tree.removeDirectory(fixture.at('tmp/.')), ERRNO.EINVAL);
  throwsErrno(() => tree.removeDirectory(fixture.at('tmp/d/../')), ERRNO.ENOTEMPTY);
  throwsErrno(() => tree.removeDirectory(fixture.at('/')), ERRNO.EBUSY);
  throwsErrno(() => tree.rename(fixture.at('tmp/.'), fixture.at('x')), ERRNO.EBUSY);
  throwsErrno(() => tree.rename(fixture.at('etc/hosts/'), fixture.at('x')), ERRNO.ENOTDIR);
  throwsErrno(() => tree.rename(fixture.at('etc/hosts'), fixture.at('tmp/x/')), ERRNO.ENOTDIR);
  tree.rename(fixture.at('tmp/d/'), fixture.at('tmp/e/'));
  tree.removeDirectory(fixture.at('tmp/e/'));
  assert.equal(fixture.names('tmp'), []);
});

test('links and times', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.makeSymlink('../etc/hosts', fixture.at('tmp/link'));
  assert.is(tree.readLink(fixture.at('tmp/link')), '../etc/hosts');
  assert.is(fixture.read('tmp/link'), 'hosts');
  throwsErrno(() => tree.readLink(fixture.at('etc/hosts')), ERRNO.EINVAL);
  throwsErrno(() => tree.makeSymlink('', fixture.at('tmp/empty')), ERRNO.ENOENT);
  throwsErrno(() => tree.makeSymlink('x'.repeat(4096), fixture.at('t')), ERRNO.ENAMETOOLONG);
  tree.makeLink(fixture.at('tmp/link'), true, fixture.at('tmp/hard'));
  assert.is(tree.stat(fixture.at('etc/hosts'), true).linkCount, 2);
  tree.makeLink(fixture.at('tmp/link'), false, fixture.at('tmp/soft'));
  assert.is(tree.stat(fixture.at('tmp/soft'), false).kind, 'symlink');
  throwsErrno(() => tree.makeLink(fixture.at('etc'), true, fixture.at('tmp/e')), ERRNO.EPERM);
  tree.change(fixture.at('tmp/link'), true, { modifiedNs: 1_000_000_000n });
  assert.is(tree.stat(fixture.at('tmp/hard'), true).modifiedNs, 1_000_000_000n);
  tree.change(fixture.at('tmp/link'), false, { modifiedNs: 2_000_000_000n });
  assert.is(tree.stat(fixture.at('tmp/hard'), true).modifiedNs, 1_000_000_000n);
});

test('a mount is seen at its target, and crossed both ways', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.mount('/data/deep/here', fixture.bind());
  tree.mount('/var/run/socket', fixture.bind('volume/file'));
  assert.is(fixture.read('/data/deep/here/file'), 'of the host');
  assert.is(fixture.read('/run/socket'), 'of the host');
  assert.equal(fixture.names('/data/deep'), ['here']);
  assert.equal(fixture.names('/run'), ['socket']);
  assert.equal(fixture.names('/data/deep/here'), ['file', 'sub']);
  assert.equal(fixture.names('/data/deep/here/sub/../..'), ['here']);
  const sub = tree.resolve(fixture.at('/data/deep/here/sub'), true);
  assert.is(sub.path, '/data/deep/here/sub');
  assert.is(fixture.read('../../../../etc/hosts', sub), 'hosts');
  assert.is(tree.stat(fixture.at('/data/deep/here'), true).device, 2n);
  assert.is(tree.stat(fixture.at('/data/deep'), true).device, 1n);
  fixture.write('/data/deep/here/new', 'new');
  assert.is(fs.readFileSync(fixture.host.path('volume/new'), 'utf8'), 'new');
  // Docker makes the mount points in the container's own files.
  assert.equal(fs.readdirSync(fixture.host.path('upper/data/deep/here')), []);
  assert.is(fs.readFileSync(fixture.host.path('upper/run/socket'), 'utf8'), '');
});

test('links of a mounted host directory are resolved in the container', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  fs.writeFileSync(fixture.host.path('secret'), 'secret');
  fs.symlinkSync('../secret', fixture.host.path('volume/out'));
  fs.symlinkSync(fixture.host.path('secret'), fixture.host.path('volume/far'));
  fs.symlinkSync('/etc/hosts', fixture.host.path('volume/hosts'));
  tree.mount('/data', fixture.bind());
  throwsErrno(() => fixture.read('/data/out'), ERRNO.ENOENT);
  throwsErrno(() => fixture.read('/data/far'), ERRNO.ENOENT);
  throwsErrno(() => fixture.read('/data/../secret'), ERRNO.ENOENT);
  assert.is(fixture.read('/data/hosts'), 'hosts');
  fixture.write('/data/out', 'mine');
  assert.is(fixture.read('/secret'), 'mine');
  assert.is(fs.readFileSync(fixture.host.path('secret'), 'utf8'), 'secret');
});

test('mount points cannot be removed or renamed, nor what holds them', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.mount('/data/in', fixture.bind());
  for (const path of ['/data/in', '/data']) {
    throwsErrno(() => tree.removeDirectory(fixture.at(path)), ERRNO.EBUSY);
    throwsErrno(() => tree.rename(fixture.at(path), fixture.at('/x')), ERRNO.EBUSY);
    throwsErrno(() => tree.rename(fixture.at('/tmp'), fixture.at(path)), ERRNO.EBUSY);
  }
  const file = fixture.at('/data/in/file');
  throwsErrno(() => tree.rename(file, fixture.at('/tmp/x')), ERRNO.EXDEV);
  throwsErrno(() => tree.makeLink(file, true, fixture.at('/tmp/x')), ERRNO.EXDEV);
  tree.rename(file, fixture.at('/data/in/sub/moved'));
  assert.equal(fs.readdirSync(fixture.host.path('volume/sub')), ['moved']);
});

test('a virtual mount changes no files, and needs none; kinds must match; the root stays', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.mount('/dev', fixture.bind(), { isVirtual: true });
  assert.ok(fixture.names('/').includes('dev'));
  assert.equal(fixture.names('/dev'), ['file', 'sub']);
  assert.not.ok(fs.existsSync(fixture.host.path('upper')));
  let isMade = false;
  const lazy = new LazyFileSystem({ typeName: 'x', isReadOnly: true }, () => {
    isMade = true;
    return fixture.bind();
  });
  tree.mount('/dev/none', lazy, { isVirtual: true });
  assert.is(isMade, false);
  assert.equal(fixture.names('/dev/none'), ['file', 'sub']);
  assert.is(isMade, true);
  using refused = fixture.bind();
  throwsErrno(() => tree.mount('/etc/hosts', refused), ERRNO.ENOTDIR);
  throwsErrno(() => tree.mount('/', refused), ERRNO.EBUSY);
  throwsErrno(() => tree.mount('data', refused), ERRNO.EINVAL);
  using file = fixture.bind('volume/file');
  throwsErrno(() => tree.mount('/etc', file), ERRNO.ENOTDIR);
});

test('a read-only mount stays as it is', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.mount('/data', fixture.bind('volume', true));
  assert.is(fixture.read('/data/file'), 'of the host');
  throwsErrno(() => fixture.write('/data/file', 'x'), ERRNO.EROFS);
  throwsErrno(() => fixture.write('/data/new', 'x'), ERRNO.EROFS);
  throwsErrno(() => tree.makeDirectory(fixture.at('/data/d'), 0o755), ERRNO.EROFS);
  throwsErrno(() => tree.removeFile(fixture.at('/data/file')), ERRNO.EROFS);
  throwsErrno(() => tree.change(fixture.at('/data/file'), true, { sizeBytes: 0 }), ERRNO.EROFS);
});

test('no directory is deeper than can be handled', () => {
  using fixture = new TreeFixture();
  const { tree } = fixture;
  tree.mount('/data', fixture.bind());
  let at = tree.resolve(fixture.at('/data'), true);
  for (let depth = 1; depth < 2048; depth++) {
    tree.makeDirectory(fixture.at('d', at), 0o755);
    at = tree.resolve(fixture.at('d', at), true);
  }
  throwsErrno(() => tree.stat(fixture.at('d', at), true), ERRNO.ENAMETOOLONG);
  assert.is(at.names.length, 2048);
  assert.is(tree.stat(fixture.at('.', at), true).kind, 'directory');
});

test.run();
