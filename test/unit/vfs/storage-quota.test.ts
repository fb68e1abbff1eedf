import * as fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import type { FileSystem, Vnode } from '../../../src/vfs/contract.ts';
import { openOverlay } from '../../../src/vfs/overlay.ts';
import {
  bytesOf,
  putFile,
  READ_WRITE,
  runWritableSuite,
  throwsErrno,
} from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';
import { openTestLayer, type Tree } from '../../suite/layer-fixture.ts';

process.umask(0o022);

const BLOCK = 4096;
/** What the work directory takes, as soon as something is moved to its place. */
const WORK_BLOCKS = 1;

class QuotaFixture extends HostFixture {
  readonly #sizeLimitBytes: number;
  readonly #image: Tree;
  fileSystem: FileSystem;

  constructor(blocks: number, image: Tree = { image: 'x'.repeat(5000) }) {
    super();
    this.#image = image;
    this.#sizeLimitBytes = blocks * BLOCK;
    this.fileSystem = this.open();
  }

  open(): FileSystem {
    return openOverlay({
      layers: [openTestLayer(this, this.#image)],
      upperdir: this.path('upper'),
      paths: this.paths,
      device: 1n,
      sizeLimitBytes: this.#sizeLimitBytes,
    });
  }

  reopen(): void {
    this.fileSystem[Symbol.dispose]();
    this.fileSystem = this.open();
  }

  get root(): Vnode {
    return this.fileSystem.root;
  }

  get freeBlocks(): number {
    return this.fileSystem.statistics().freeBlocks;
  }

  override [Symbol.dispose](): void {
    // What was counted step by step is what is there.
    const counted = this.freeBlocks;
    this.reopen();
    assert.is(this.freeBlocks, counted);
    this.fileSystem[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

runWritableSuite('overlay with a quota', () => new QuotaFixture(1000, {}));

test('a full file system says so, takes what fits, and has room again', () => {
  using fixture = new QuotaFixture(4);
  const { root } = fixture;
  const { blocks, blockSizeBytes } = fixture.fileSystem.statistics();
  assert.equal([blocks, blockSizeBytes, fixture.freeBlocks], [4, BLOCK, 4]);
  const file = root.createFile('a', 0o644, READ_WRITE);
  assert.is(file.writeAt(new Uint8Array(3 * BLOCK + 1), 0), 3 * BLOCK + 1);
  assert.is(fixture.freeBlocks, 0);
  assert.is(file.append(new Uint8Array(2 * BLOCK)), BLOCK - 1);
  throwsErrno(() => file.append(bytesOf('x')), ERRNO.ENOSPC);
  throwsErrno(() => file.change({ sizeBytes: 4 * BLOCK + 1 }), ERRNO.ENOSPC);
  throwsErrno(() => file.writeAt(bytesOf('x'), 2 ** 40), ERRNO.ENOSPC);
  throwsErrno(() => root.makeDirectory('d', 0o755), ERRNO.ENOSPC);
  assert.equal(
    root.list().map(({ name }) => name),
    ['a', 'image'],
  );
  assert.is(file.writeAt(bytesOf('within'), 10), 6);
  file.change({ sizeBytes: BLOCK });
  assert.is(fixture.freeBlocks, 3);
  root.makeDirectory('d', 0o755);
  assert.is(fixture.freeBlocks, 2);
  root.removeDirectory('d');
  root.lookup('a').open({ read: false, write: true, truncate: true }).close();
  assert.is(fixture.freeBlocks, 4);
  file.close();
});

test('a file counts until its last name and its last open file are gone', () => {
  using fixture = new QuotaFixture(8);
  const { root } = fixture;
  putFile(root, 'a', 'a');
  root.makeLink('b', root.lookup('a'));
  putFile(root, 'c', 'c');
  const file = root.lookup('c').open(READ_WRITE);
  assert.is(fixture.freeBlocks, 6);
  root.removeFile('a');
  assert.is(fixture.freeBlocks, 6);
  root.rename('b', root, 'c');
  assert.is(fixture.freeBlocks, 6);
  file.append(new Uint8Array(BLOCK));
  assert.is(fixture.freeBlocks, 5);
  file.close();
  assert.is(fixture.freeBlocks, 7);
});

test('what is brought up from the image counts', () => {
  using fixture = new QuotaFixture(2 + WORK_BLOCKS);
  fixture.root.lookup('image').change({ mode: 0o600 });
  assert.is(fixture.freeBlocks, 0);
  fixture.root.removeFile('image');
  assert.is(fixture.freeBlocks, 2);
});

test('an image file that is too large to be brought up stays as it is', () => {
  using fixture = new QuotaFixture(1 + WORK_BLOCKS);
  throwsErrno(() => fixture.root.lookup('image').change({ mode: 0o600 }), ERRNO.ENOSPC);
  assert.is(fixture.root.lookup('image').attributes().mode, 0o644);
  assert.is(fixture.freeBlocks, 1);
});

test('what was there before is counted, hard links once', () => {
  using fixture = new QuotaFixture(10);
  fs.mkdirSync(fixture.path('upper/d'), { recursive: true });
  fs.writeFileSync(fixture.path('upper/d/a'), 'x'.repeat(BLOCK + 1));
  fs.linkSync(fixture.path('upper/d/a'), fixture.path('upper/b'));
  fixture.reopen();
  assert.is(fixture.freeBlocks, 7);
});

test.run();
