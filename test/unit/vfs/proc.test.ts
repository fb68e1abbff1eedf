import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { FileTree } from '../../../src/vfs/file-tree.ts';
import { MemoryFileSystem } from '../../../src/vfs/memory.ts';
import { createProc } from '../../../src/vfs/proc.ts';
import { FakeProcSource, fakeProcess, PIPE_ATTRIBUTES } from '../../fake/fake-proc-source.ts';
import { namesOf, READ, READ_WRITE, readAll, throwsErrno } from '../../suite/file-system.ts';

class ProcFixture implements Disposable {
  readonly source = new FakeProcSource();
  readonly tree: FileTree;

  constructor() {
    this.source.processes.set(1, fakeProcess(1, { state: 'R' }));
    this.source.processes.set(5, fakeProcess(5));
    const charge = { tryCharge: () => true, release: () => {} };
    const limits = { sizeBytes: 1 << 20, maxFiles: 100 };
    this.tree = new FileTree(new MemoryFileSystem({ device: 1n, ...limits, now, charge }));
    const proc = createProc({
      device: 3n,
      now,
      source: this.source,
      mounts: () => this.tree.mounts,
    });
    this.tree.mount('/proc', proc, { isVirtual: true });
    this.tree.mount('/dev shm', new MemoryFileSystem({ device: 4n, ...limits, now, charge }));
  }

  read(path: string): string {
    const opened = this.tree.open({ start: this.tree.root, path }, OPEN);
    if (opened.type !== 'file') throw new Error(`${path} is no file`);
    const text = readAll(opened.file);
    opened.file.close();
    return text;
  }

  at(path: string): { start: FileTree['root']; path: string } {
    return { start: this.tree.root, path };
  }

  [Symbol.dispose](): void {
    this.tree[Symbol.dispose]();
  }
}

const now = (): bigint => 5n;

const OPEN = {
  read: true,
  write: false,
  create: false,
  exclusive: false,
  directory: false,
  truncate: false,
  followLast: true,
  permissions: 0,
};

test('self is whoever asks', () => {
  using fixture = new ProcFixture();
  assert.is(fixture.tree.readLink(fixture.at('/proc/self')), '1');
  fixture.source.self = 5;
  assert.is(fixture.tree.readLink(fixture.at('/proc/thread-self')), '5/task/5');
  assert.is(fixture.read('/proc/self/stat'), fixture.read('/proc/5/stat'));
  assert.is(fixture.read('/proc/thread-self/comm'), 'a program of a \n');
  assert.is(fixture.tree.readLink(fixture.at('/proc/self/exe')), '/bin/sh');
  assert.is(fixture.tree.readLink(fixture.at('/proc/self/cwd')), '/root');
});

test('processes come and go', () => {
  using fixture = new ProcFixture();
  const { tree, source } = fixture;
  const names = (): string[] =>
    tree.list(tree.resolve(fixture.at('/proc'), true)).map((e) => e.name);
  assert.ok(names().includes('5'));
  const held = tree.resolve(fixture.at('/proc/5/status'), true);
  source.processes.delete(5);
  assert.not.ok(names().includes('5'));
  throwsErrno(() => tree.resolve(fixture.at('/proc/5'), true), ERRNO.ENOENT);
  throwsErrno(() => readAll(held.node.open(READ)), ERRNO.ESRCH);
  for (const name of ['05', '-1', '1e0', '0', '99999999999', 'x']) {
    throwsErrno(() => tree.resolve(fixture.at(`/proc/${name}`), true), ERRNO.ENOENT);
  }
});

test('what a process is', () => {
  using fixture = new ProcFixture();
  assert.is(fixture.read('/proc/1/cmdline'), 'sh\0-c\0true\0');
  assert.is(fixture.read('/proc/1/environ'), 'A=1\0B=2\0');
  const stat = fixture.read('/proc/1/stat');
  assert.ok(
    stat.startsWith('1 (a program of a ) R 0 1 1 34816 1 0 0 0 0 0 123 5 0 0 20 0 1 0 250 '),
  );
  const fieldCount = (text: string): number =>
    text
      .replace(/\(.*\)/, '()')
      .trim()
      .split(' ').length;
  assert.is(fieldCount(stat), 52);
  if (process.platform === 'linux') {
    assert.is(fieldCount(stat), fieldCount(readFileSync('/proc/self/stat', 'utf8')));
    const head = (text: string): string | undefined => text.split('\n')[0];
    const limits = readFileSync('/proc/self/limits', 'utf8');
    assert.is(head(fixture.read('/proc/1/limits')), head(limits));
    const columns = (text: string): string[] => text.split('\n').map((line) => line.slice(0, 25));
    assert.equal(columns(fixture.read('/proc/1/limits')), columns(limits));
  }
  assert.is(fixture.read('/proc/1/statm'), '256 256 0 0 0 256 0\n');
  const status = fixture.read('/proc/1/status');
  for (const line of [
    'Name:\ta program of a ',
    'Umask:\t0022',
    'State:\tR (running)',
    'Uid:\t1000\t1000\t0\t1000',
    'Groups:\t4 24 ',
    'VmRSS:\t    1024 kB',
    'SigBlk:\t0000000000000002',
    'SigCgt:\t8000000000000000',
    'Cpus_allowed_list:\t0-1',
  ]) {
    assert.ok(status.split('\n').includes(line), line);
  }
});

test('open files are links, to their path or to themselves', () => {
  using fixture = new ProcFixture();
  const { tree } = fixture;
  const fds = tree.resolve(fixture.at('/proc/self/fd'), true);
  assert.equal(namesOf(fds.node), ['0', '1']);
  assert.is(tree.readLink(fixture.at('/proc/self/fd/1')), 'pipe:[7]');
  assert.is(tree.stat(fixture.at('/proc/self/fd/1'), false).kind, 'symlink');
  assert.equal(tree.stat(fixture.at('/proc/self/fd/1'), true), PIPE_ATTRIBUTES);
  const opened = tree.open(fixture.at('/proc/self/fd/1'), { ...OPEN, write: true });
  assert.equal(opened, { type: 'alias', alias: { pid: 1, fd: 1 } });
  throwsErrno(() => tree.open(fixture.at('/proc/self/fd/1/x'), OPEN), ERRNO.ENOTDIR);
  throwsErrno(() => tree.open(fixture.at('/proc/self/fd/0'), OPEN), ERRNO.ENOENT);
  throwsErrno(() => tree.open(fixture.at('/proc/self/fd/2'), OPEN), ERRNO.ENOENT);
  assert.is(fixture.read('/proc/self/fdinfo/0'), 'pos:\t0\nflags:\t0100000\nmnt_id:\t0\nino:\t7\n');
});

test('what is mounted', () => {
  using fixture = new ProcFixture();
  assert.is(
    fixture.read('/proc/mounts'),
    'tmpfs / tmpfs rw,relatime,size=1024k 0 0\n' +
      'proc /proc proc ro,relatime 0 0\n' +
      'tmpfs /dev\\040shm tmpfs rw,relatime,size=1024k 0 0\n',
  );
  assert.is(
    fixture.read('/proc/self/mountinfo'),
    '20 19 0:1 / / rw,relatime - tmpfs tmpfs rw,size=1024k\n' +
      '21 20 0:3 / /proc ro,relatime - proc proc ro\n' +
      '22 20 0:4 / /dev\\040shm rw,relatime - tmpfs tmpfs rw,size=1024k\n',
  );
});

test('what the machine is', () => {
  using fixture = new ProcFixture();
  assert.is(fixture.read('/proc/uptime'), '12.35 20.00\n');
  assert.is(fixture.read('/proc/loadavg'), '0.50 0.25 1.00 1/2 9\n');
  assert.is(fixture.read('/proc/version'), 'Linux version 6.1.0-wolffia (wolffia) #1 SMP\n');
  assert.ok(fixture.read('/proc/meminfo').startsWith('MemTotal:          65536 kB\nMemFree: '));
  assert.ok(
    fixture.read('/proc/stat').startsWith('cpu  469 0 0 2000 0 0 0 0 0 0\ncpu0 234 0 0 1000'),
  );
  assert.is(fixture.read('/proc/cpuinfo').match(/^processor\t: \d$/gm)?.length, 2);
  assert.is(fixture.read('/proc/sys/kernel/hostname'), 'box\n');
  assert.is(fixture.read('/proc/sys/kernel/pid_max'), '32768\n');
  assert.is(fixture.read('/proc/sys/kernel/random/uuid').length, 37);
  assert.ok(fixture.read('/proc/filesystems').includes('nodev\tproc\n'));
});

test('the network, in the columns of Linux', () => {
  using fixture = new ProcFixture();
  const ip = (text: string): Uint8Array => Uint8Array.from(text.split('.').map(Number));
  const loopback6 = Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? 1 : 0));
  const socket = { sendQueueBytes: 0, receiveQueueBytes: 0, uid: 0, inode: 576 };
  const any = { address: ip('0.0.0.0'), port: 0 };
  fixture.source.networkNow = {
    ...fixture.source.networkNow,
    sockets: [
      {
        ...socket,
        protocol: 'tcp',
        local: { address: ip('127.0.0.1'), port: 2024 },
        remote: any,
        state: 10,
      },
      {
        ...socket,
        protocol: 'udp6',
        local: { address: loopback6, port: 53 },
        remote: { address: new Uint8Array(16), port: 0 },
        state: 7,
      },
    ],
    routes: [
      {
        interface: 'eth0',
        destination: ip('0.0.0.0'),
        gateway: ip('192.0.2.1'),
        mask: ip('0.0.0.0'),
        metric: 0,
      },
      {
        interface: 'eth0',
        destination: ip('192.0.2.0'),
        gateway: ip('0.0.0.0'),
        mask: ip('255.255.255.0'),
        metric: 0,
      },
    ],
    neighbours: [
      { interface: 'eth0', address: ip('192.0.2.1'), hardwareAddress: '02:fc:00:00:00:05' },
    ],
  };
  const lines = (path: string): string[] => fixture.read(path).trimEnd().split('\n');
  assert.is(
    lines('/proc/net/tcp')[1]?.trimEnd(),
    '   0: 0100007F:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ' +
      '576 1 0000000000000000 100 0 0 10 0',
  );
  assert.is(
    lines('/proc/net/udp6')[1],
    '    0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 ' +
      '00000000:00000000 00:00000000 00000000     0        0 576 2 0000000000000000 0',
  );
  assert.is(lines('/proc/net/tcp6').length, 1);
  assert.is(
    lines('/proc/net/route')[1]?.trimEnd(),
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  );
  assert.is(
    lines('/proc/net/route')[2]?.trimEnd(),
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  );
  assert.is(
    lines('/proc/net/arp')[1],
    '192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0',
  );
  assert.is(
    lines('/proc/net/if_inet6')[0],
    '00000000000000000000000000000001 01 80 10 80       lo',
  );
  assert.is(
    lines('/proc/net/dev')[2],
    '    lo:       0       0    0    0    0     0          0         0        0       0    0    ' +
      '0    0     0       0          0',
  );
  if (process.platform !== 'linux') return;
  for (const name of ['dev', 'tcp', 'tcp6', 'udp', 'udp6', 'route', 'arp', 'unix']) {
    const [head] = readFileSync(`/proc/net/${name}`, 'utf8').split('\n');
    assert.is(fixture.read(`/proc/net/${name}`).split('\n')[0], head, name);
  }
});

test('nothing in it changes, and a file is written anew when it is read again', () => {
  using fixture = new ProcFixture();
  const { tree, source } = fixture;
  const proc = tree.resolve(fixture.at('/proc'), true).node;
  throwsErrno(() => proc.createFile('x', 0o644, READ_WRITE), ERRNO.EROFS);
  throwsErrno(() => proc.makeDirectory('x', 0o755), ERRNO.EROFS);
  throwsErrno(() => proc.removeFile('version'), ERRNO.EROFS);
  throwsErrno(() => proc.rename('version', proc, 'x'), ERRNO.EROFS);
  throwsErrno(() => proc.lookup('version').open(READ_WRITE), ERRNO.EROFS);
  throwsErrno(() => proc.lookup('version').change({ mode: 0 }), ERRNO.EROFS);
  throwsErrno(() => proc.lookup('self').open(READ), ERRNO.ELOOP);
  const file = proc.lookup('1').lookup('comm').open(READ);
  source.processes.set(1, fakeProcess(1, { name: 'new' }));
  assert.is(readAll(file), 'new\n');
  source.processes.set(1, fakeProcess(1, { name: 'newer' }));
  assert.is(readAll(file), 'newer\n');
  file.close();
  throwsErrno(() => file.readAt(new Uint8Array(1), 0), ERRNO.EBADF);
});

test('a listing names what can be looked up, by the same inodes', () => {
  using fixture = new ProcFixture();
  const seen = new Set<bigint>();
  const check = (directory: ReturnType<FileTree['resolve']>['node'], depth: number): void => {
    for (const { name, kind, inode } of directory.list()) {
      const found = directory.lookup(name);
      assert.equal([found.kind, found.attributes().inode], [kind, inode], name);
      if (kind === 'directory' && depth < 4 && name !== 'net' && name !== 'task')
        check(found, depth + 1);
      if (name !== 'net') assert.not.ok(seen.has(inode), `${name} ${inode}`);
      seen.add(inode);
    }
  };
  check(fixture.tree.resolve(fixture.at('/proc'), true).node, 0);
  assert.ok(seen.size > 50);
});

test.run();
