import { createHash } from 'node:crypto';
import { readLayer } from '../../../src/archive/layer-reader.ts';
import { PLAIN_FILE, TAR_END, tarHeader, tarPadding } from '../../../src/archive/tar-writer.ts';
import type { Row } from '../row.ts';

// What the index of a layer costs while the layer comes in: this thread's CPU time, with the
// archive in memory and nobody to store it.

const WARM_UP = 3;
const RUNS = 10;
const CHUNK_BYTES = 256 * 1024;
const SMALL_FILES = 50_000;
const SMALL_FILE_BYTES = 1000;
const FILES_OF_A_DIRECTORY = 100;
const LARGE_FILES = 8;
const LARGE_FILE_BYTES = 32 << 20;

export const LAYER_INDEX: Row = {
  id: 'layer-index',
  title: 'index of a file of 1 KB of a layer, while it comes in',
  unit: 'µs',
  bar: 5,
  measure: async () => {
    const archive = smallFiles();
    const entries = SMALL_FILES + SMALL_FILES / FILES_OF_A_DIRECTORY;
    const samples: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const microseconds = await cpuMicroseconds(() => index(archive));
      if (run >= WARM_UP) samples.push(microseconds / entries);
    }
    return samples;
  },
};

export const LAYER_INDEX_LARGE: Row = {
  id: 'layer-index-large',
  title: 'index of large files of a layer, by the SHA-256 of the same',
  unit: 'ratio',
  bar: 0.05,
  measure: async () => {
    const archive = largeFiles();
    const samples: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const hashing = await cpuMicroseconds(() => hash(archive));
      const indexing = await cpuMicroseconds(() => index(archive));
      if (run >= WARM_UP) samples.push(indexing / hashing);
    }
    return samples;
  },
};

async function cpuMicroseconds(act: () => Promise<void>): Promise<number> {
  const before = process.threadCpuUsage();
  await act();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

async function index(archive: Uint8Array): Promise<void> {
  await readLayer(inChunks(archive), async () => {});
}

async function hash(archive: Uint8Array): Promise<void> {
  const digest = createHash('sha256');
  for await (const chunk of inChunks(archive)) digest.update(chunk);
  digest.digest();
}

async function* inChunks(archive: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += CHUNK_BYTES) {
    yield archive.subarray(at, at + CHUNK_BYTES);
  }
}

function smallFiles(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let file = 0; file < SMALL_FILES; file++) {
    const directory = `usr/share/package-${Math.floor(file / FILES_OF_A_DIRECTORY)}/`;
    if (file % FILES_OF_A_DIRECTORY === 0) {
      parts.push(tarHeader({ ...PLAIN_FILE, path: directory, kind: 'directory', mode: 0o755 }));
    }
    parts.push(...regularFile(`${directory}file-${file}.txt`, SMALL_FILE_BYTES));
  }
  return Buffer.concat([...parts, TAR_END]);
}

function largeFiles(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let file = 0; file < LARGE_FILES; file++) {
    parts.push(...regularFile(`large-${file}`, LARGE_FILE_BYTES));
  }
  return Buffer.concat([...parts, TAR_END]);
}

function regularFile(path: string, sizeBytes: number): readonly Uint8Array[] {
  const header = tarHeader({ ...PLAIN_FILE, path, kind: 'regular', mode: 0o644, sizeBytes });
  return [header, Buffer.alloc(sizeBytes, 'x'), tarPadding(sizeBytes)];
}
