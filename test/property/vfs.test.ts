import * as fs from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOfHostError } from '../../src/base/errno.ts';
import { MemoryAccount } from '../../src/kernel/memory-account.ts';
import type { Vnode } from '../../src/vfs/contract.ts';
import { FileTree } from '../../src/vfs/file-tree.ts';
import { openHostDirectory } from '../../src/vfs/host-dir.ts';
import { MemoryFileSystem } from '../../src/vfs/memory.ts';
import { type Overlay, openOverlay } from '../../src/vfs/overlay.ts';
import { FileModel } from '../fake/file-model.ts';
import {
  applyToTree,
  type Operation,
  operation,
  operationWithOwners,
  outcomeOf,
  snapshotOf,
} from '../suite/file-operations.ts';
import { putFile } from '../suite/file-system.ts';
import { HostFixture } from '../suite/host-fixture.ts';
import { openTestLayer, type Tree } from '../suite/layer-fixture.ts';

// For a longer run: COUNT is how many operations, SEED where they begin.
const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);
const COUNT = Number(process.env['COUNT'] ?? 10_000);
const LEAST_LENGTH = 40;
const RUNS = Math.ceil(COUNT / LEAST_LENGTH);
const lengths = { minLength: LEAST_LENGTH, maxLength: 60 };
const operations = fc.array(operation, lengths);
const operationsWithOwners = fc.array(operationWithOwners, lengths);

/** What the layers below make together. */
const IMAGE: Tree = {
  a: { a: 'aa', b: { c: 'abc', d: 'abd' }, d: { link: 'a' } },
  b: 'b',
  c: { a: {}, b: 'top' },
  d: { link: 'a/b' },
};

const LAYERS: readonly Tree[] = [
  { c: { opaque: { a: {}, b: 'top' } }, a: { c: { mark: 'whiteout' }, b: { c: 'abc' } } },
  { b: 'b', d: { link: 'a/b' }, a: { c: 'hidden', b: { c: 'old', d: 'abd' } }, c: { d: 'hidden' } },
  { a: { a: 'aa', d: { link: 'a' } }, b: { x: 'hidden' } },
];

test('an overlay answers as a plain model does', () => {
  let count = 0;
  fc.assert(
    fc.property(operationsWithOwners, (list) => {
      using host = new HostFixture(process.platform, 3);
      const upperdir = host.path('upper');
      const open = (): FileTree => {
        const layers = LAYERS.map((tree) => openTestLayer(host, tree));
        return new FileTree(openOverlay({ layers, upperdir, paths: host.paths, device: 1n }));
      };
      const model = new FileModel(IMAGE);
      let tree = open();
      for (const [index, step] of list.entries()) {
        if (step.do === 'reopen') {
          tree[Symbol.dispose]();
          tree = open();
        }
        const answer = applyToTree(tree, step);
        assert.is(answer, model.apply(step), `step ${index} ${JSON.stringify(step)}`);
        count++;
      }
      assert.is(snapshotOf(tree), model.snapshot());
      tree[Symbol.dispose]();
    }),
    { seed, numRuns: RUNS },
  );
  assert.ok(count >= COUNT, `${count} operations`);
});

test('what an upperdir holds is counted right, whatever fails for want of room', () => {
  let refusals = 0;
  fc.assert(
    fc.property(operationsWithOwners, (list) => {
      using host = new HostFixture(process.platform, 3);
      const upperdir = host.path('upper');
      const sizeLimitBytes = 6 * 4096;
      const open = (): Overlay => {
        const layers = LAYERS.map((tree) => openTestLayer(host, tree));
        return openOverlay({ layers, upperdir, paths: host.paths, device: 1n, sizeLimitBytes });
      };
      const overlay = open();
      const tree = new FileTree(overlay);
      for (const step of list) if (applyToTree(tree, step) === 'ENOSPC') refusals++;
      const { freeBlocks } = overlay.statistics();
      tree[Symbol.dispose]();
      using reopened = open();
      assert.is(reopened.statistics().freeBlocks, freeBlocks);
    }),
    { seed, numRuns: Math.ceil(RUNS / 5) },
  );
  assert.ok(refusals > COUNT / 500, `${refusals} refusals`);
});

test('files in memory answer as a plain model does', () => {
  fc.assert(
    fc.property(operationsWithOwners, (list) => {
      const account = new MemoryAccount(Number.POSITIVE_INFINITY);
      const options = { device: 1n, sizeBytes: 2 ** 30, maxFiles: 1000, now: () => 0n };
      const fileSystem = new MemoryFileSystem({ ...options, charge: account, mode: 0o755 });
      const empty = account.usedBytes;
      fill(fileSystem.root, IMAGE);
      const tree = new FileTree(fileSystem);
      const model = new FileModel(IMAGE, { isLayered: false });
      for (const [index, step] of list.entries()) {
        const answer = applyToTree(tree, step);
        assert.is(answer, model.apply(step), `step ${index} ${JSON.stringify(step)}`);
      }
      assert.is(snapshotOf(tree), model.snapshot());
      removeAll(fileSystem.root);
      assert.is(account.usedBytes, empty);
      assert.is(fileSystem.statistics().freeBlocks, fileSystem.statistics().blocks);
    }),
    { seed, numRuns: RUNS },
  );
});

function fill(directory: Vnode, tree: Tree): void {
  for (const [name, node] of Object.entries(tree)) {
    if (typeof node === 'string') putFile(directory, name, node);
    else if ('link' in node && typeof node.link === 'string') {
      directory.makeSymlink(name, node.link);
    } else {
      directory.makeDirectory(name, 0o755);
      fill(directory.lookup(name), node as Tree);
    }
  }
}

function removeAll(directory: Vnode): void {
  for (const { name, kind } of directory.list()) {
    if (kind === 'directory') {
      removeAll(directory.lookup(name));
      directory.removeDirectory(name);
    } else directory.removeFile(name);
  }
}

// Elsewhere hosts differ in the errors that they answer.
const hostTest = process.platform === 'linux' ? test : test.skip;
for (const platform of ['linux', 'other']) {
  hostTest(`a host directory answers as the host does (${platform})`, () => {
    fc.assert(
      fc.property(operations, (list) => {
        using host = new HostFixture(platform, 3);
        for (const name of ['guest', 'plain']) fs.mkdirSync(host.path(name));
        const source = host.path('guest');
        const open = (): FileTree =>
          new FileTree(openHostDirectory(host.paths, { source, device: 1n, isReadOnly: false }));
        let tree = open();
        for (const [index, step] of list.entries()) {
          if (step.do === 'reopen') {
            tree[Symbol.dispose]();
            tree = open();
          }
          // A link to a symbolic link is given by Linux's paths only; both sides go without.
          if (platform === 'other' && isLinkToLink(host.path('plain'), step)) continue;
          const answer = applyToTree(tree, step);
          const expected = applyToHost(host.path('plain'), step);
          assert.is(answer, expected, `step ${index} ${JSON.stringify(step)}`);
        }
        const plain = { source: host.path('plain'), device: 2n, isReadOnly: true };
        using plainTree = new FileTree(openHostDirectory(host.paths, plain));
        assert.is(snapshotOf(tree), snapshotOf(plainTree));
        tree[Symbol.dispose]();
      }),
      { seed, numRuns: RUNS },
    );
  });
}

function isLinkToLink(root: string, step: Operation): boolean {
  if (step.do !== 'makeLink') return false;
  return applyToHost(root, { do: 'stat', path: step.path }) === 'symlink';
}

function applyToHost(root: string, step: Operation): string {
  if (step.do === 'reopen' || step.do === 'owner' || step.do === 'change') return 'ok';
  const path = `${root}/${step.path}`;
  return outcomeOf(() => {
    try {
      return callHost(root, path, step);
    } catch (thrown) {
      throw errnoOfHostError(thrown);
    }
  });
}

function callHost(root: string, path: string, step: Operation): string | undefined {
  switch (step.do) {
    case 'reopen':
    case 'owner':
    case 'change':
      return undefined;
    case 'write':
      return void fs.writeFileSync(path, step.text, { flag: 'w+' });
    case 'append':
      return void fs.writeFileSync(path, step.text, { flag: 'a+', ...withoutCreating(path) });
    case 'create':
      return void fs.writeFileSync(path, step.text, { flag: 'wx+' });
    case 'truncate':
      return void fs.truncateSync(path, step.size);
    case 'read':
      return `read ${fs.readFileSync(path, 'utf8')}`;
    case 'stat': {
      const stat = fs.lstatSync(path);
      if (stat.isDirectory()) return 'directory';
      return stat.isSymbolicLink() ? 'symlink' : `regular ${stat.size}`;
    }
    case 'readLink':
      return fs.readlinkSync(path);
    case 'list':
      return fs
        .readdirSync(path, { withFileTypes: true })
        .map((entry) => `${entry.name}:${kindOf(entry)}`)
        .sort()
        .join(' ');
    case 'removeFile':
      return void fs.unlinkSync(path);
    case 'removeDirectory':
      return void fs.rmdirSync(path);
    case 'makeDirectory':
      return void fs.mkdirSync(path);
    case 'rename':
      return void fs.renameSync(path, `${root}/${step.to}`);
    case 'makeLink':
      return void fs.linkSync(path, `${root}/${step.to}`);
    case 'makeSymlink':
      return void fs.symlinkSync(step.target, path);
  }
}

/** Node's append always creates; the operation does not. */
function withoutCreating(path: string): { readonly mode: number } {
  fs.closeSync(fs.openSync(path, 'r+'));
  return { mode: 0o644 };
}

function kindOf(entry: fs.Dirent): string {
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'regular';
}

test.run();
