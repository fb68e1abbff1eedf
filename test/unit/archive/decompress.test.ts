import {
  constants,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decompress } from '../../../src/archive/decompress.ts';
import { EngineError } from '../../../src/base/engine-error.ts';

const TEXT = Buffer.from('some words of a layer, '.repeat(40));

/** Counts what is asked of it. */
class Source {
  pulledBytes = 0;
  isClosed = false;
  readonly #bytes: Uint8Array;
  readonly #chunkBytes: number;

  constructor(bytes: Uint8Array, chunkBytes: number) {
    this.#bytes = bytes;
    this.#chunkBytes = chunkBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      while (this.pulledBytes < this.#bytes.length) {
        const start = this.pulledBytes;
        const chunk = this.#bytes.subarray(start, start + this.#chunkBytes);
        this.pulledBytes += chunk.length;
        yield chunk;
      }
    } finally {
      this.isClosed = true;
    }
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(source)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await collect(new Source(bytes, 1000));
  } catch (thrown) {
    if (thrown instanceof EngineError) return `${thrown.kind}: ${thrown.message}`;
    throw thrown;
  }
  return 'nothing';
}

const SKIPPABLE = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

/** Cut at every size of chunks, it is the text twice. */
async function assertTwice(...parts: readonly Uint8Array[]): Promise<void> {
  for (let size = 1; size <= 60; size++) {
    const source = new Source(Buffer.concat(parts), size);
    assert.is(await collect(source), TEXT.toString().repeat(2));
  }
}

test('all members of gzip are one archive, wherever chunks are cut', async () => {
  await assertTwice(gzipSync(TEXT), gzipSync(TEXT));
  await assertTwice(gzipSync(TEXT), gzipSync(TEXT), Buffer.alloc(100));
});

test('all frames of zstd are one archive, wherever chunks are cut', async () => {
  const frame = zstdCompressSync(TEXT);
  if (zstdDecompressSync(Buffer.concat([frame, frame])).length === TEXT.length) {
    process.stdout.write(
      `skipped: several frames of zstd: Node ${process.version} reads the first one only; the engine runs on 26\n`,
    );
    return;
  }
  await assertTwice(frame, frame);
  await assertTwice(SKIPPABLE, frame, SKIPPABLE, frame);
});

test('what is not compressed is handed on', async () => {
  assert.is(await collect(new Source(TEXT, 7)), TEXT.toString());
  assert.is(await collect(new Source(new Uint8Array(0), 7)), '');
});

test('the source is read to its end, as its digest is that of all', async () => {
  for (const packed of [gzipSync(TEXT), zstdCompressSync(TEXT)]) {
    const padded = Buffer.concat([packed, Buffer.alloc(3_000_000)]);
    const source = new Source(padded, 10_000);
    assert.is(await collect(source), TEXT.toString());
    assert.is(source.pulledBytes, padded.length);
    assert.ok(source.isClosed);
  }
});

test('who stops reading ends the source', async () => {
  for (const packed of [TEXT, gzipSync(TEXT), zstdCompressSync(TEXT)]) {
    const source = new Source(packed, 10);
    for await (const _ of decompress(source)) break;
    assert.ok(source.isClosed);
  }
});

test('damage is told as such, and failures of the source as they are', async () => {
  const damaged = 'invalid-argument: the compressed data of the archive is damaged';
  for (const packed of [gzipSync(TEXT), zstdCompressSync(TEXT)]) {
    assert.is(await refusal(packed.subarray(0, -3)), damaged);
    assert.is(await refusal(Buffer.from(packed).fill(0xff, 10, 30)), damaged);
    const failing = (async function* (): AsyncGenerator<Uint8Array> {
      yield packed.subarray(0, 30);
      throw new Error('connection lost');
    })();
    await collect(failing).then(assert.unreachable, (thrown) => {
      assert.is(thrown.message, 'connection lost');
    });
  }
  assert.is(await refusal(Buffer.concat([gzipSync(TEXT), Buffer.from('and more')])), damaged);
});

test('a window that wants more than 128 MiB is refused', async () => {
  const packer = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 28 } });
  const chunks: Uint8Array[] = [];
  packer.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise((resolve) => packer.once('end', resolve));
  // Of unknown size: else the window is made no larger than what is in it.
  packer.write(TEXT);
  await new Promise((resolve) => packer.flush(constants.ZSTD_e_flush, () => resolve(undefined)));
  packer.end(TEXT);
  await ended;
  assert.match(await refusal(Buffer.concat(chunks)), 'wants a window of more than 128 MiB');
});

test.run();
