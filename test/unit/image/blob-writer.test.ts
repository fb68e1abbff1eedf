import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BlobWriter } from '../../../src/image/blob-writer.ts';
import { digestOf } from '../../../src/image/content-store.ts';
import { failure } from '../../fake/failure.ts';
import { patternBytes } from '../../fake/registry-harness.ts';

const test = suite('writer of content');
const WHOLE = patternBytes(2_500_000);

let folder = '';
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'wolffia-blob-'));
});
test.after.each(() => rmSync(folder, { recursive: true }));

const partial = (): string => join(folder, 'partial');

async function write(writer: BlobWriter, bytes: Uint8Array, chunkBytes = 70_000): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await writer.write(bytes.subarray(at, at + chunkBytes));
  }
}

test('what is left half is kept to its last byte, and gone on with', async () => {
  {
    await using writer = await BlobWriter.open(partial(), true);
    await write(writer, WHOLE.subarray(0, 1_234_567));
  }
  assert.is(statSync(partial()).size, 1_234_567);
  await using writer = await BlobWriter.open(partial(), true);
  for await (const _ of writer.resume(WHOLE.length));
  await write(writer, WHOLE.subarray(1_234_567));
  await writer.commit(join(folder, 'whole'), digestOf(WHOLE));
  assert.ok(readFileSync(join(folder, 'whole')).equals(WHOLE));
});

test('of what is not what it should be, nothing is kept', async () => {
  {
    await using writer = await BlobWriter.open(partial(), true);
    await write(writer, WHOLE);
    const { kind } = await failure(
      writer.commit(join(folder, 'whole'), digestOf(Buffer.from('x'))),
    );
    assert.is(kind, 'data-loss');
  }
  assert.is(statSync(partial(), { throwIfNoEntry: false })?.size ?? 0, 0);
});

test('a longer leftover that nobody resumes is overwritten whole', async () => {
  {
    await using writer = await BlobWriter.open(partial(), true);
    await write(writer, WHOLE);
  }
  await using writer = await BlobWriter.open(partial(), true);
  await write(writer, WHOLE.subarray(0, 100));
  await writer.commit(join(folder, 'whole'), digestOf(WHOLE.subarray(0, 100)));
  assert.is(statSync(join(folder, 'whole')).size, 100);
});

test.run();
