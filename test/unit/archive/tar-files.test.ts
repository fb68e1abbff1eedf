import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ArchivedFile, archiveFiles } from '../../../src/archive/file-archive.ts';
import { tarFiles } from '../../../src/archive/tar-files.ts';
import { inChunks } from '../../fake/image-fixture.ts';

const test = suite('files of archives');

const FILES: Readonly<Record<string, string>> = {
  empty: '',
  'a/b': 'x'.repeat(512),
  c: 'y'.repeat(1_300),
  d: 'z',
};

function fileOf([path, text]: readonly [string, string]): ArchivedFile {
  return { path, mode: 0o644, sizeBytes: text.length, content: [Buffer.from(text)] };
}

async function wholeOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('what is written is read, whatever the chunks, read or passed over', async () => {
  const archive = await wholeOf(archiveFiles(Object.entries(FILES).map(fileOf)));
  for (const size of [1, 511, 512, 700, 1_024, 100_000]) {
    const all: Record<string, string> = {};
    for await (const { entry, content } of tarFiles(inChunks(archive, size))) {
      all[entry.path] = (await wholeOf(content)).toString();
    }
    assert.equal(all, FILES, `${size}`);
    const some: Record<string, string> = {};
    for await (const { entry, content } of tarFiles(inChunks(archive, size))) {
      if (entry.path !== 'a/b') some[entry.path] = (await wholeOf(content)).toString();
    }
    assert.equal(Object.keys(some), ['empty', 'c', 'd'], `${size}`);
    assert.is(some['d'], 'z');
  }
});

test('who stops reading stops the source; an end in the middle is told', async () => {
  const archive = await wholeOf(archiveFiles(Object.entries(FILES).map(fileOf)));
  let isStopped = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* inChunks(archive, 100);
    } finally {
      isStopped = true;
    }
  }
  for await (const { entry } of tarFiles(source())) if (entry.path === 'a/b') break;
  assert.ok(isStopped);
  try {
    for await (const { content } of tarFiles(inChunks(archive.subarray(0, 1_600)))) {
      await wholeOf(content);
    }
    assert.unreachable();
  } catch (thrown) {
    assert.match(String(thrown), /no valid tar archive: unexpected end/);
  }
});

test('a content of another size than said is no archive', async () => {
  for (const text of ['', 'xxx']) {
    const file = { ...fileOf(['f', text]), sizeBytes: 2 };
    try {
      await wholeOf(archiveFiles([file]));
      assert.unreachable();
    } catch (thrown) {
      assert.match(String(thrown), /f is not of its 2 bytes/);
    }
  }
});

test('a file beyond eight gigabytes has a header that tar understands', async () => {
  const sizeBytes = 9 * 1024 ** 3;
  const whole = archiveFiles([{ path: 'large', mode: 0o600, sizeBytes, content: [] }]);
  const header = (await whole.next()).value ?? new Uint8Array();
  const { value } = await tarFiles(inChunks(header)).next();
  assert.is(value?.entry.sizeBytes, sizeBytes);
});

test("the machine's tar reads it", async () => {
  const archive = await wholeOf(archiveFiles(Object.entries(FILES).map(fileOf)));
  const { status, stdout, error } = spawnSync('tar', ['-tv', '--utc', '-f', '-'], {
    input: archive,
  });
  if (error) {
    process.stdout.write('skipped: there is no tar on this machine\n');
    return;
  }
  assert.is(status, 0);
  assert.match(stdout.toString(), /-rw-r--r-- root\/root +1300 1970-01-01 00:00 c\n/);
});

test.run();
