import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { MemoryAccount } from '../../../src/kernel/memory-account.ts';
import type { HostStat } from '../../../src/vfs/host-files.ts';
import { type KeptFacts, NOTHING_KEPT, Sidecar } from '../../../src/vfs/sidecar.ts';
import { throwsErrno } from '../../suite/file-system.ts';
import { HostFixture } from '../../suite/host-fixture.ts';

/** The host's answer for a file of that inode, born at that time. */
function stat(ino: number, birthtimeNs = 1n, dev = 1n): HostStat {
  return { ...fs.statSync('/', { bigint: true }), ino: BigInt(ino), birthtimeNs, dev };
}

function facts(part: Partial<KeptFacts>): KeptFacts {
  return { ...NOTHING_KEPT, ...part };
}

const VALUE = Uint8Array.from({ length: 256 }, (_, index) => index);

class SidecarFixture extends HostFixture {
  sidecar = this.open();

  open(): Sidecar {
    const sidecar = new Sidecar(this.host, this.path('log'));
    sidecar.rootDevice = 1n;
    return sidecar;
  }

  reopen(): void {
    this.sidecar[Symbol.dispose]();
    this.sidecar = this.open();
  }

  override [Symbol.dispose](): void {
    this.sidecar[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

test('what is kept is there when the log is opened again', () => {
  using fixture = new SidecarFixture();
  const kept = facts({ mode: 0o4755, uid: 5, xattrs: new Map([['user.x', VALUE]]) });
  fixture.sidecar.keep(stat(1), facts({ uid: 1 }));
  fixture.sidecar.keep(stat(1), kept);
  fixture.sidecar.keep(stat(2), facts({ kind: 'fifo' }));
  fixture.sidecar.keep(stat(1, 9n, 2n), facts({ gid: 3 }));
  fixture.sidecar.keep(stat(4), facts({ gid: 4 }));
  fixture.sidecar.forget(stat(4));
  for (let round = 0; round < 3; round++) {
    assert.equal(fixture.sidecar.find(stat(1)), kept);
    assert.equal(fixture.sidecar.find(stat(2)), facts({ kind: 'fifo' }));
    assert.equal(fixture.sidecar.find(stat(1, 9n, 2n)), facts({ gid: 3 }));
    // Another file, which was given the inode later.
    assert.is(fixture.sidecar.find(stat(2, 2n)), undefined);
    assert.is(fixture.sidecar.find(stat(4)), undefined);
    fixture.reopen();
  }
});

test('a log that ends at any byte holds what was there before', () => {
  using fixture = new SidecarFixture();
  const { sidecar } = fixture;
  const ends: number[] = [];
  for (let uid = 1; uid <= 2; uid++) {
    sidecar.keep(
      stat(uid),
      facts({ uid, xattrs: new Map([['user.ü', VALUE.subarray(126, 130)]]) }),
    );
    ends.push(fs.statSync(fixture.path('log')).size);
  }
  const log = fs.readFileSync(fixture.path('log'));
  for (let size = 0; size <= log.length; size++) {
    fs.writeFileSync(fixture.path('log'), log.subarray(0, size));
    fixture.reopen();
    // The byte that a line may lack is its end.
    const count = ends.filter((end) => end <= size + 1).length;
    const found = [1, 2].filter((uid) => fixture.sidecar.find(stat(uid))?.uid === uid);
    assert.is(found.length, count, `${size} bytes`);
    fixture.sidecar.keep(stat(9), facts({ uid: 9 }));
    fixture.reopen();
    assert.is(fixture.sidecar.find(stat(9))?.uid, 9, `${size} bytes`);
    assert.is([1, 2].filter((uid) => fixture.sidecar.find(stat(uid))).length, count);
  }
});

test('a log does not grow without end', () => {
  using fixture = new SidecarFixture();
  for (let uid = 1; uid < 30_000; uid++) fixture.sidecar.keep(stat(1), facts({ uid }));
  assert.ok(fs.statSync(fixture.path('log')).size < 1.1 * 2 ** 20);
  fixture.reopen();
  assert.ok(fs.statSync(fixture.path('log')).size < 200);
  assert.is(fixture.sidecar.find(stat(1))?.uid, 29_999);
});

test('all that is kept together is bounded', () => {
  using fixture = new SidecarFixture();
  const xattrs = new Map([['user.x', new Uint8Array(131_000)]]);
  let kept = 0;
  const fill = (): void => {
    for (; kept < 1000; kept++) fixture.sidecar.keep(stat(kept), facts({ xattrs }));
  };
  throwsErrno(fill, ERRNO.ENOSPC);
  assert.ok(kept > 10);
  assert.is(fixture.sidecar.find(stat(kept)), undefined);
  fixture.sidecar.forget(stat(0));
  fixture.sidecar.keep(stat(kept), facts({ xattrs }));
});

test('what it holds is charged, and given back', () => {
  using fixture = new SidecarFixture();
  const account = new MemoryAccount(2000);
  const open = (): Sidecar =>
    new Sidecar(fixture.host, fixture.path('charged'), { charge: account });
  const xattrs = new Map([['user.x', new Uint8Array(1000).fill(65)]]);
  const sidecar = open();
  sidecar.keep(stat(1), facts({ uid: 1 }));
  sidecar.keep(stat(2), facts({ xattrs }));
  const used = account.usedBytes;
  assert.ok(used > 1000);
  throwsErrno(() => sidecar.keep(stat(3), facts({ xattrs })), ERRNO.ENOMEM);
  throwsErrno(() => sidecar.keep(stat(1), facts({ xattrs })), ERRNO.ENOMEM);
  assert.is(sidecar.find(stat(1))?.uid, 1);
  assert.is(account.usedBytes, used);
  sidecar[Symbol.dispose]();
  assert.is(account.usedBytes, 0);
  const reopened = open();
  assert.is(account.usedBytes, used);
  reopened.forget(stat(1));
  reopened.forget(stat(2));
  assert.is(account.usedBytes, 0);
  reopened[Symbol.dispose]();
});

test('a host that takes half a line keeps what was before', () => {
  using fixture = new SidecarFixture();
  fixture.sidecar.keep(stat(1), facts({ uid: 1 }));
  const { writeSync } = fs;
  const short: typeof fixture.host.fs.writeSync = (fd, source, offset, length, position) =>
    writeSync(fd, source, offset, Math.floor(length / 2), position);
  const host = { ...fixture.host, fs: { ...fs, writeSync: short } };
  fixture.sidecar[Symbol.dispose]();
  const failing = new Sidecar(host, fixture.path('log'));
  failing.rootDevice = 1n;
  throwsErrno(() => failing.keep(stat(1), facts({ uid: 2 })), ERRNO.ENOSPC);
  assert.is(failing.find(stat(1))?.uid, 1);
  failing[Symbol.dispose]();
  fixture.sidecar = fixture.open();
  assert.is(fixture.sidecar.find(stat(1))?.uid, 1);
});

test('a writer that is killed has kept all that it said it had', async () => {
  using fixture = new SidecarFixture();
  const writer = fileURLToPath(new URL('../../fake/sidecar-writer.ts', import.meta.url));
  let first = 1;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [writer, fixture.path('log'), String(first)]);
    let said = '';
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.length > 2_000) child.kill('SIGKILL');
      });
    });
    const last = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
    assert.ok(last > first);
    fixture.reopen();
    for (let uid = 1; uid <= last; uid++) assert.is(fixture.sidecar.find(stat(uid))?.uid, uid);
    first = last + 1;
  }
});

test.run();
