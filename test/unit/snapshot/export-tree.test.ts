import * as fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LayerEntry } from '../../../src/archive/layer-index.ts';
import { readLayer } from '../../../src/archive/layer-reader.ts';
import { EngineError } from '../../../src/base/engine-error.ts';
import { exportTree } from '../../../src/snapshot/export-tree.ts';
import { LayeredSnapshots } from '../../../src/snapshot/layered-snapshots.ts';
import type { Vnode } from '../../../src/vfs/contract.ts';
import { openOverlay } from '../../../src/vfs/overlay.ts';
import { bytesOf, putFile, READ_WRITE } from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';
import { openTestLayer, type Tree } from '../../suite/layer-fixture.ts';

/** A container's overlay, written to as its cell would. */
function open(host: HostFixture, ...layers: readonly Tree[]) {
  return openOverlay({
    layers: layers.map((tree) => openTestLayer(host, tree)),
    upperdir: host.path('container', 'upper'),
    paths: host.paths,
    device: 3n,
  });
}

interface Exported {
  readonly archive: Buffer;
  readonly root: LayerEntry;
  /** In the archive's order. */
  readonly names: readonly string[];
}

async function exported(root: Vnode): Promise<Exported> {
  return readBack(exportTree(root));
}

async function readBack(parts: AsyncIterable<Uint8Array>): Promise<Exported> {
  const chunks: Uint8Array[] = [];
  const layer = await readLayer(parts, async (chunk) => {
    chunks.push(chunk);
  });
  const names: string[] = [];
  const walk = (entry: LayerEntry, path: string): void => {
    for (const child of entry.children.values()) {
      names.push(path + child.name);
      walk(child, `${path}${child.name}/`);
    }
  };
  walk(layer.root, '');
  return { archive: Buffer.concat(chunks), root: layer.root, names };
}

function at({ root }: Exported, path: string): LayerEntry {
  let entry = root;
  for (const name of path.split('/')) {
    const child = entry.children.get(name);
    if (!child) throw new Error(`no ${path}`);
    entry = child;
  }
  return entry;
}

function text(whole: Exported, path: string): string {
  const { offset, sizeBytes } = at(whole, path);
  return whole.archive.toString('utf8', offset, offset + sizeBytes);
}

test('layers and what was written over them are one tree, in order', async () => {
  using host = new HostFixture();
  using overlay = open(
    host,
    { etc: { motd: 'new' }, gone: { mark: 'whiteout' } },
    {
      etc: { motd: 'old', passwd: 'root' },
      gone: 'x',
      bin: { sh: 'shell' },
      link: { link: 'etc' },
    },
  );
  const etc = overlay.root.lookup('etc');
  etc.removeFile('passwd');
  putFile(etc, 'group', 'wheel');
  overlay.root.makeDirectory('srv', 0o1777);
  const whole = await exported(overlay.root);
  assert.equal(whole.names, ['bin', 'bin/sh', 'etc', 'etc/group', 'etc/motd', 'link', 'srv']);
  assert.equal(
    ['bin/sh', 'etc/motd', 'etc/group'].map((path) => text(whole, path)),
    ['shell', 'new', 'wheel'],
  );
  assert.equal([at(whole, 'link').linkTarget, at(whole, 'srv').mode], ['etc', 0o1777]);
  assert.equal((await exported(overlay.root)).archive, whole.archive);
});

test('owners, modes, times, attributes and kinds', async () => {
  using host = new HostFixture();
  const xattrs = new Map([['user.bytes', Uint8Array.of(0, 255, 10)]]);
  const facts = { uid: 5, gid: 6, mode: 0o4711, modifiedNs: 1_234_567_890n, xattrs };
  using overlay = open(host, {
    file: { facts, of: 'x' },
    tty: { facts: { rdev: 0x12310345 }, of: { kind: 'character-device' } },
    pipe: { kind: 'fifo' },
  });
  const changed = overlay.root.lookup('file');
  putFile(overlay.root, 'mine', 'y');
  const mine = overlay.root.lookup('mine');
  mine.change({ uid: 1000, gid: 1000, mode: 0o600, modifiedNs: 5_000_000_000n });
  mine.xattrs().set('security.capability', Uint8Array.of(1, 0, 2), 'create');
  overlay.root.makeNode('socket', 'socket', 0o600);
  overlay.root.makeNode('queue', 'fifo', 0o620);
  assert.is(changed.attributes().uid, 5);
  const whole = await exported(overlay.root);
  assert.equal(whole.names, ['file', 'mine', 'pipe', 'queue', 'tty']);
  const file = at(whole, 'file');
  assert.equal(
    [file.uid, file.gid, file.mode, file.modifiedNs, file.xattrs],
    [5, 6, 0o4711, 1_234_567_890n, xattrs],
  );
  const { uid, mode, modifiedNs, xattrs: ours } = at(whole, 'mine');
  assert.equal([uid, mode, modifiedNs], [1000, 0o600, 5_000_000_000n]);
  assert.equal(ours.get('security.capability'), Uint8Array.of(1, 0, 2));
  assert.equal([at(whole, 'tty').rdev, at(whole, 'tty').kind], [0x12310345, 'character-device']);
  assert.equal([at(whole, 'pipe').kind, at(whole, 'queue').kind], ['fifo', 'fifo']);
});

test('hard links stay what they are', async () => {
  using host = new HostFixture();
  const linked = { inode: 77, linkCount: 2 };
  using overlay = open(host, { a: { facts: linked, of: 'x' }, b: { facts: linked, of: '' } });
  putFile(overlay.root, 'c', 'y');
  overlay.root.makeLink('d', overlay.root.lookup('c'));
  const whole = await exported(overlay.root);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((path) => at(whole, path).inode);
  assert.equal([a === b, c === d, a === c], [true, true, false]);
  assert.equal([text(whole, 'b'), text(whole, 'd')], ['x', 'y']);
});

test('contents of all sizes, holes as zeros', async () => {
  using host = new HostFixture();
  const sizes = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 300_000];
  const tree = Object.fromEntries(sizes.map((size) => [`f${size}`, 'x'.repeat(size)]));
  const facts = {
    sizeBytes: 200_000,
    extents: [{ position: 100_000, sizeBytes: 3, offset: 512 }],
  };
  using overlay = open(host, { sparse: { facts, of: 'abc' } }, tree);
  const whole = await exported(overlay.root);
  for (const size of sizes) assert.is(text(whole, `f${size}`), 'x'.repeat(size));
  assert.is(text(whole, 'sparse'), `${'\0'.repeat(100_000)}abc${'\0'.repeat(99_997)}`);
});

test('what changes meanwhile: sizes hold, what is gone is left out', async () => {
  using host = new HostFixture();
  using overlay = open(host, {});
  for (const name of ['a', 'b', 'c', 'd']) putFile(overlay.root, name, name.repeat(200_000));
  const file = overlay.root.lookup('a').open(READ_WRITE);
  const parts = exportTree(overlay.root);
  const chunks: Uint8Array[] = [];
  for (let count = 0; count < 2; count++) {
    const { value } = await parts.next();
    if (value) chunks.push(value);
  }
  // Half of the first file is out.
  file.change({ sizeBytes: 150_000 });
  file.close();
  overlay.root.removeFile('b');
  putFile(overlay.root, 'b2', 'late');
  overlay.root.rename('c', overlay.root, 'e');
  const rest = (async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
    yield* parts;
  })();
  const whole = await readBack(rest);
  assert.equal(whole.names, ['a', 'd']);
  assert.is(text(whole, 'a'), `${'a'.repeat(150_000)}${'\0'.repeat(50_000)}`);
  assert.is(text(whole, 'd'), 'd'.repeat(200_000));
});

test('a file that grows is cut off where it ended', async () => {
  using host = new HostFixture();
  using overlay = open(host, {});
  putFile(overlay.root, 'a', 'a'.repeat(100_000));
  const parts = exportTree(overlay.root);
  const first = await parts.next();
  overlay.root
    .lookup('a')
    .open(READ_WRITE)
    .append(bytesOf('more'.repeat(1000)));
  const whole = await readBack(
    (async function* (): AsyncGenerator<Uint8Array> {
      if (first.value) yield first.value;
      yield* parts;
    })(),
  );
  assert.is(text(whole, 'a'), 'a'.repeat(100_000));
});

test('who stops early leaves nothing open', async () => {
  using host = new HostFixture();
  const { fs: real } = host.host;
  let open = 0;
  const counting = {
    ...real,
    openSync: (...args: Parameters<typeof real.openSync>) => {
      const fd = real.openSync(...args);
      open += 1;
      return fd;
    },
    closeSync: (fd: number) => {
      open -= 1;
      real.closeSync(fd);
    },
  };
  fs.mkdirSync(host.path('upper'));
  fs.writeFileSync(host.path('upper', 'large'), Buffer.alloc(1 << 20));
  {
    using snapshots = new LayeredSnapshots({ fs: counting, platform: process.platform });
    const source = { layers: [], upperdir: host.path('upper') };
    for await (const part of snapshots.export(source)) {
      assert.ok(part.length > 0 && open > 0);
      break;
    }
  }
  assert.is(open, 0);
});

test('nothing is written to the upperdir of a container that runs', async () => {
  using host = new HostFixture();
  using overlay = open(host, { a: 'x' });
  // The log of what the host cannot keep is longer than what holds: its writer would shorten it.
  for (let uid = 1; uid < 20; uid++) overlay.root.lookup('a').change({ uid });
  const list = (): string[] =>
    fs.readdirSync(host.directory, { recursive: true, withFileTypes: true }).map((entry) => {
      const { ino, size, mtimeNs } = fs.lstatSync(`${entry.parentPath}/${entry.name}`, {
        bigint: true,
      });
      return [entry.parentPath, entry.name, ino, size, mtimeNs].join(' ');
    });
  const before = list();
  using snapshots = new LayeredSnapshots(host.host);
  const source = { layers: [], upperdir: host.path('container', 'upper') };
  const whole = await readBack(snapshots.export(source));
  assert.equal(list(), before);
  assert.is(at(whole, 'a').uid, 19);
});

test('an archive of a layer that is cut off is told', async () => {
  using host = new HostFixture();
  using overlay = open(host, { etc: { large: 'x'.repeat(100_000) } });
  const [archive = ''] = fs.readdirSync(host.directory).filter((name) => name.endsWith('.tar'));
  fs.truncateSync(host.path(archive), 50_000);
  const failure = await exported(overlay.root).catch((thrown: unknown) => thrown);
  assert.instance(failure, EngineError);
  assert.match(String(failure), 'cannot read /etc/large: EIO');
});

test.run();
