import * as fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import type { FileSystem, Vnode } from '../../../src/vfs/contract.ts';
import { openOverlay } from '../../../src/vfs/overlay.ts';
import {
  bytesOf,
  contentOf,
  type FileSystemFixture,
  namesOf,
  putFile,
  READ,
  READ_WRITE,
  readAll,
  runReadOnlySuite,
  runWritableSuite,
  throwsErrno,
} from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';
import { openTestLayer, SAMPLE_TREE, type Tree } from '../../suite/layer-fixture.ts';

process.umask(0o022);

/**
 * A container: its layers (the topmost first) and its upperdir, which can be opened anew as after a
 * crash.
 */
class OverlayFixture implements FileSystemFixture {
  readonly host = new HostFixture();
  readonly upperdir = this.host.path('container', 'upper');
  fileSystem: FileSystem;
  readonly #trees: readonly Tree[];
  readonly #isReadOnly: boolean;

  constructor(trees: readonly Tree[], isReadOnly = false) {
    this.#trees = trees;
    this.#isReadOnly = isReadOnly;
    this.fileSystem = this.#open();
  }

  get root(): Vnode {
    return this.fileSystem.root;
  }

  reopen(): void {
    this.fileSystem[Symbol.dispose]();
    this.fileSystem = this.#open();
  }

  /** What the upperdir holds, marks included, without the work directory. */
  upperNames(...names: string[]): string[] {
    const path = [this.upperdir, ...names].join('/');
    return fs.readdirSync(path).filter((name) => name !== '.wh..wh.work');
  }

  [Symbol.dispose](): void {
    this.fileSystem[Symbol.dispose]();
    this.host[Symbol.dispose]();
  }

  #open(): FileSystem {
    return openOverlay({
      layers: this.#trees.map((tree) => openTestLayer(this.host, tree)),
      upperdir: this.upperdir,
      paths: this.host.paths,
      device: 3n,
      isReadOnly: this.#isReadOnly,
    });
  }
}

runWritableSuite('overlay without layers', () => new OverlayFixture([]));
runWritableSuite('overlay over an empty layer', () => new OverlayFixture([{}]));
runReadOnlySuite('overlay read-only', () => new OverlayFixture([SAMPLE_TREE], true));

const TWO_LAYERS: readonly Tree[] = [
  {
    etc: { passwd: 'upper passwd', group: { mark: 'whiteout' }, new: 'new' },
    gone: { mark: 'whiteout' },
    var: { opaque: { fresh: 'fresh' } },
    file: 'file over directory',
  },
  {
    etc: { passwd: 'lower passwd', group: 'group', hosts: 'hosts' },
    gone: { x: 'x' },
    var: { old: 'old' },
    file: { x: 'x' },
    bin: { sh: 'shell', ash: { link: 'sh' } },
    null: { kind: 'character-device' },
  },
];

test('layers are merged, with their whiteouts and opaque directories', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const { root } = fixture;
  assert.equal(namesOf(root), ['bin', 'etc', 'file', 'null', 'var']);
  assert.equal(namesOf(root.lookup('etc')), ['hosts', 'new', 'passwd']);
  assert.is(contentOf(root.lookup('etc').lookup('passwd')), 'upper passwd');
  assert.is(contentOf(root.lookup('etc').lookup('hosts')), 'hosts');
  throwsErrno(() => root.lookup('etc').lookup('group'), ERRNO.ENOENT);
  throwsErrno(() => root.lookup('gone'), ERRNO.ENOENT);
  assert.equal(namesOf(root.lookup('var')), ['fresh']);
  assert.is(contentOf(root.lookup('file')), 'file over directory');
  throwsErrno(() => root.lookup('null').open(READ), ERRNO.ENXIO);
  for (const { name, inode, kind } of root.list()) {
    const { attributes } = { attributes: root.lookup(name).attributes() };
    assert.equal([attributes.inode, attributes.kind, attributes.device], [inode, kind, 3n]);
  }
});

test('a container that writes nothing has no upperdir', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  contentOf(fixture.root.lookup('etc').lookup('passwd'));
  throwsErrno(() => fixture.root.removeFile('none'), ERRNO.ENOENT);
  throwsErrno(() => fixture.root.makeDirectory('etc', 0o755), ERRNO.EEXIST);
  throwsErrno(() => fixture.root.removeDirectory('etc'), ERRNO.ENOTEMPTY);
  assert.not.ok(fs.existsSync(fixture.upperdir));
});

test('a file is copied up with contents, mode, times and inode when it is written', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const etc = fixture.root.lookup('etc');
  const passwd = etc.lookup('passwd');
  const other = etc.lookup('passwd');
  const before = passwd.attributes();
  const reader = passwd.open(READ);
  const file = passwd.open(READ_WRITE);
  assert.equal(file.attributes().inode, before.inode);
  assert.is(file.attributes().modifiedNs, before.modifiedNs);
  file.writeAt(bytesOf('UPPER'), 0);
  file.close();
  assert.is(contentOf(other), 'UPPER passwd');
  assert.is(readAll(reader), 'upper passwd');
  reader.close();
  assert.is(etc.lookup('passwd').attributes().mode, before.mode);
  assert.equal(fixture.upperNames(), ['etc']);
  assert.equal(fixture.upperNames('etc'), ['passwd']);
  assert.equal(fs.readdirSync(`${fixture.upperdir}/.wh..wh.work`), []);
  fixture.reopen();
  assert.is(contentOf(fixture.root.lookup('etc').lookup('passwd')), 'UPPER passwd');
  assert.equal(namesOf(fixture.root.lookup('etc')), ['hosts', 'new', 'passwd']);
});

test('truncating does not copy, changing times and links does', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const bin = fixture.root.lookup('bin');
  bin.lookup('sh').open({ read: false, write: true, truncate: true }).close();
  assert.is(contentOf(bin.lookup('sh')), '');
  bin.lookup('ash').change({ modifiedNs: 1_000_000_000n });
  assert.is(bin.lookup('ash').readLink(), 'sh');
  assert.is(bin.lookup('ash').attributes().modifiedNs, 1_000_000_000n);
  const hosts = fixture.root.lookup('etc').lookup('hosts');
  const open = hosts.open(READ);
  open.change({ modifiedNs: 2_000_000_000n });
  open.close();
  assert.is(hosts.attributes().modifiedNs, 2_000_000_000n);
  assert.is(contentOf(hosts), 'hosts');
  throwsErrno(() => fixture.root.lookup('null').change({ mode: 0o600 }), ERRNO.EPERM);
});

test('what is removed stays away, and may come back as something else', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const { root } = fixture;
  const bin = root.lookup('bin');
  bin.removeFile('sh');
  bin.removeFile('ash');
  assert.equal(namesOf(bin), []);
  assert.equal(fixture.upperNames('bin'), ['.wh.ash', '.wh.sh']);
  root.removeDirectory('bin');
  throwsErrno(() => bin.createFile('x', 0o644, READ_WRITE), ERRNO.ENOENT);
  throwsErrno(() => root.lookup('bin'), ERRNO.ENOENT);
  assert.equal(fixture.upperNames(), ['.wh.bin']);
  fixture.reopen();
  throwsErrno(() => fixture.root.lookup('bin'), ERRNO.ENOENT);
  fixture.root.makeDirectory('bin', 0o755);
  assert.equal(namesOf(fixture.root.lookup('bin')), []);
  assert.equal(fixture.upperNames(), ['bin']);
  assert.equal(fixture.upperNames('bin'), ['.wh..wh..opq']);
  fixture.reopen();
  assert.equal(namesOf(fixture.root.lookup('bin')), []);
  fixture.root.removeDirectory('bin');
  putFile(fixture.root, 'bin', 'now a file');
  assert.equal(fixture.upperNames(), ['bin']);
  fixture.reopen();
  assert.is(contentOf(fixture.root.lookup('bin')), 'now a file');
});

test('rename of a file of a layer leaves a whiteout', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const [etc, bin] = [fixture.root.lookup('etc'), fixture.root.lookup('bin')];
  etc.rename('hosts', bin, 'sh');
  for (let times = 0; times < 2; times++) {
    const { root } = fixture;
    assert.is(contentOf(root.lookup('bin').lookup('sh')), 'hosts');
    assert.equal(namesOf(root.lookup('etc')), ['new', 'passwd']);
    fixture.reopen();
  }
  fixture.root.lookup('bin').removeFile('sh');
  assert.equal(namesOf(fixture.root.lookup('bin')), ['ash']);
});

test('rename of a directory: EXDEV when layers have part of it; what is hidden stays so', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const { root } = fixture;
  throwsErrno(() => root.rename('etc', root, 'moved'), ERRNO.EXDEV);
  throwsErrno(() => root.rename('etc', root, 'file'), ERRNO.ENOTDIR);
  root.makeDirectory('own', 0o755);
  putFile(root.lookup('own'), 'x', 'x');
  throwsErrno(() => root.rename('own', root, 'bin'), ERRNO.ENOTEMPTY);
  throwsErrno(() => root.rename('own', root.lookup('own'), 'y'), ERRNO.EINVAL);
  const bin = root.lookup('bin');
  bin.removeFile('sh');
  bin.removeFile('ash');
  root.rename('own', root, 'bin');
  throwsErrno(() => bin.createFile('x', 0o644, READ_WRITE), ERRNO.ENOENT);
  for (let times = 0; times < 2; times++) {
    assert.equal(namesOf(fixture.root.lookup('bin')), ['x']);
    throwsErrno(() => fixture.root.lookup('own'), ERRNO.ENOENT);
    fixture.reopen();
  }
});

test('names that mean something in the upperdir are not a guest’s', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const { root } = fixture;
  putFile(root, 'x', 'x');
  const bin = root.lookup('bin');
  bin.removeFile('sh');
  for (const name of ['.wh.x', '.wh..wh..opq', '.wh.', '.wh..wh.work']) {
    throwsErrno(() => root.createFile(name, 0o644, READ_WRITE), ERRNO.EPERM);
    throwsErrno(() => root.makeDirectory(name, 0o755), ERRNO.EPERM);
    throwsErrno(() => root.makeSymlink(name, 'x'), ERRNO.EPERM);
    throwsErrno(() => root.makeLink(name, root.lookup('x')), ERRNO.EPERM);
    throwsErrno(() => root.rename('x', root, name), ERRNO.EPERM);
    throwsErrno(() => root.lookup(name), ERRNO.ENOENT);
  }
  throwsErrno(() => bin.lookup('.wh.sh'), ERRNO.ENOENT);
  throwsErrno(() => bin.removeFile('.wh.sh'), ERRNO.EPERM);
  assert.equal(namesOf(bin), ['ash']);
  assert.not.ok(namesOf(root).some((name) => name.startsWith('.wh.')));
});

test('hard links to a file of a layer', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  const { root } = fixture;
  root.makeLink('hosts', root.lookup('etc').lookup('hosts'));
  const [one, other] = [root.lookup('hosts'), root.lookup('etc').lookup('hosts')];
  assert.is(one.attributes().inode, other.attributes().inode);
  assert.is(one.attributes().linkCount, 2);
  const file = one.open(READ_WRITE);
  file.append(bytesOf('+'));
  file.close();
  assert.is(contentOf(other), 'hosts+');
  root.rename('hosts', root.lookup('etc'), 'hosts');
  assert.is(contentOf(root.lookup('hosts')), 'hosts+');
});

test('what a crash leaves means nothing', () => {
  using fixture = new OverlayFixture(TWO_LAYERS);
  putFile(fixture.root, 'x', 'x');
  fixture.root.lookup('bin').removeFile('sh');
  fixture.root.makeDirectory('d', 0o755);
  // Marks beside what outdoes them, half a copy and a discarded directory in the work directory.
  fs.writeFileSync(`${fixture.upperdir}/.wh.x`, '');
  fs.writeFileSync(`${fixture.upperdir}/.wh.bin`, '');
  fs.mkdirSync(`${fixture.upperdir}/.wh..wh.work/1`, { recursive: true });
  fs.writeFileSync(`${fixture.upperdir}/.wh..wh.work/1/.wh.y`, '');
  fs.writeFileSync(`${fixture.upperdir}/.wh..wh.work/2`, 'half');
  fixture.reopen();
  assert.is(contentOf(fixture.root.lookup('x')), 'x');
  assert.equal(namesOf(fixture.root.lookup('bin')), []);
  fixture.root.lookup('etc').lookup('hosts').open(READ_WRITE).close();
  assert.equal(fs.readdirSync(`${fixture.upperdir}/.wh..wh.work`), []);
  fixture.root.removeFile('x');
  throwsErrno(() => fixture.root.lookup('x'), ERRNO.ENOENT);
});

test('holes of a sparse file are copied as holes', () => {
  const sizeBytes = 2 ** 36;
  const extents = [
    { position: 2 ** 20, sizeBytes: 3, offset: 512 },
    { position: 2 ** 35, sizeBytes: 4, offset: 515 },
  ];
  using fixture = new OverlayFixture([
    { sparse: { facts: { sizeBytes, extents }, of: 'onetwo2' } },
  ]);
  const file = fixture.root.lookup('sparse').open(READ_WRITE);
  file.writeAt(bytesOf('new'), 5);
  const at = (position: number): string => {
    const target = new Uint8Array(4);
    file.readAt(target, position);
    return Buffer.from(target).toString();
  };
  assert.equal([at(4), at(2 ** 20 - 1), at(2 ** 35)], ['\0new', '\0one', 'two2']);
  assert.is(file.attributes().sizeBytes, sizeBytes);
  assert.ok(file.attributes().blocks < 1000);
  file.close();
});

test('a copy that does not succeed leaves the old file and nothing else', () => {
  using host = new HostFixture();
  const layers = [openTestLayer(host, { big: 'x'.repeat(100_000) })];
  fs.truncateSync(host.path(fs.readdirSync(host.directory)[0] ?? ''), 50_000);
  const upperdir = host.path('upper');
  using overlay = openOverlay({ layers, upperdir, paths: host.paths, device: 1n });
  throwsErrno(() => overlay.root.lookup('big').open(READ_WRITE), ERRNO.EIO);
  assert.equal(fs.readdirSync(upperdir), ['.wh..wh.work']);
  assert.equal(fs.readdirSync(`${upperdir}/.wh..wh.work`), []);
  assert.is(overlay.root.lookup('big').attributes().sizeBytes, 100_000);
});

test('a directory with more names than are kept in memory', () => {
  using fixture = new OverlayFixture([{ d: { a: 'a', b: 'b' } }]);
  const d = fixture.root.lookup('d');
  putFile(d, 'first', '');
  for (let count = 0; count < 4200; count++) {
    fs.writeFileSync(`${fixture.upperdir}/d/f${count}`, '');
  }
  fixture.reopen();
  const again = fixture.root.lookup('d');
  assert.is(again.list().length, 4203);
  throwsErrno(() => again.lookup('none'), ERRNO.ENOENT);
  again.removeFile('a');
  throwsErrno(() => again.lookup('a'), ERRNO.ENOENT);
  throwsErrno(() => again.createFile('f77', 0o644, READ_WRITE), ERRNO.EEXIST);
  assert.is(again.lookup('f4199').kind, 'regular');
});

test('a name whose whiteout would have no name is kept', () => {
  const name = 'n'.repeat(252);
  using fixture = new OverlayFixture([{ [name]: 'x' }]);
  throwsErrno(() => fixture.root.removeFile(name), ERRNO.ENAMETOOLONG);
  assert.is(contentOf(fixture.root.lookup(name)), 'x');
});

test('an upperdir that is no directory is refused', () => {
  using host = new HostFixture();
  fs.writeFileSync(host.path('file'), '');
  throwsErrno(
    () => openOverlay({ layers: [], upperdir: host.path('file'), paths: host.paths, device: 1n }),
    ERRNO.ENOTDIR,
  );
});

test('what an image says of its files holds when they are brought up, and after a restart', () => {
  const xattrs = new Map([['user.x', bytesOf('value')]]);
  const facts = { uid: 5, gid: 6, xattrs };
  using fixture = new OverlayFixture([
    {
      d: {
        facts: { ...facts, mode: 0o1750 },
        of: {
          file: { facts: { ...facts, mode: 0o4111 }, of: 'content' },
          link: { facts: { uid: 7 }, of: { link: 'file' } },
          pipe: { facts: { uid: 8, mode: 0o622 }, of: { kind: 'fifo' } },
          null: { facts: { rdev: 0x103, mode: 0o666 }, of: { kind: 'character-device' } },
        },
      },
    },
  ]);
  const shown = (): string[] => {
    const directory = fixture.root.lookup('d');
    return [directory, ...directory.list().map(({ name }) => directory.lookup(name))].map(
      (vnode) => {
        const { kind, mode, uid, gid, rdev } = vnode.attributes();
        return `${kind} ${mode.toString(8)} ${uid} ${gid} ${rdev} ${vnode.xattrs().list()}`;
      },
    );
  };
  const before = shown();
  assert.equal(before, [
    'directory 1750 5 6 0 user.x',
    'regular 4111 5 6 0 user.x',
    'symlink 644 7 0 0 ',
    'character-device 666 0 0 259 ',
    'fifo 622 8 0 0 ',
  ]);
  const directory = fixture.root.lookup('d');
  const { modifiedNs } = directory.attributes();
  for (const name of ['file', 'link', 'pipe']) directory.lookup(name).change({ modifiedNs: 5n });
  throwsErrno(() => directory.lookup('null').change({ modifiedNs: 5n }), ERRNO.EPERM);
  throwsErrno(() => directory.lookup('null').open(READ), ERRNO.ENXIO);
  assert.equal(fixture.upperNames('d').sort(), ['file', 'link', 'pipe']);
  assert.is(directory.attributes().modifiedNs, modifiedNs);
  const after = before.map((line) => line.replace('symlink 644', 'symlink 777'));
  assert.equal(shown(), after);
  fixture.reopen();
  assert.equal(shown(), after);
  assert.is(contentOf(fixture.root.lookup('d').lookup('file')), 'content');
  fixture.root.lookup('d').lookup('file').xattrs().remove('user.x');
  fixture.reopen();
  assert.equal(fixture.root.lookup('d').lookup('file').xattrs().list(), []);
});

test.run();
