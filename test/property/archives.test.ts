import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeLayerIndex,
  encodeLayerIndex,
  type LayerEntry,
} from '../../src/archive/layer-index.ts';
import { readLayer } from '../../src/archive/layer-reader.ts';
import { TarReader } from '../../src/archive/tar-reader.ts';
import {
  PLAIN_FILE,
  TAR_END,
  type TarMember,
  tarHeader,
  tarPadding,
} from '../../src/archive/tar-writer.ts';
import { EngineError } from '../../src/base/engine-error.ts';
import { exportTree } from '../../src/snapshot/export-tree.ts';
import { Layer } from '../../src/vfs/layer.ts';
import { HostFixture } from '../suite/host-fixture.ts';

// For a longer run: COUNT is how many trees, SEED where they begin.
const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);
const COUNT = Number(process.env['COUNT'] ?? 8);

interface Piece {
  readonly position: number;
  readonly letter: string;
  readonly length: number;
}

const SECOND = 1_000_000_000n;

/** A file as a test describes it: kind and what a reader sees of it. */
type TestFile =
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'hard-link'; readonly to: number }
  | {
      readonly kind: 'regular';
      readonly mode: number;
      readonly modifiedNs: bigint;
      /** What is in it, by where it begins; zeros between. */
      readonly pieces: readonly Piece[];
      readonly sizeBytes: number;
    };

type TestTree = ReadonlyMap<string, TestFile>;

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'e\u{301}t\u{e9}', '\u{1f33f}', 'with space', 'new\nline', '-x'),
  fc.integer({ min: 90, max: 110 }).map((length) => 'n'.repeat(length)),
);
const mode = fc.constantFrom(0o644, 0o600, 0o755, 0o4755, 0o1777);
/** tar-stream cannot write later ones. */
const seconds = fc.bigInt({ min: 0n, max: 2n ** 31n - 1n });
/** Fractions that the host's calls, which take doubles, keep exactly. */
const nanoseconds = fc.bigInt({ min: 0n, max: 255n }).map((parts) => parts * 3_906_250n);
const piece = fc.record({
  gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 })),
  length: fc.integer({ min: 1, max: 3000 }),
});

const regular = fc
  .record({
    mode,
    modifiedNs: fc.tuple(seconds, nanoseconds).map(([s, ns]) => s * 1_000_000_000n + ns),
    pieces: fc.array(piece, { maxLength: 30, size: 'max' }),
    tail: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30_000 })),
  })
  .map(({ pieces: gaps, tail, ...facts }) => {
    let end = 0;
    const pieces = gaps.map(({ gap, length }, index) => {
      const position = end + gap;
      end = position + length;
      return { position, letter: String.fromCharCode(97 + (index % 26)), length };
    });
    return { kind: 'regular' as const, ...facts, pieces, sizeBytes: end + tail };
  });

const file = fc.oneof(
  { weight: 5, arbitrary: regular },
  fc.record({ kind: fc.constant('directory' as const), mode }),
  fc.record({
    kind: fc.constant('symlink' as const),
    target: fc.oneof(name, fc.constant('t'.repeat(180)), fc.constant('../../etc/passwd')),
  }),
  fc.record({ kind: fc.constant('hard-link' as const), to: fc.nat(100) }),
);

/** Directories come before what is in them; hard links lead to files that are there. */
const tree = fc
  .array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), file), { maxLength: 12 })
  .map((entries): TestTree => {
    const files = new Map<string, TestFile>();
    for (const [names, one] of entries) {
      const path = names.join('/');
      const parents = names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
      const isFree =
        !files.has(path) &&
        parents.every((parent) => {
          const present = files.get(parent);
          return !present || present.kind === 'directory';
        });
      const targets = [...files].filter(([, { kind }]) => kind === 'regular');
      if (!isFree || (one.kind === 'hard-link' && targets.length === 0)) continue;
      for (const parent of parents) {
        if (!files.has(parent)) files.set(parent, { kind: 'directory', mode: 0o755 });
      }
      files.set(path, one.kind === 'hard-link' ? { ...one, to: one.to % targets.length } : one);
    }
    return files;
  });

function contentOf({ pieces, sizeBytes }: TestFile & { readonly kind: 'regular' }): Buffer {
  const content = Buffer.alloc(sizeBytes);
  for (const { position, letter, length } of pieces) {
    content.fill(letter, position, position + length);
  }
  return content;
}

function linkTarget(files: TestTree, to: number): string {
  return [...files].filter(([, { kind }]) => kind === 'regular')[to]?.[0] ?? '';
}

/** Writes a tree to the host, holes as holes. */
function writeTree(files: TestTree, directory: string): void {
  for (const [path, one] of files) {
    const at = `${directory}/${path}`;
    if (one.kind === 'directory') fs.mkdirSync(at);
    else if (one.kind === 'symlink') fs.symlinkSync(one.target, at);
    else if (one.kind === 'hard-link') fs.linkSync(`${directory}/${linkTarget(files, one.to)}`, at);
    else {
      const fd = fs.openSync(at, 'wx');
      for (const { position, letter, length } of one.pieces) {
        fs.writeSync(fd, letter.repeat(length), position);
      }
      fs.ftruncateSync(fd, one.sizeBytes);
      fs.closeSync(fd);
    }
  }
  for (const [path, one] of [...files].reverse()) {
    if (one.kind === 'directory' || one.kind === 'regular') {
      fs.chmodSync(`${directory}/${path}`, one.mode);
    }
    if (one.kind !== 'regular') continue;
    const time = Number(one.modifiedNs / SECOND) + Number(one.modifiedNs % SECOND) / 1e9;
    fs.utimesSync(`${directory}/${path}`, time, time);
  }
}

interface Readable {
  readonly root: LayerEntry;
  readonly archive: Buffer;
}

async function readArchive(source: AsyncIterable<Uint8Array>): Promise<Readable> {
  const chunks: Uint8Array[] = [];
  const { root } = await readLayer(source, async (chunk) => {
    chunks.push(chunk);
  });
  // What is kept is the index.
  return { root: decodeLayerIndex(encodeLayerIndex(root)), archive: Buffer.concat(chunks) };
}

async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk;
}

async function* inChunks(bytes: Uint8Array, size = 10_007): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function entryAt({ root }: Readable, path: string): LayerEntry {
  let entry = root;
  for (const one of path.split('/')) {
    const child = entry.children.get(one);
    if (!child) throw new Error(`${JSON.stringify(path)} is not there`);
    entry = child;
  }
  return entry;
}

/** Through the file system that containers see. */
function contentThrough(host: HostFixture, { archive }: Readable, entry: LayerEntry): Buffer {
  const path = host.path('archive.tar');
  fs.writeFileSync(path, archive);
  using layer = Layer.fromIndex(entry, path, host.host);
  const content = Buffer.alloc(entry.sizeBytes);
  // In pieces that fall anywhere.
  for (let at = 0; at < content.length; ) {
    at += layer.readEntry(entry, content.subarray(at, at + 40_961), at);
  }
  return content;
}

function countOf(entry: LayerEntry): number {
  return [...entry.children.values()].reduce((count, child) => count + 1 + countOf(child), 0);
}

/** `timeStep`: to how many nanoseconds times are kept. */
function compare(files: TestTree, read: Readable, host: HostFixture, timeStep: bigint): void {
  assert.is(countOf(read.root), files.size);
  for (const [path, one] of files) {
    const entry = entryAt(read, path);
    if (one.kind === 'symlink')
      assert.equal([entry.kind, entry.linkTarget], [one.kind, one.target]);
    else if (one.kind === 'directory') {
      assert.equal([entry.kind, entry.mode], [one.kind, one.mode]);
    } else if (one.kind === 'hard-link') {
      assert.is(entry.inode, entryAt(read, linkTarget(files, one.to)).inode);
    } else {
      assert.equal([entry.kind, entry.mode, entry.sizeBytes], [one.kind, one.mode, one.sizeBytes]);
      assert.ok(contentThrough(host, read, entry).equals(contentOf(one)), path);
      assert.is(entry.modifiedNs / timeStep, one.modifiedNs / timeStep, path);
    }
  }
}

const GNU_FORMS: readonly { readonly flags: readonly string[]; readonly timeStep: bigint }[] = [
  { flags: ['--format=gnu'], timeStep: SECOND },
  { flags: ['--format=gnu', '--sparse'], timeStep: SECOND },
  { flags: ['--format=pax'], timeStep: 1n },
  { flags: ['--format=posix', '--sparse', '--sparse-version=0.0'], timeStep: 1n },
  { flags: ['--format=posix', '--sparse', '--sparse-version=0.1'], timeStep: 1n },
  { flags: ['--format=posix', '--sparse', '--sparse-version=1.0'], timeStep: 1n },
];

const hasTar = spawnSync('tar', ['--version']).stdout?.toString().includes('GNU tar') === true;
if (!hasTar) console.log('skipped: GNU tar is not here to write archives');

for (const { flags, timeStep } of hasTar ? GNU_FORMS : []) {
  test(`what GNU tar writes with ${flags.join(' ')} reads back`, async () => {
    let sparseCount = 0;
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        using host = new HostFixture();
        fs.mkdirSync(host.path('tree'));
        writeTree(files, host.path('tree'));
        const archived = spawnSync('tar', [...flags, '-cf', '-', '.'], {
          cwd: host.path('tree'),
          maxBuffer: 1 << 30,
        });
        assert.is(archived.status, 0, archived.stderr.toString());
        const read = await readArchive(inChunks(archived.stdout));
        for (const path of files.keys()) if (entryAt(read, path).extents) sparseCount += 1;
        compare(files, read, host, timeStep);
      }),
      { seed, numRuns: COUNT },
    );
    assert.is(sparseCount > 0, flags.includes('--sparse'));
  });
}

test('what tar-stream writes reads back', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      using host = new HostFixture();
      const archive = pack();
      for (const [path, one] of files) {
        if (one.kind === 'directory') archive.entry({ name: path, type: one.kind, mode: one.mode });
        else if (one.kind === 'symlink') {
          archive.entry({ name: path, type: 'symlink', linkname: one.target });
        } else if (one.kind === 'hard-link') {
          archive.entry({ name: path, type: 'link', linkname: linkTarget(files, one.to) });
        } else {
          const mtime = new Date(Number(one.modifiedNs / 1_000_000n));
          archive.entry({ name: path, mode: one.mode, mtime }, contentOf(one));
        }
      }
      archive.finalize();
      compare(files, await readArchive(bytesOf(archive)), host, SECOND);
    }),
    { seed, numRuns: COUNT },
  );
});

test('a layer that is exported is the same layer', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      using host = new HostFixture();
      const read = await readArchive(inChunks(writeArchive(files)));
      compare(files, read, host, 1n);
      fs.writeFileSync(host.path('layer.tar'), read.archive);
      using layer = Layer.fromIndex(read.root, host.path('layer.tar'), host.host);
      compare(files, await readArchive(exportTree(layer.root)), host, 1n);
    }),
    { seed, numRuns: COUNT },
  );
});

function writeArchive(files: TestTree): Buffer {
  const parts: Uint8Array[] = [];
  const add = (facts: Partial<TarMember> & Pick<TarMember, 'path' | 'kind'>): void => {
    parts.push(tarHeader({ ...PLAIN_FILE, mode: 0o644, ...facts }));
  };
  for (const [path, one] of files) {
    if (one.kind === 'directory') add({ ...one, path: `${path}/` });
    else if (one.kind === 'symlink') add({ path, kind: one.kind, linkTarget: one.target });
    else if (one.kind === 'hard-link') {
      add({ path, kind: one.kind, linkTarget: linkTarget(files, one.to) });
    } else {
      const { kind, mode: bits, modifiedNs, sizeBytes } = one;
      add({ path, kind, mode: bits, modifiedNs, sizeBytes });
      parts.push(contentOf(one), tarPadding(sizeBytes));
    }
  }
  return Buffer.concat([...parts, TAR_END]);
}

const member = fc
  .record({
    path: fc.string({ unit: 'binary', minLength: 1, maxLength: 400, size: 'max' }),
    kind: fc.constantFrom('regular', 'directory', 'symlink', 'fifo', 'block-device' as const),
    mode: fc.nat(0o7777),
    uid: fc.nat(0xffff_fffe),
    gid: fc.nat(0xffff_fffe),
    modifiedNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    linkTarget: fc.string({ unit: 'binary', minLength: 1, maxLength: 300, size: 'max' }),
    deviceMajor: fc.nat(0xfff),
    deviceMinor: fc.nat(0xfffff),
    xattrs: fc.dictionary(
      fc.stringMatching(/^[a-z.]{1,100}$/),
      fc.uint8Array({ maxLength: 2000, size: 'max' }),
    ),
  })
  .map(({ path, linkTarget: target, xattrs, ...facts }): TarMember => {
    const isLink = facts.kind === 'symlink';
    const isDevice = facts.kind === 'block-device';
    return {
      ...facts,
      path: path.replaceAll('\0', '0'),
      linkTarget: isLink ? target.replaceAll('\0', '0') : '',
      deviceMajor: isDevice ? facts.deviceMajor : 0,
      deviceMinor: isDevice ? facts.deviceMinor : 0,
      sizeBytes: 0,
      xattrs: new Map(Object.entries(xattrs)),
    };
  });

test('all that a header can say reads back', () => {
  fc.assert(
    fc.property(member, (written) => {
      let read: unknown;
      const reader = new TarReader(({ offset: _, ...entry }) => {
        read = entry;
      });
      const { kind, path } = written;
      reader.push(tarHeader(written));
      reader.push(TAR_END);
      reader.end();
      assert.equal(read, { ...written, kind, path, extents: undefined });
    }),
    { seed, numRuns: COUNT * 50 },
  );
});

const mutation = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }),
  fc.record({ at: fc.nat(), cut: fc.integer({ min: 1, max: 2000 }) }),
  fc.record({ at: fc.nat(), digit: fc.constantFrom(...'0123456789 =\n-,') }),
  fc.record({ at: fc.nat(), copy: fc.nat() }),
);

type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

/** Headers get their checksum anew, so that what is behind it is looked at. */
function mutated(archive: Buffer, mutations: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(archive);
  for (const one of mutations) {
    const at = one.at % Math.max(1, bytes.length);
    if ('byte' in one) bytes[at] = one.byte;
    else if ('digit' in one) bytes.write(one.digit, at);
    else if ('cut' in one)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.cut)]);
    else
      bytes.copy(bytes, at - (at % 512), one.copy % bytes.length, (one.copy % bytes.length) + 512);
  }
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    bytes.write('        ', at + 148);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  }
  return bytes;
}

function seedArchives(): readonly Buffer[] {
  using host = new HostFixture();
  const directory = host.path('tree');
  fs.mkdirSync(`${directory}/${'d'.repeat(120)}`, { recursive: true });
  fs.writeFileSync(`${directory}/${'d'.repeat(120)}/f`, 'content');
  fs.linkSync(`${directory}/${'d'.repeat(120)}/f`, `${directory}/hard`);
  fs.symlinkSync('hard', `${directory}/soft`);
  const fd = fs.openSync(`${directory}/sparse`, 'wx');
  for (let at = 0; at < 10; at++) fs.writeSync(fd, 'piece', at * 100_000);
  fs.closeSync(fd);
  return GNU_FORMS.map(({ flags }) => {
    const { stdout } = spawnSync('tar', [...flags, '-cf', '-', '.'], { cwd: directory });
    return stdout;
  });
}

test('damaged archives are refused or read, and nothing else', async () => {
  const members = fc.sample(member, { seed, numRuns: 20 });
  const ours = Buffer.concat([...members.map(tarHeader), TAR_END]);
  const archives = [ours, ...(hasTar ? seedArchives() : [])];
  let refusedCount = 0;
  let readCount = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...archives),
      fc.array(mutation, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 3000 }),
      async (archive, mutations, chunkBytes) => {
        try {
          const { root } = await readArchive(inChunks(mutated(archive, mutations), chunkBytes));
          assert.is(root.kind, 'directory');
          readCount += 1;
        } catch (thrown) {
          if (!(thrown instanceof EngineError)) throw thrown;
          assert.is(thrown.kind, 'invalid-argument');
          refusedCount += 1;
        }
      },
    ),
    { seed, numRuns: COUNT * 80 },
  );
  assert.ok(refusedCount > 0 && readCount > 0);
});

test.run();
