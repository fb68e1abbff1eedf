import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { permittedFiles } from '../../../../src/cell/permitted-files.ts';
import { syncFile } from '../../../../src/runtime/wasm/file-sync.ts';

const test = suite('file-sync');
const directory = fs.mkdtempSync(join(tmpdir(), 'wolffia-test-'));
const path = join(directory, 'file');
fs.writeFileSync(path, 'content');
fs.symlinkSync(path, join(directory, 'link'));

test.after(() => fs.rmSync(directory, { recursive: true, force: true }));

function requestOf(name: string) {
  const { dev, ino } = fs.statSync(path, { bigint: true });
  const [device, inode] = [String(dev), String(ino)];
  return {
    type: 'sync',
    id: 1,
    path: join(directory, name),
    device,
    inode,
    dataOnly: true,
  } as const;
}

test('only the very file that was meant is synced', async () => {
  assert.is(await syncFile(requestOf('file')), undefined);
  assert.is(await syncFile({ ...requestOf('file'), dataOnly: false }), undefined);
  assert.is(await syncFile({ ...requestOf('file'), inode: '1' }), 'ESTALE');
  assert.is(await syncFile(requestOf('absent')), 'ESTALE');
  assert.is(await syncFile(requestOf('link')), 'ESTALE');
});

test('a FIFO without a writer is not waited for', async () => {
  if (spawnSync('mkfifo', [join(directory, 'fifo')]).status !== 0) {
    console.log('skipped: a FIFO: there is no mkfifo');
    return;
  }
  const { dev, ino } = fs.statSync(join(directory, 'fifo'), { bigint: true });
  const request = { ...requestOf('fifo'), device: String(dev), inode: String(ino) };
  assert.is(await syncFile(request), 'ESTALE');
});

test('a cell asks by the path of the descriptor, again when the file is elsewhere by then', async () => {
  if (process.platform !== 'linux') {
    console.log('skipped: descriptors have paths on Linux only');
    return;
  }
  const asked: string[] = [];
  const files = permittedFiles({ fs, platform: 'linux' }, async (request) => {
    asked.push(request.path);
    if (asked.length === 1) fs.renameSync(path, `${path}.moved`);
    return syncFile({ type: 'sync', id: 1, ...request });
  });
  const fd = fs.openSync(path, 'r+');
  const sync = () =>
    new Promise<void>((resolve, reject) =>
      files.fs.fdatasync(fd, (error) => (error ? reject(error) : resolve())),
    );
  await sync();
  assert.equal(asked, [path, `${path}.moved`]);
  files.fs.fchmodSync(fd, 0o640);
  files.fs.futimesSync(fd, 1, 2);
  const { mode, mtimeMs } = fs.statSync(`${path}.moved`);
  assert.is(mode & 0o777, 0o640);
  assert.is(mtimeMs, 2000);
  fs.unlinkSync(`${path}.moved`);
  await sync();
  assert.is(asked.length, 2);
  fs.closeSync(fd);
});

test.run();
