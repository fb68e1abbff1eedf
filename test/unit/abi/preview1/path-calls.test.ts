import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DIRECTORY_RIGHTS, RIGHTS } from '../../../../src/abi/preview1/numbers.ts';
import { type Answer, FakeProcess } from '../../../fake/fake-process.ts';

const RESULT = 64;
const PATH = 1024;
const OTHER_PATH = 2048;
const STAT = 4096;
const BUFFER = 8192;
const FOLLOW = 1;
const DIRECTORY = 2;
const TRUNCATE = 8;

function open(
  guest: FakeProcess,
  fd: number,
  path: string,
  flags = 0,
  rights: bigint = RIGHTS.fdRead,
): Answer {
  return guest.call(
    'path_open',
    fd,
    FOLLOW,
    PATH,
    guest.put(PATH, path),
    flags,
    rights,
    0n,
    0,
    RESULT,
  );
}

function statSize(guest: FakeProcess, path: string): bigint | Answer {
  const answer = guest.call('path_filestat_get', 3, FOLLOW, PATH, guest.put(PATH, path), STAT);
  return answer === 'ok' ? guest.u64(STAT + 32) : answer;
}

test('directories, links and names come and go', () => {
  using guest = new FakeProcess();
  const at = (name: string, path: string): Answer =>
    guest.call(name, 3, PATH, guest.put(PATH, path));
  assert.is(at('path_create_directory', 'd'), 'ok');
  assert.is(at('path_create_directory', 'd'), 'EEXIST');
  assert.is(open(guest, 3, 'd/file', 1, RIGHTS.fdWrite), 'ok');
  const from = guest.put(PATH, 'd/file');
  const to = guest.put(OTHER_PATH, 'd/other');
  assert.is(guest.call('path_link', 3, 0, PATH, from, 3, OTHER_PATH, to), 'ok');
  assert.is(
    guest.call('path_rename', 3, PATH, from, 3, OTHER_PATH, guest.put(OTHER_PATH, 'moved')),
    'ok',
  );
  const target = guest.put(PATH, 'd/other');
  assert.is(
    guest.call('path_symlink', PATH, target, 3, OTHER_PATH, guest.put(OTHER_PATH, 'sym')),
    'ok',
  );
  assert.is(guest.call('path_readlink', 3, OTHER_PATH, 3, BUFFER, 4, RESULT), 'ok');
  assert.is(guest.text(BUFFER, guest.u32(RESULT)), 'd/ot', 'cut off where the buffer ends');
  assert.equal(readdirSync(guest.folder).sort(), ['d', 'moved', 'sym']);
  assert.is(at('path_remove_directory', 'd'), 'ENOTEMPTY');
  assert.is(at('path_unlink_file', 'd'), 'EISDIR');
  assert.is(at('path_unlink_file', 'd/other'), 'ok');
  assert.is(at('path_remove_directory', 'd'), 'ok');
  assert.is(statSize(guest, 'sym'), 'ENOENT');
});

test('nothing outside the root can be named', () => {
  using guest = new FakeProcess();
  symlinkSync('/etc', join(guest.folder, 'absolute'));
  symlinkSync('../../../../../../etc', join(guest.folder, 'relative'));
  assert.is(open(guest, 3, '/etc/passwd'), 'ENOTCAPABLE');
  assert.is(open(guest, 3, '../etc/passwd'), 'ENOTCAPABLE');
  assert.is(open(guest, 3, 'absolute/passwd'), 'ENOENT', "links resolve from the container's root");
  assert.is(open(guest, 3, 'relative/passwd'), 'ENOENT');
  assert.is(open(guest, 3, 'nul\0name'), 'EINVAL');
  assert.is(open(guest, 3, ''), 'ENOENT');
  guest.putU32(PATH, 0xffffffff);
  assert.is(guest.call('path_open', 3, 0, PATH, 4, 0, 0n, 0n, 0, RESULT), 'EILSEQ');
});

test('a program in another working directory finds relative, absolute and young names', () => {
  using guest = new FakeProcess({ workingDirectory: '/data' });
  writeFileSync(join(guest.folder, 'data', 'here.txt'), '1');
  writeFileSync(join(guest.folder, 'root.txt'), '22');
  // What wasi-libc finds: fd 3 is /data, the only top-level directory; fd 4 is the working
  // directory.
  const names = [3, 4].map((fd) => {
    assert.is(guest.call('fd_prestat_get', fd, RESULT), 'ok');
    const length = guest.u32(RESULT + 4);
    assert.is(guest.call('fd_prestat_dir_name', fd, PATH, length), 'ok');
    return guest.text(PATH, length);
  });
  assert.equal(names, ['/data', '.']);
  assert.is(guest.call('fd_prestat_get', 5, RESULT), 'EBADF');
  assert.is(open(guest, 4, 'here.txt'), 'ok');
  assert.is(
    open(guest, 4, 'root.txt'),
    'ok',
    'a top-level file, by what wasi-libc leaves of /root.txt',
  );
  mkdirSync(join(guest.folder, 'young'));
  writeFileSync(join(guest.folder, 'young', 'x'), '');
  assert.is(open(guest, 4, 'young/x'), 'ok');
  assert.is(open(guest, 4, 'made.txt', 1, RIGHTS.fdWrite), 'ok');
  assert.ok(
    readdirSync(join(guest.folder, 'data')).includes('made.txt'),
    'new names are made here',
  );
  assert.is(open(guest, 4, '../root.txt'), 'ok');
});

test('append goes to the end whatever the position, and truncation empties', () => {
  using guest = new FakeProcess();
  writeFileSync(join(guest.folder, 'log'), 'one');
  const length = guest.put(PATH, 'log');
  const rights = RIGHTS.fdWrite | RIGHTS.fdSeek;
  assert.is(guest.call('path_open', 3, FOLLOW, PATH, length, 0, rights, 0n, 1, RESULT), 'ok');
  const fd = guest.u32(RESULT);
  guest.putU32(0, BUFFER, guest.put(BUFFER, 'two'));
  assert.is(guest.call('fd_write', fd, 0, 1, RESULT), 'ok');
  assert.is(readFileSync(join(guest.folder, 'log'), 'latin1'), 'onetwo');
  assert.is(open(guest, 3, 'log', 8, RIGHTS.fdWrite), 'ok');
  assert.is(statSize(guest, 'log'), 0n);
});

test('a directory is listed in steps, with names that do not fit cut off', () => {
  using guest = new FakeProcess();
  const made = Array.from({ length: 40 }, (_, index) => `file-${String(index).padStart(2, '0')}`);
  for (const name of made) writeFileSync(join(guest.folder, name), '');
  const seen: string[] = [];
  let cookie = 0n;
  for (;;) {
    assert.is(guest.call('fd_readdir', 3, BUFFER, 100, cookie, RESULT), 'ok');
    const used = guest.u32(RESULT);
    let at = 0;
    while (at + 24 <= used) {
      const length = guest.u32(BUFFER + at + 16);
      if (at + 24 + length > used) break;
      cookie = guest.u64(BUFFER + at);
      seen.push(guest.text(BUFFER + at + 24, length));
      at += 24 + length;
    }
    if (used < 100) break;
  }
  assert.equal(seen.sort(), ['.', '..', ...made].sort());
});

test('times are set to what is given, to now, or left', () => {
  using guest = new FakeProcess();
  writeFileSync(join(guest.folder, 'file'), '');
  const length = guest.put(PATH, 'file');
  const set = (accessed: bigint, modified: bigint, flags: number): Answer =>
    guest.call('path_filestat_set_times', 3, FOLLOW, PATH, length, accessed, modified, flags);
  assert.is(set(1_000_000_000n, 2_000_000_000n, 1 | 4), 'ok');
  guest.call('path_filestat_get', 3, FOLLOW, PATH, length, STAT);
  assert.equal([guest.u64(STAT + 40), guest.u64(STAT + 48)], [1_000_000_000n, 2_000_000_000n]);
  assert.is(set(0n, 0n, 1 | 2), 'EINVAL');
  assert.is(set(0n, 0n, 16), 'EINVAL');
});

test('file descriptors run out at 1024, and none is leaked', () => {
  using guest = new FakeProcess();
  writeFileSync(join(guest.folder, 'file'), '');
  let opened = 0;
  for (;;) {
    const answer = open(guest, 3, 'file');
    if (answer === 'EMFILE') break;
    assert.is(answer, 'ok');
    opened += 1;
  }
  assert.is(opened, 1020);
});

test('a directory that the program has opened is not left by what it writes', () => {
  using guest = new FakeProcess();
  mkdirSync(join(guest.folder, 'd', 'e'), { recursive: true });
  writeFileSync(join(guest.folder, 'outside'), '');
  symlinkSync('../outside', join(guest.folder, 'd', 'link'));
  const opened = (fd: number, path: string): number => {
    assert.is(open(guest, fd, path, DIRECTORY, DIRECTORY_RIGHTS), 'ok');
    return guest.u32(RESULT);
  };
  const inside = opened(3, 'd');
  assert.is(open(guest, inside, '../outside'), 'ENOTCAPABLE');
  assert.is(open(guest, inside, 'e/../../outside'), 'ENOTCAPABLE');
  assert.is(open(guest, inside, '/outside'), 'ENOTCAPABLE');
  assert.is(open(guest, inside, 'e/..', DIRECTORY), 'ok');
  assert.is(open(guest, inside, 'link'), 'ok', 'links lead anywhere in the container');
  assert.is(
    open(guest, opened(inside, 'e'), '../link'),
    'ENOTCAPABLE',
    'and so what it opened there',
  );
  const symlink = (target: string, fd: number): Answer =>
    guest.call(
      'path_symlink',
      PATH,
      guest.put(PATH, target),
      fd,
      OTHER_PATH,
      guest.put(OTHER_PATH, `to${fd}`),
    );
  assert.is(symlink('/outside', inside), 'ENOTCAPABLE');
  assert.is(symlink('/outside', 3), 'ok', 'the preopen is the whole container');
  assert.is(symlink('../outside', inside), 'ok');
});

test('truncating and writing a directory need what preview1 asks for', () => {
  using guest = new FakeProcess();
  writeFileSync(join(guest.folder, 'file'), 'content');
  assert.is(open(guest, 3, '.', DIRECTORY, RIGHTS.fdRead | RIGHTS.fdWrite), 'EISDIR');
  assert.is(guest.call('fd_fdstat_get', 3, STAT), 'ok');
  const [base, inheriting] = [guest.u64(STAT + 8), guest.u64(STAT + 16)];
  assert.is(open(guest, 3, '.', 0, base), 'ok');
  assert.is(base & RIGHTS.fdFilestatSetSize, 0n);
  assert.is(open(guest, 3, 'file', TRUNCATE), 'ok');
  assert.is(statSize(guest, 'file'), 0n);
  const less = base & ~RIGHTS.pathFilestatSetSize;
  assert.is(guest.call('fd_fdstat_set_rights', 3, less, inheriting), 'ok');
  assert.is(open(guest, 3, 'file', TRUNCATE), 'ENOTCAPABLE');
  assert.is(guest.call('fd_fdstat_set_rights', 3, base, inheriting), 'ENOTCAPABLE');
});

test('a path of any size is looked at no further than a path may be long', () => {
  using guest = new FakeProcess();
  assert.is(guest.call('path_filestat_get', 3, 0, PATH, 4096, STAT), 'ENAMETOOLONG');
  assert.is(guest.call('path_filestat_get', 3, 0, PATH, 70_000, STAT), 'EFAULT');
});

test.run();
