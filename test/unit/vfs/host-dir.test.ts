import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import type { FileSystem } from '../../../src/vfs/contract.ts';
import { openHostDirectory } from '../../../src/vfs/host-dir.ts';
import { createHostPaths } from '../../../src/vfs/host-paths.ts';
import { Sidecar } from '../../../src/vfs/sidecar.ts';
import {
  bytesOf,
  contentOf,
  type FileSystemFixture,
  namesOf,
  putFile,
  READ,
  READ_WRITE,
  runReadOnlySuite,
  runWritableSuite,
  SAMPLE,
  throwsErrno,
} from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';

process.umask(0o022);

function open(fixture: HostFixture, source: string, isReadOnly = false): FileSystem {
  return openHostDirectory(fixture.paths, { source, device: 7n, isReadOnly });
}

function mounted(platform: string, capacity: number, isReadOnly = false): FileSystemFixture {
  const fixture = new HostFixture(platform, capacity);
  if (isReadOnly) writeSample(fixture);
  const fileSystem = open(fixture, fixture.directory, isReadOnly);
  return {
    fileSystem,
    [Symbol.dispose]: () => {
      fileSystem[Symbol.dispose]();
      fixture[Symbol.dispose]();
    },
  };
}

function withSidecar(platform: string): FileSystemFixture {
  const fixture = new HostFixture(platform);
  const source = fixture.path('mount');
  fs.mkdirSync(source);
  const sidecar = new Sidecar(fixture.host, `${source}.attributes`);
  const options = { source, device: 7n, isReadOnly: false, sidecar };
  const fileSystem = openHostDirectory(fixture.paths, options);
  return {
    fileSystem,
    [Symbol.dispose]: () => {
      fileSystem[Symbol.dispose]();
      sidecar[Symbol.dispose]();
      fixture[Symbol.dispose]();
    },
  };
}

function writeSample(fixture: HostFixture): void {
  const { hello, directory, link } = SAMPLE;
  fs.writeFileSync(fixture.path(hello.name), hello.content, { mode: hello.mode });
  const seconds = Number(hello.modifiedNs / 1_000_000_000n);
  fs.utimesSync(fixture.path(hello.name), seconds, seconds);
  fs.mkdirSync(fixture.path(directory.name));
  fs.writeFileSync(fixture.path(directory.name, directory.inner), directory.innerContent);
  fs.symlinkSync(link.target, fixture.path(link.name));
}

// `other` stands for the hosts without /proc/self/fd: the same calls on plain, checked paths.
for (const platform of process.platform === 'linux' ? ['linux', 'other'] : [process.platform]) {
  const keepsOwners = false;
  runWritableSuite(`host-dir on ${platform}`, () => mounted(platform, 256), { keepsOwners });
  runWritableSuite(`host-dir with a sidecar on ${platform}`, () => withSidecar(platform));
  runReadOnlySuite(`host-dir read-only on ${platform}`, () => mounted(platform, 256, true));

  test(`a link that leads out is not followed (${platform})`, () => {
    using fixture = new HostFixture(platform);
    fs.mkdirSync(fixture.path('mount/sub'), { recursive: true });
    fs.mkdirSync(fixture.path('secret'));
    fs.writeFileSync(fixture.path('secret/key'), 'secret');
    fs.symlinkSync('../secret', fixture.path('mount/out'));
    fs.symlinkSync(fixture.path('secret/key'), fixture.path('mount/key'));
    using mount = open(fixture, fixture.path('mount'));
    const out = mount.root.lookup('out');
    throwsErrno(() => out.lookup('key'), ERRNO.ENOTDIR);
    throwsErrno(() => out.createFile('x', 0o644, READ_WRITE), ERRNO.ENOTDIR);
    throwsErrno(() => mount.root.lookup('key').open(READ), ERRNO.ELOOP);
    throwsErrno(() => mount.root.lookup('key').change({ sizeBytes: 0 }), ERRNO.EINVAL);
    throwsErrno(() => mount.root.lookup('key').change({ mode: 0o777 }), ERRNO.ENOTSUP);
    mount.root.lookup('key').change({ modifiedNs: 0n });
    assert.is.not(fs.statSync(fixture.path('secret/key')).mtimeMs, 0);
    throwsErrno(() => mount.root.createFile('key', 0o644, READ_WRITE), ERRNO.EEXIST);
    throwsErrno(() => mount.root.lookup('..'), ERRNO.EINVAL);
    throwsErrno(() => mount.root.lookup('sub/../../secret'), ERRNO.EINVAL);
  });

  test(`a directory swapped for a link between calls leads nowhere (${platform})`, () => {
    using fixture = new HostFixture(platform, 3);
    fs.mkdirSync(fixture.path('mount/sub/deep'), { recursive: true });
    fs.mkdirSync(fixture.path('secret/deep'), { recursive: true });
    fs.writeFileSync(fixture.path('secret/key'), 'secret');
    fs.writeFileSync(fixture.path('mount/sub/key'), 'mine');
    using mount = open(fixture, fixture.path('mount'));
    const sub = mount.root.lookup('sub');
    const deep = sub.lookup('deep');
    const key = sub.lookup('key');
    fs.renameSync(fixture.path('mount/sub'), fixture.path('mount/elsewhere'));
    fs.symlinkSync('../secret', fixture.path('mount/sub'));
    const answers = [
      answerOf(() => contentOf(key)),
      answerOf(() => contentOf(sub.lookup('key'))),
      answerOf(() => deep.createFile('x', 0o644, READ_WRITE).close()),
      answerOf(() => sub.removeFile('key')),
    ];
    assert.not.ok(answers.includes('secret'));
    assert.equal(fs.readdirSync(fixture.path('secret/deep')), []);
    assert.ok(fs.existsSync(fixture.path('secret/key')));
  });

  test(`a file swapped for a link between lookup and open is not followed (${platform})`, () => {
    using fixture = new HostFixture(platform);
    fs.mkdirSync(fixture.path('mount'));
    fs.writeFileSync(fixture.path('key'), 'secret');
    fs.writeFileSync(fixture.path('mount/file'), 'mine');
    using mount = open(fixture, fixture.path('mount'));
    const file = mount.root.lookup('file');
    fs.unlinkSync(fixture.path('mount/file'));
    fs.symlinkSync('../key', fixture.path('mount/file'));
    throwsErrno(() => file.open(READ), ERRNO.ELOOP);
    throwsErrno(() => file.open({ ...READ_WRITE, truncate: true }), ERRNO.ELOOP);
    throwsErrno(() => file.change({ sizeBytes: 0 }), ERRNO.ELOOP);
    assert.is(fs.readFileSync(fixture.path('key'), 'utf8'), 'secret');
  });

  test(`another directory under the same name is another directory (${platform})`, () => {
    using fixture = new HostFixture(platform, 3);
    fs.mkdirSync(fixture.path('a/b'), { recursive: true });
    using mount = open(fixture, fixture.directory);
    const held = mount.root.lookup('a').lookup('b');
    fs.renameSync(fixture.path('a'), fixture.path('c'));
    fs.mkdirSync(fixture.path('a/b'), { recursive: true });
    fs.writeFileSync(fixture.path('a/b/other'), '');
    // The directory that was meant still answers where a descriptor holds it; else it is not found
    // again.
    const answer = answerOf(() => held.lookup('other'));
    assert.ok(answer === ERRNO.ESTALE || answer === ERRNO.ENOENT);
    assert.equal(namesOf(mount.root.lookup('a').lookup('b')), ['other']);
  });

  test(`FIFOs and devices are seen and not opened (${platform})`, () => {
    using fixture = new HostFixture(platform);
    execFileSync('mkfifo', [fixture.path('fifo')]);
    using mount = open(fixture, fixture.directory);
    assert.is(mount.root.lookup('fifo').kind, 'fifo');
    throwsErrno(() => mount.root.lookup('fifo').open(READ), ERRNO.ENXIO);
    using devices = open(fixture, '/dev');
    assert.is(devices.root.lookup('null').kind, 'character-device');
    throwsErrno(() => devices.root.lookup('null').open(READ), ERRNO.EACCES);
  });

  test(`a file turned into a FIFO between lookup and open does not block (${platform})`, () => {
    using fixture = new HostFixture(platform);
    fs.writeFileSync(fixture.path('file'), '');
    using mount = open(fixture, fixture.directory);
    const file = mount.root.lookup('file');
    fs.unlinkSync(fixture.path('file'));
    execFileSync('mkfifo', [fixture.path('file')]);
    throwsErrno(() => file.open(READ), ERRNO.EACCES);
    throwsErrno(() => file.open({ ...READ, read: false, write: true }), ERRNO.ENXIO);
  });

  test(`a single file is a root of its own (${platform})`, () => {
    using fixture = new HostFixture(platform);
    fs.writeFileSync(fixture.path('config'), 'one', { mode: 0o644 });
    using mount = open(fixture, fixture.path('config'));
    assert.is(mount.root.kind, 'regular');
    assert.is(contentOf(mount.root), 'one');
    assert.is(mount.root.attributes().sizeBytes, 3);
    throwsErrno(() => mount.root.lookup('x'), ERRNO.ENOTDIR);
    const file = mount.root.open(READ_WRITE);
    file.append(bytesOf('two'));
    file.close();
    mount.root.change({ sizeBytes: 5, mode: 0o600, modifiedNs: 4_000_000_000n });
    assert.is(fs.readFileSync(fixture.path('config'), 'utf8'), 'onetw');
    const { mode, modifiedNs } = mount.root.attributes();
    assert.equal([mode, modifiedNs], [0o600, 4_000_000_000n]);
    using readOnly = open(fixture, fixture.path('config'), true);
    throwsErrno(() => readOnly.root.open(READ_WRITE), ERRNO.EROFS);
    throwsErrno(() => readOnly.root.change({ mode: 0o644 }), ERRNO.EROFS);
  });
}

function answerOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (thrown) {
    return thrown;
  }
}

test('a source that does not exist is ENOENT, and nothing stays open', () => {
  using fixture = new HostFixture();
  throwsErrno(() => open(fixture, fixture.path('none')), ERRNO.ENOENT);
});

test('set-id bits never reach the host', () => {
  using fixture = new HostFixture();
  using mount = open(fixture, fixture.directory);
  mount.root.createFile('x', 0o6755, READ_WRITE).close();
  mount.root.lookup('x').change({ mode: 0o7777 });
  assert.is(fs.statSync(fixture.path('x')).mode & 0o7777, 0o777);
});

test('a vnode of what was disposed reaches nothing', () => {
  using fixture = new HostFixture();
  const mount = open(fixture, fixture.directory);
  putFile(mount.root, 'x', 'x');
  const [file, opened] = [mount.root.lookup('x'), mount.root.lookup('x').open(READ)];
  mount[Symbol.dispose]();
  mount[Symbol.dispose]();
  const isLinux = process.platform === 'linux';
  if (isLinux) throwsErrno(() => file.attributes(), ERRNO.ESTALE);
  if (isLinux) throwsErrno(() => mount.root.list(), ERRNO.ESTALE);
  assert.is(opened.readAt(new Uint8Array(9), 0), 1);
  opened.close();
});

test('deep directories work with few descriptors, and none is left open', () => {
  const countOpen = (): number =>
    process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0;
  const before = countOpen();
  using fixture = new HostFixture(process.platform, 3);
  const mount = open(fixture, fixture.directory);
  let at = mount.root;
  const way = [at];
  for (let depth = 0; depth < 60; depth++) {
    at.makeDirectory('d', 0o755);
    at = at.lookup('d');
    way.push(at);
  }
  for (const directory of [...way].reverse()) putFile(directory, 'f', 'x');
  at.rename('f', mount.root, 'g');
  mount.root.rename('g', at, 'h');
  assert.equal(namesOf(at), ['h']);
  assert.ok(countOpen() <= before + 5, 'the cache is bounded');
  mount[Symbol.dispose]();
  assert.is(countOpen(), before);
});

test('a directory is not moved below itself by a detour over the host', () => {
  using fixture = new HostFixture(process.platform, 3);
  fs.mkdirSync(fixture.path('a/b'), { recursive: true });
  fs.mkdirSync(fixture.path('x/y/z/w'), { recursive: true });
  using mount = open(fixture, fixture.directory);
  const b = mount.root.lookup('a').lookup('b');
  b.list();
  fs.renameSync(fixture.path('a/b'), fixture.path('b'));
  // Only Linux reaches `b` by a descriptor that is still open.
  if (process.platform !== 'linux') return;
  mount.root.rename('a', b, 'a');
  let at = mount.root.lookup('x');
  for (const name of ['y', 'z', 'w']) {
    at = at.lookup(name);
    at.list();
  }
  throwsErrno(() => b.list(), ERRNO.ENOENT);
  assert.equal(namesOf(mount.root.lookup('b').lookup('a')), []);
});

test('a listing asks for no file before its reader does', () => {
  using fixture = new HostFixture();
  for (const name of ['a', 'b']) fs.writeFileSync(fixture.path(name), '');
  fs.mkdirSync(fixture.path('d'));
  let lookups = 0;
  const lstatSync: typeof fixture.host.fs.lstatSync = (path, options) => {
    lookups++;
    return fs.lstatSync(path, options);
  };
  using paths = createHostPaths({ fs: { ...fs, lstatSync }, platform: process.platform });
  const options = { source: fixture.directory, device: 7n, isReadOnly: true };
  using mount = openHostDirectory(paths, options);
  lookups = 0;
  const [a, b, d] = [...mount.root.list()].sort((one, other) => (one.name < other.name ? -1 : 1));
  assert.equal([a?.kind, b?.kind, d?.kind], ['regular', 'regular', 'directory']);
  assert.is(lookups, 0);
  assert.is(a?.inode, fs.statSync(fixture.path('a'), { bigint: true }).ino);
  fs.unlinkSync(fixture.path('b'));
  // Gone meanwhile: any number but 0, which libcs look up themselves.
  assert.ok(b?.inode);
  assert.is(lookups, 2);
});

// Elsewhere only the last name can be looked at.
const linuxTest = process.platform === 'linux' ? test : test.skip;
linuxTest('a source that was resolved leads through no link any more', () => {
  using fixture = new HostFixture();
  fs.mkdirSync(fixture.path('real/below'), { recursive: true });
  fs.writeFileSync(fixture.path('real/file'), 'x');
  fs.symlinkSync('real', fixture.path('link'));
  const mount = (name: string): FileSystem => {
    const source = fixture.path(name);
    const options = { source, device: 1n, isReadOnly: true, isSourceResolved: true };
    return openHostDirectory(fixture.paths, options);
  };
  for (const name of ['real', 'real/below', 'real/file']) mount(name)[Symbol.dispose]();
  throwsErrno(() => mount('link'), ERRNO.ELOOP);
  throwsErrno(() => mount('link/below'), ERRNO.ESTALE);
  throwsErrno(() => mount('link/file'), ERRNO.ESTALE);
  using unresolved = open(fixture, fixture.path('link'));
  assert.equal(namesOf(unresolved.root), ['below', 'file']);
});

test('with a sidecar the host never gets a mode that shuts us out, or a set-id bit', () => {
  using fixture = new HostFixture();
  const source = fixture.path('mount');
  fs.mkdirSync(source);
  using sidecar = new Sidecar(fixture.host, `${source}.attributes`);
  const options = { source, device: 7n, isReadOnly: false, sidecar };
  using mount = openHostDirectory(fixture.paths, options);
  mount.root.createFile('f', 0o4, READ_WRITE).close();
  mount.root.makeDirectory('d', 0o2050);
  const modeOf = (name: string): number => fs.statSync(`${source}/${name}`).mode & 0o7777;
  assert.equal([modeOf('f'), modeOf('d')], [0o604, 0o750]);
  mount.root.lookup('f').change({ mode: 0o6011 });
  mount.root.lookup('d').change({ mode: 0 });
  assert.equal([modeOf('f'), modeOf('d')], [0o611, 0o700]);
});

test('without a sidecar owners are the host’s business', () => {
  using fixture = new HostFixture();
  using mount = open(fixture, fixture.directory);
  putFile(mount.root, 'a', '');
  const vnode = mount.root.lookup('a');
  vnode.change({ uid: 0, gid: 0 });
  throwsErrno(() => vnode.change({ uid: 1 }), ERRNO.EPERM);
  throwsErrno(() => vnode.change({ gid: 1 }), ERRNO.EPERM);
  throwsErrno(() => vnode.xattrs().set('user.x', bytesOf('x'), 'create'), ERRNO.ENOTSUP);
  throwsErrno(() => mount.root.makeNode('f', 'fifo', 0o644), ERRNO.EPERM);
  vnode.change({ mode: 0o6755 });
  assert.is(vnode.attributes().mode, 0o755);
});

test.run();
